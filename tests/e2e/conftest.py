"""One fork of the project, made live by its own `make up` on an emulator of its own, for all tests of this folder."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from skylayer import deployment as deployments
from skylayer import emulator as emulators

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skylayer.deployment import Deployment

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
            timeout=600,
        )
        assert not check or done.returncode == 0, f"make {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        return done

    def up(self) -> str:
        """Run `make up` and give what it showed."""
        return self.make("up", f"PORT={self.port}").stdout

    def deployment(self) -> Deployment:
        """What is deployed now."""
        return deployments.running(self.folder / ".skylayer" / "emulator")

    def champion(self) -> Path:
        """The folder of the artifact that should answer."""
        artifacts = self.folder / "model_artifacts"
        return artifacts / (artifacts / "champion").read_text(encoding="utf-8").strip()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep all tests of this folder in one process, since they share a deployment."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("e2e"))


@pytest.fixture(scope="session")
def fork(tmp_path_factory: pytest.TempPathFactory) -> Fork:
    """A fork that nothing has run in yet."""
    folder = tmp_path_factory.mktemp("e2e") / "a fork"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*NOT_FORKED))
    return Fork(folder, _free_port())


@pytest.fixture(scope="session")
def first_up(fork: Fork) -> Iterator[str]:
    """What the first `make up` of the fork showed; afterwards `make down` must leave no process."""
    try:
        yield fork.up()
    finally:
        fork.make("down", check=False)
    assert processes_of(fork.folder) == []


@pytest.fixture(scope="session")
def deployment(fork: Fork, first_up: str) -> Deployment:  # noqa: ARG001
    """The deployed stack: `request(path, body)`, its url and key, and the emulator's endpoint."""
    return fork.deployment()


def processes_of(folder: Path) -> list[str]:
    """Command lines of living processes that work in or for a folder."""
    listing = subprocess.run(
        ["ps", "-A", "-ww", "-o", "stat=,command="], capture_output=True, text=True, check=True
    ).stdout
    return [line for line in listing.splitlines() if str(folder) in line and not line.startswith("Z")]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((emulators.HOST, 0))
        return int(probe.getsockname()[1])
