"""`doctor`: check this machine, and print one line and one fix for each problem."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from skylayer import project
from skylayer.aws import emulator
from skylayer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from skylayer.commands.variables import Options, Variable

FREE_BYTES = 2 * 2**30


@dataclass(frozen=True)
class Check:
    """One thing to have: what it is for, how to tell (what is missing, or None), how to fix it."""

    what: str
    needed_for: str
    reason: Callable[[], str | None]
    remedy: str
    required: bool = True


VARIABLES: tuple[Variable, ...] = ()
EXAMPLES = ("make doctor",)


def run(options: Options) -> int:  # noqa: ARG001
    """Print a line for each check; 1 if something lacks that `make up` needs."""
    lacking = 0
    for check in CHECKS:
        reason = check.reason()
        if reason is None:
            print(f"ok    {check.what}")
            continue
        lacking += check.required
        print(
            f"{'LACKS' if check.required else 'note '} {check.what}: {reason}. For {check.needed_for}: {check.remedy}"
        )
    return 1 if lacking else 0


def _uv() -> str | None:
    try:
        project.uv()
    except UserError:
        return "not found"
    return None


def _python() -> str | None:
    chosen = f"{sys.version_info.major}.{sys.version_info.minor}"
    return None if chosen == project.python_version() else f"this is Python {chosen}"


def _sam() -> str | None:
    try:
        project.program("sam")
    except UserError:
        return "not in the environment"
    return None


def _space() -> str | None:
    free = shutil.disk_usage(project.ROOT).free
    return None if free >= FREE_BYTES else f"{free / 2**30:.1f} GB free"


def _champion() -> str | None:
    try:
        project.champion()
    except UserError as error:
        return str(error).rstrip(".")
    return None


def _port() -> str | None:
    if emulator.running(project.STATE / "emulator") or not emulator.is_taken(emulator.DEFAULT_PORT):
        return None
    return f"{emulator.DEFAULT_PORT} is taken by another program"


def _docker() -> str | None:
    if not shutil.which("docker"):
        return "docker is not on PATH"
    done = subprocess.run(["docker", "info"], capture_output=True, check=False, timeout=20)  # noqa: S607
    return None if done.returncode == 0 else "no engine answers"


def _credentials() -> str | None:
    import boto3

    return None if boto3.Session().get_credentials() else "none found"


def _region() -> str | None:
    import boto3

    return None if boto3.Session().region_name or os.environ.get("AWS_REGION") else "none chosen"


CHECKS = (
    Check("uv", "everything", _uv, "make sync fetches it into .skylayer"),
    Check(f"Python {project.python_version()}", "everything", _python, "make sync installs it"),
    Check("AWS SAM CLI", "make up, make build, make deploy", _sam, "make sync"),
    Check("2 GB of disk", "packages and builds", _space, "free some of this disk"),
    Check("a model", "make up", _champion, "make train", required=False),
    Check("a free port", "make up", _port, "make up PORT=4567", required=False),
    Check("Docker", "make test-container alone", _docker, "docs.docker.com/engine/install", required=False),
    Check("AWS credentials", "make deploy alone", _credentials, "aws configure sso", required=False),
    Check(
        "AWS region",
        "make deploy alone",
        _region,
        "set AWS_REGION, or region in samconfig.toml",
        required=False,
    ),
)
