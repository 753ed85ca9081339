"""What holds for every test: the programs it finds, the markers of its folder, an id that can be read."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    import pytest

TESTS = Path(__file__).parent
ROOT = TESTS.parent
# Folder -> the markers of all its tests. Other tests are marked one by one.
MARKERS = {"container": ("container", "slow"), "e2e": ("e2e", "slow")}
LONGEST_PARAMETER = 60
LONGEST_ID = 200


def pytest_configure() -> None:
    """Find uv and set threads as `make` does, so that `pytest` called by an editor sees what `make test` sees."""
    provide_uv(os.environ)
    # As `skylayer.__main__` sets it, before a test imports scikit-learn: workers share the cores.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test the markers of its folder."""
    for item in items:
        for name in MARKERS.get(item.path.relative_to(TESTS).parts[0], ()):
            item.add_marker(name)


def pytest_make_parametrize_id(val: object) -> str | None:
    """The start and the length of a long text; pytest's own id for anything else."""
    if isinstance(val, str | bytes) and len(val) > LONGEST_PARAMETER:
        start = ascii(val[: LONGEST_PARAMETER // 2]).removeprefix("b")[1:-1]
        return f"{start[:LONGEST_PARAMETER]}...{len(val)}"
    return None


def provide_uv(environment: MutableMapping[str, str]) -> None:
    """Set UV and put its folder on PATH, as the Makefile does; leave both where there is no uv to be had."""
    if "UV" in environment:
        return
    found = subprocess.run(
        ["sh", "bin/find-uv"], cwd=ROOT, env=dict(environment), capture_output=True, text=True, check=False
    )
    if found.returncode == 0:
        uv = found.stdout.strip()
        environment["UV"] = uv
        environment["PATH"] = os.pathsep.join([str(Path(uv).parent), environment.get("PATH", os.defpath)])
