"""`deploy`: the real `sam build` and `sam deploy`, to AWS."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

from skylayer import project
from skylayer.aws import sam
from skylayer.commands.build import DEFAULT_ARCHITECTURE, build, prove
from skylayer.errors import UserError
from skylayer.packaging.layers import STAMP

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

EXAMPLES = (
    "make deploy",
    "make deploy ENV=prod",
    "make deploy ENV=prod BUILT=1 YES=1   # what a workflow does",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the section of samconfig.toml."""
    parser.add_argument("--config-env", default="default", help="section of samconfig.toml")
    parser.add_argument("--built", action="store_true", help="deploy what .aws-sam/build holds, as it is")
    parser.add_argument("--yes", action="store_true", help="show the change set and don't ask")
    parser.add_argument("--role", help="ARN of the role that CloudFormation takes on (make bootstrap-aws)")


def run(options: argparse.Namespace) -> int:
    """Build, then deploy with the settings of the environment; SAM itself reports and asks."""
    if options.config_env == "local":
        raise UserError("The environment local is the emulator's: make up deploys to it.")
    if options.built:
        architecture = built_architecture(sam.BUILD)
        prove()
    else:
        architecture = build(options.config_env)
    overrides = {**sam.overrides(options.config_env), "Architecture": architecture}
    command = [project.program("sam"), "deploy", "--config-env", options.config_env, "--parameter-overrides"]
    command += [f"{name}={value}" for name, value in overrides.items()]
    command += ["--no-confirm-changeset"] if options.yes else []
    command += ["--role-arn", options.role] if options.role else []
    environment = {**os.environ, "SAM_CLI_TELEMETRY": "0"}
    return subprocess.run(command, cwd=project.ROOT, env=environment, check=False).returncode  # noqa: S603


def built_architecture(folder: Path) -> str:
    """The architecture that a build was made for. Raises UserError if there is no build."""
    try:
        stamp = json.loads((folder / "RuntimeLayer" / STAMP).read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError("There is no build in .aws-sam/build: run make build.") from error
    chosen: str = stamp["architecture"]
    # A layer without packages fits any.
    return (os.environ.get("ARCHITECTURE") or DEFAULT_ARCHITECTURE) if chosen == "any" else chosen
