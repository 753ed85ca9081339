"""The normal form of what is shipped: which files, which modes and times, how large."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from skylayer import project
from skylayer.packaging import tree

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    return folder


def test_only_sources_are_copied(tmp_path: Path) -> None:
    write(
        tmp_path / "from",
        "a.py",
        "b/page.html",
        "b/__pycache__/a.pyc",
        "c.pyc",
        "py.typed",
        "Makefile",
        ".hidden",
    )
    tree.copy(tmp_path / "from", tmp_path / "to")
    found = {
        str(path.relative_to(tmp_path / "to")) for path in (tmp_path / "to").rglob("*") if path.is_file()
    }
    assert found == {"a.py", "b/page.html"}


def test_mode_and_time_say_nothing_of_the_machine(tmp_path: Path) -> None:
    folder = write(tmp_path / "layer", "a.so", "b/c.txt")
    (folder / "a.so").chmod(0o700)
    (folder / "b").chmod(0o777)
    tree.normalise(folder)
    for path in (folder, *folder.rglob("*")):
        status = path.stat()
        assert status.st_mtime == tree.TIMESTAMP
        assert status.st_mode & 0o777 == (tree.FOLDER_MODE if path.is_dir() else tree.FILE_MODE)


def test_the_largest_entries_are_named_with_all_below_them(tmp_path: Path) -> None:
    write(tmp_path, "one/small.py", "one/deep/er/file.py", "two/b", "two/a", "three")
    folders = [tmp_path / "one", tmp_path / "two", tmp_path / "absent"]
    named = len("one/deep/er/file.py")
    assert tree.largest(folders, 3) == [
        ("deep", named),
        ("small.py", len("one/small.py")),
        ("a", len("two/a")),
    ]
    assert tree.size(tmp_path / "one") == named + len("one/small.py")


@pytest.mark.parametrize("package", ["skylayer", "layers/serving/serving"])
def test_type_checkers_read_our_types(package: str) -> None:
    assert (project.ROOT / package / "py.typed").read_bytes() == b""
