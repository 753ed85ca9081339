from __future__ import annotations

from pathlib import Path

import pytest

from container.built import MEMORY, Built, make, why_no_container


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep all tests of this folder in one process, since they share a build; skip them where nothing can run."""
    here = [item for item in items if Path(__file__).parent in item.path.parents]
    reason = why_no_container() if here else None
    for item in here:
        item.add_marker(pytest.mark.xdist_group("container"))
        if reason:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session", params=MEMORY)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """A fork built for each engine, in a path with spaces."""
    return make(tmp_path_factory.mktemp(request.param) / "a fork", request.param)
