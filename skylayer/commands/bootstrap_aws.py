"""`bootstrap-aws`: show or create what an AWS account needs before workflows deploy to it."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

from skylayer import project
from skylayer.aws import sam
from skylayer.commands import stack_options
from skylayer.commands.variables import Variable, one_of
from skylayer.errors import UserError

if TYPE_CHECKING:
    from skylayer.commands.variables import Options

BOOLEAN = one_of("true", "false")
TEMPLATE = project.ROOT / "deployment" / "bootstrap.yaml"
# Parameters of the template that whoever applies it may give, as variables of this verb.
PARAMETERS = {
    "StackPrefix": Variable("STACK_PREFIX", "prefix of the stacks' names (default: that of samconfig.toml)"),
    "PermissionsBoundary": Variable(
        "PERMISSIONS_BOUNDARY", "ARN of a policy of yours that replaces the boundary"
    ),
    "KmsKeyArn": Variable("KMS_KEY_ARN", "ARN of the key that the stacks use"),
    "StoreName": Variable("STORE_NAME", "bucket or DynamoDB table of yours that the stacks follow"),
    "ProviderExists": Variable(
        "PROVIDER_EXISTS", "true: the account has an identity provider for GitHub already", BOOLEAN
    ),
    "GatewayLogs": Variable(
        "GATEWAY_LOGS", "false: the account has a role for the gateway's logs already", BOOLEAN
    ),
}
VARIABLES = (
    Variable("APPLY", "owner/repository: create it, for this GitHub repository"),
    Variable(
        "ENV",
        "dev or prod: only this environment, if each has its own account",
        one_of(*stack_options.SECTIONS),
    ),
    *PARAMETERS.values(),
)
EXAMPLES = (
    "make bootstrap-aws",
    "make bootstrap-aws APPLY=owner/repository",
    "make bootstrap-aws APPLY=owner/repository PROVIDER_EXISTS=true   # one provider is all that an account takes",
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
    chosen = {name: getattr(options, variable.name.lower()) for name, variable in PARAMETERS.items()}
    given = {name: value for name, value in chosen.items() if value}
    for number, environment in enumerate([options.env] if options.env else stack_options.SECTIONS):
        prefix = given.get("StackPrefix") or _prefix(environment, stack_options.SECTIONS[environment])
        parameters = {"Repository": options.apply, "Environment": environment, "StackPrefix": prefix}
        # What an account has once comes with the first environment.
        once = {"ProviderExists": "true", "GatewayLogs": "false"} if number else {}
        # By the project's own prefix: another project of the account has roles of its own.
        failed = _deploy(f"{prefix}bootstrap-{environment}", given | parameters | once)
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
