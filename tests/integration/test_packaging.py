"""The trees that sam build lays: the same bytes and modes at every build, and within Lambda's limit."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from skylayer import project
from skylayer.errors import UserError
from skylayer.packaging import limits, requirements

if TYPE_CHECKING:
    from pathlib import Path

PARTS = {"layer": ["serving", "model"], "function": ["predict"]}


def entries(folder: Path) -> list[tuple[str, int, int, str]]:
    """Path, mode, time and digest of everything in a folder."""
    return [
        (
            path.relative_to(folder).as_posix(),
            stat.S_IMODE(path.stat().st_mode),
            int(path.stat().st_mtime),
            "" if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in sorted(folder.rglob("*"))
    ]


@pytest.mark.parametrize(("verb", "name"), [(verb, name) for verb, names in PARTS.items() for name in names])
def test_two_builds_are_identical_whatever_the_umask(verb: str, name: str, tmp_path: Path) -> None:
    built = []
    for mask in (0o022, 0o077):
        folder = tmp_path / f"{mask}" / "Part"
        subprocess.run(
            [sys.executable, "-m", "skylayer", verb, name, str(folder)],
            cwd=project.ROOT,
            check=True,
            preexec_fn=lambda mask=mask: os.umask(mask),  # type: ignore[misc]
        )
        built.append(entries(folder))
    assert built[0]
    assert built[0] == built[1]
    assert {mode for _, mode, _, _ in built[0]} == {0o644, 0o755}


def test_the_packages_of_the_runtime_layer_are_identical_stripped_and_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = []
    for run in ("one", "two"):
        monkeypatch.setattr(project, "STATE", tmp_path / f"state {run}")
        target = tmp_path / run
        requirements.install({"joblib": "1.5.2", "threadpoolctl": "3.6.0"}, "x86_64", target)
        built.append(entries(target))
    assert built[0] == built[1]
    names = [name for name, *_ in built[0]]
    assert "joblib/parallel.py" in names
    assert any(name.startswith("joblib/__pycache__/parallel.cpython-313") for name in names)
    assert not [
        name
        for name in names
        if "/tests/" in name or "/test/" in name or name.endswith((".lock", "RECORD", ".pyi"))
    ]


def test_a_package_that_has_no_wheel_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project, "STATE", tmp_path / "state")
    with pytest.raises(UserError, match=r"x86_64.*joblib"):
        requirements.install({"joblib": "999.0.0"}, "x86_64", tmp_path / "target")


def test_what_lambda_does_not_take_is_refused_with_the_largest_packages(tmp_path: Path) -> None:
    heavy = tmp_path / "RuntimeLayer" / "python" / "heavy"
    heavy.mkdir(parents=True)
    (heavy / "data.bin").touch()
    os.truncate(heavy / "data.bin", limits.UNZIPPED_LIMIT)
    assert limits.check_size(tmp_path) == limits.UNZIPPED_LIMIT
    light = tmp_path / "ServingLayer" / "python" / "light"
    light.mkdir(parents=True)
    (light / "one.py").write_bytes(b"\n")
    with pytest.raises(UserError, match=r"250\.0 MB.*Largest: heavy 250\.0 MB, light 0\.0 MB"):
        limits.check_size(tmp_path)
