"""Programs of Node.js: installed once for each lock file, by an npm that a test stands in for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from skylayer.errors import UserError
from skylayer.node import programs

INSTALLS = '#!/bin/sh\necho "$@" >> "$LOG"\nmkdir -p node_modules/.bin && touch node_modules/.bin/tool\n'
FAILS = '#!/bin/sh\necho "no such package" >&2\nexit 1\n'


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The npm on PATH, beside a node that nobody calls."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", os.pathsep.join([str(folder), "/usr/bin", "/bin"]))
    monkeypatch.setenv("LOG", str(tmp_path / "log"))
    monkeypatch.setattr(programs, "INSTALLED", tmp_path / "node")
    for name in ("node", "npm"):
        (folder / name).write_text(INSTALLS)
        (folder / name).chmod(0o755)
    return folder / "npm"


def test_what_the_lock_file_names_is_installed_once(npm: Path, tmp_path: Path) -> None:
    assert npm.is_file()
    first, *arguments = programs.command("tool", "a", "b")
    assert Path(first).is_file()
    assert arguments == ["a", "b"]
    assert programs.command("tool")[0] == first
    (call,) = (tmp_path / "log").read_text().splitlines()
    assert call.startswith("ci --ignore-scripts")
    (folder,) = (tmp_path / "node").iterdir()  # and nothing half done beside it
    assert (folder / "package-lock.json").read_bytes() == (programs.HERE / "package-lock.json").read_bytes()


def test_another_lock_file_is_installed_beside_it(
    npm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = programs.command("tool")
    other = tmp_path / "other"
    other.mkdir()
    for name in programs.FILES:
        (other / name).write_text("{}")
    monkeypatch.setattr(programs, "HERE", other)
    assert programs.command("tool") != first
    assert len([*(tmp_path / "node").iterdir()]) == 2
    assert npm.is_file()


def test_an_npm_that_fails_leaves_nothing_and_is_told(npm: Path, tmp_path: Path) -> None:
    npm.write_text(FAILS)
    with pytest.raises(UserError, match="no such package"):
        programs.command("tool")
    assert [*(tmp_path / "node").iterdir()] == []


def test_without_node_js_there_is_a_line_that_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "INSTALLED", tmp_path / "node")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not programs.available()
    with pytest.raises(UserError, match=r"install Node\.js"):
        programs.command("tool")
