"""One fork of the project, made live by its own `make up` on an emulator of its own, for all tests of this folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from e2e.fork import Fork, copy_project, free_port, processes_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skylayer.aws.local_stack import Deployment


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep all tests of this folder in one process, since they share a deployment."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("e2e"))


@pytest.fixture(scope="session")
def fork(tmp_path_factory: pytest.TempPathFactory) -> Fork:
    """A fork that nothing has run in yet."""
    folder = tmp_path_factory.mktemp("e2e") / "a fork"
    copy_project(folder)
    return Fork(folder, free_port())


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
