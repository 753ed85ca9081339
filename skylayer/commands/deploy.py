"""`deploy`: build and deploy to AWS, with the real `sam build` and `sam deploy`."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

from skylayer import project
from skylayer.aws import sam
from skylayer.commands import build, stack_options
from skylayer.commands.variables import Variable, switch
from skylayer.errors import UserError
from skylayer.packaging import stack_settings
from skylayer.packaging.layers import STAMP

if TYPE_CHECKING:
    from pathlib import Path

    from skylayer.commands.variables import Options

VARIABLES = (
    *build.VARIABLES,
    Variable("BUILT", "1: deploy what .aws-sam/build holds, as it is", switch, False),
    Variable("YES", "1: show the change set and don't ask", switch, False),
    Variable("ROLE", "ARN of the role that CloudFormation assumes (make bootstrap-aws)"),
    Variable("BOUNDARY", "ARN of the permissions boundary of every role of the stack (make bootstrap-aws)"),
)
EXAMPLES = (
    "make deploy",
    "make deploy ENV=prod",
    "make deploy ENV=prod BUILT=1 YES=1   # what a workflow does",
)


def run(options: Options) -> int:
    """Build, then deploy with the settings of the environment; SAM itself reports and asks."""
    config_env = stack_options.section(options)
    asked = build.asked_architecture(options)
    if config_env == "local":
        raise UserError("The environment local is the emulator's: make up deploys to it.")
    stack_settings.check(config_env)
    if options.built:
        architecture = built_architecture(sam.BUILD, asked)
        build.prove()
    else:
        architecture = build.build(config_env, asked)
    overrides = {**sam.overrides(config_env), "Architecture": architecture}
    overrides |= {"PermissionsBoundary": options.boundary} if options.boundary else {}
    command = [project.program("sam"), "deploy", "--config-env", config_env, "--parameter-overrides"]
    command += sam.as_arguments(overrides)
    settings = sam.parameters(config_env, "deploy")
    # Below the stack's own name in SAM's bucket: the role of an environment may write nowhere else.
    prefix = settings.get("s3_prefix") or settings.get("stack_name")
    command += ["--s3-prefix", prefix] if prefix else []
    command += ["--no-confirm-changeset"] if options.yes else []
    command += ["--role-arn", options.role] if options.role else []
    environment = {**os.environ, "SAM_CLI_TELEMETRY": "0"}
    return subprocess.run(command, cwd=project.ROOT, env=environment, check=False).returncode  # noqa: S603


def built_architecture(folder: Path, asked: str | None) -> str:
    """The architecture that a build was made for. Raises UserError if there is no build."""
    try:
        stamp = json.loads((folder / "RuntimeLayer" / STAMP).read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError("There is no build in .aws-sam/build: run make build.") from error
    chosen: str = stamp["architecture"]
    # A layer without packages fits any.
    return (asked or build.DEFAULT_ARCHITECTURE) if chosen == "any" else chosen
