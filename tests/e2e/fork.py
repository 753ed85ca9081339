"""A copy of the project, and what a user does in it."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import textwrap
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from skylayer.aws import emulator as emulators
from skylayer.aws import local_stack as deployments

if TYPE_CHECKING:
    from skylayer.aws.local_stack import Deployment

ROOT = Path(__file__).parents[2]
NOT_FORKED = (".git", ".venv", ".skylayer", ".aws-sam", "__pycache__", ".*_cache", ".hypothesis")
# What the make that runs these tests hands down, and what would point into its environment.
NOT_INHERITED = {
    "MAKEFLAGS",
    "MFLAGS",
    "MAKELEVEL",
    "MAKEOVERRIDES",
    "VIRTUAL_ENV",
    "CONFIG_ENV",
    "ARCHITECTURE",
}


@dataclass(frozen=True)
class Fork:
    """A copy of the project without `.git`, as `sam init` makes it, in a path with spaces."""

    folder: Path
    port: int

    def make(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `make`; with `check`, fail with what it said."""
        environment = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
        done = subprocess.run(
            ["make", *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=1800,
        )
        assert not check or done.returncode == 0, f"make {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        return done

    def up(self) -> str:
        """Run `make up` and give what it showed."""
        return self.make("up", f"PORT={self.port}").stdout

    def deployment(self) -> Deployment:
        """What is deployed now."""
        return deployments.running(self.folder / ".skylayer" / "emulator", self.stack_name())

    def stack_name(self) -> str:
        """What the fork's own settings call its stack on the emulator."""
        settings = tomllib.loads((self.folder / "samconfig.toml").read_text(encoding="utf-8"))
        name: str = settings["local"]["global"]["parameters"]["stack_name"]
        return name

    def champion(self) -> Path:
        """The folder of the artifact that should answer."""
        artifacts = self.folder / "model_artifacts"
        return artifacts / (artifacts / "champion").read_text(encoding="utf-8").strip()


def processes_of(folder: Path) -> list[str]:
    """Command lines of living processes that work in or for a folder."""
    listing = subprocess.run(
        ["ps", "-A", "-ww", "-o", "stat=,command="], capture_output=True, text=True, check=True
    ).stdout
    return [line for line in listing.splitlines() if str(folder) in line and not line.startswith("Z")]


def blocks(words: str) -> list[tuple[str, str, str]]:
    """The blocks of code of a page: language, what stands behind it, and the code, without its indent."""
    found = re.findall(r"^ *```(\w+)( aws)?\n(.*?)^ *```$", words, flags=re.MULTILINE | re.DOTALL)
    return [(language, more, textwrap.dedent(text)) for language, more, text in found]


def copy_project(folder: Path) -> None:
    """Copy the project to `folder` without what git and its verbs keep in it."""
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*NOT_FORKED))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((emulators.HOST, 0))
        return int(probe.getsockname()[1])
