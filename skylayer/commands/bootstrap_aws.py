"""`bootstrap-aws`: what an AWS account needs before its first deployment by workflows; shown, or made when asked."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

from skylayer import project
from skylayer.aws import sam
from skylayer.commands import stack_options
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
    """Say what deployment/bootstrap.yaml makes, or deploy it for each environment and show what to enter at GitHub."""
    if not options.apply:
        print(
            f"Once per account and region, as an administrator (template: {TEMPLATE.relative_to(project.ROOT)}):\n"
            "  GitHub's tokens are known (OIDC), so that workflows need no keys;\n"
            "  for each environment, dev and prod, a stack of its own with\n"
            "    a role that workflows of this environment may take on, to deploy its stack and no other;\n"
            "    a role that CloudFormation takes on to make the parts of that stack;\n"
            "    a permissions boundary, without which that role can make none;\n"
            "  a role with which API Gateway may log (parameter AccessLogs);\n"
            "  the bucket that SAM uploads to.\n"
            "make bootstrap-aws APPLY=owner/repository makes all this, after change sets that you confirm."
        )
        return 0
    if not re.fullmatch(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+", options.apply):
        raise UserError(f"APPLY is {options.apply!r}; it must be a GitHub repository as owner/name.")
    for number, (environment, section) in enumerate(stack_options.SECTIONS.items()):
        parameters = {
            "Repository": options.apply,
            "Environment": environment,
            "StackPrefix": _prefix(environment, section),
        }
        # What an account has once comes with the first environment.
        once = {"ProviderExists": "true", "GatewayLogs": "false"} if number else {}
        failed = _deploy(f"{STACK}-{environment}", parameters | once)
        if failed:
            return failed
    return 0


def _prefix(environment: str, section: str) -> str:
    """How the name of an environment's stack begins, which its role is for."""
    name = sam.parameters(section, "deploy").get("stack_name", "")
    if not name.endswith(f"-{environment}"):
        raise UserError(
            f"samconfig.toml calls the stack of {environment} {name!r}; let its name end in -{environment}, so that "
            "each environment's role is for a stack of its own."
        )
    return name.removesuffix(environment)


def _deploy(stack: str, parameters: dict[str, str]) -> int:
    command = [project.program("sam"), "deploy", "--template-file", str(TEMPLATE), "--stack-name", stack]
    command += ["--capabilities", "CAPABILITY_IAM", "--resolve-s3", "--no-fail-on-empty-changeset"]
    command += ["--parameter-overrides", *sam.as_arguments(parameters), "--confirm-changeset"]
    return subprocess.run(  # noqa: S603
        command,
        cwd=project.STATE.parent / "deployment",
        env={**os.environ, "SAM_CLI_TELEMETRY": "0"},
        check=False,
    ).returncode
