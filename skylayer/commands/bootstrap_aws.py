"""`bootstrap-aws`: what an AWS account needs before its first deployment by workflows; shown, or made when asked."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

from skylayer import project
from skylayer.commands.variables import Variable
from skylayer.errors import UserError

if TYPE_CHECKING:
    from skylayer.commands.variables import Options

TEMPLATE = project.ROOT / "deployment" / "bootstrap.yaml"
STACK = "skylayer-bootstrap"
VARIABLES = (Variable("APPLY", "owner/repository: make it, for this GitHub repository"),)
EXAMPLES = (
    "make bootstrap-aws",
    "make bootstrap-aws APPLY=owner/repository",
)


def run(options: Options) -> int:
    """Say what deployment/bootstrap.yaml makes, or deploy it and show what to enter at GitHub."""
    command = [
        "deploy",
        "--template-file",
        str(TEMPLATE),
        "--stack-name",
        STACK,
        "--capabilities",
        "CAPABILITY_IAM",
        "--resolve-s3",
    ]
    if not options.apply:
        print(
            f"Once per account and region, as an administrator (template: {TEMPLATE.relative_to(project.ROOT)}):\n"
            "  GitHub's tokens are known (OIDC), so that workflows need no keys;\n"
            "  a role that workflows of the environments dev and prod may take on, to deploy skylayer-*;\n"
            "  a role that CloudFormation takes on to make the parts;\n"
            "  a role with which API Gateway may log (parameter AccessLogs);\n"
            "  the bucket that SAM uploads to.\n"
            "make bootstrap-aws APPLY=owner/repository makes all this, after a change set that you confirm."
        )
        return 0
    if not re.fullmatch(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+", options.apply):
        raise UserError(f"APPLY is {options.apply!r}; it must be a GitHub repository as owner/name.")
    overrides = ["--parameter-overrides", f"Repository={options.apply}", "--confirm-changeset"]
    environment = {**os.environ, "SAM_CLI_TELEMETRY": "0"}
    return subprocess.run(  # noqa: S603
        [project.program("sam"), *command, *overrides],
        cwd=project.STATE.parent / "deployment",
        env=environment,
        check=False,
    ).returncode
