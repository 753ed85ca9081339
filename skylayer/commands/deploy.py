"""`deploy`: the real `sam build` and `sam deploy`, to AWS."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from skylayer import project, sam
from skylayer.commands.build import build
from skylayer.errors import UserError

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the section of samconfig.toml."""
    parser.add_argument("--config-env", default="default", help="section of samconfig.toml")


def run(options: argparse.Namespace) -> int:
    """Build, then deploy with the settings of the environment; SAM itself reports and asks."""
    if options.config_env == "local":
        raise UserError("The environment local is the emulator's: make up deploys to it.")
    architecture = build(options.config_env)
    overrides = {**sam.overrides(options.config_env), "Architecture": architecture}
    command = [project.program("sam"), "deploy", "--config-env", options.config_env, "--parameter-overrides"]
    command += [f"{name}={value}" for name, value in overrides.items()]
    environment = {**os.environ, "SAM_CLI_TELEMETRY": "0"}
    return subprocess.run(command, cwd=project.ROOT, env=environment, check=False).returncode  # noqa: S603
