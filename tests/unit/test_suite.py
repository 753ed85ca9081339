"""What `tests/suite.py` does for every test."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import pytest
import suite

if TYPE_CHECKING:
    from pathlib import Path

SYSTEM = f"{os.path.dirname(shutil.which('sh') or '/bin/sh')}{os.pathsep}{os.defpath}"  # noqa: PTH120


def program(folder: Path) -> Path:
    path = folder / "uv"
    path.write_text("#!/bin/sh\n", encoding="ascii")
    path.chmod(0o755)
    return path


def test_the_uv_on_the_path_is_found(tmp_path: Path) -> None:
    path = program(tmp_path)
    environment = {"PATH": f"{tmp_path}{os.pathsep}{SYSTEM}"}
    suite.provide_uv(environment)
    assert environment["UV"] == str(path)


def test_the_uv_that_make_gave_stays() -> None:
    environment = {"UV": "/elsewhere/uv", "PATH": SYSTEM}
    suite.provide_uv(environment)
    assert environment == {"UV": "/elsewhere/uv", "PATH": SYSTEM}


def test_the_tests_have_a_uv_and_find_it_on_the_path() -> None:
    assert shutil.which(os.environ["UV"])


def test_no_id_is_longer_than_a_line(request: pytest.FixtureRequest) -> None:
    assert [item.nodeid for item in request.session.items if len(item.nodeid) > suite.LONGEST_ID] == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("[" * 100_000, f"{'[' * 30}...100000"),
        (b"9" * 5_000, f"{'9' * 30}...5000"),
        ("a\nb" * 30, r"a\nba\nba\nba\nba\nba\nba\nba\nba\nba\nb...90"),
        (bytes(61), r"\x00" * 15 + "...61"),
        ("short", None),
        (10**100, None),
    ],
    ids=["brackets", "digits", "lines", "zeros", "short", "number"],
)
def test_a_long_parameter_gives_its_start_and_length(value: object, expected: str | None) -> None:
    assert suite.pytest_make_parametrize_id(value) == expected


@dataclass
class Item:
    """As much of a collected test as the hook looks at."""

    path: Path
    markers: list[str] = field(default_factory=list)

    def add_marker(self, name: str) -> None:
        self.markers.append(name)


def test_a_test_has_the_markers_of_its_folder() -> None:
    items = [
        Item(suite.TESTS / path) for path in ("e2e/test_live.py", "container/test_sam.py", "unit/test_e2e.py")
    ]
    suite.pytest_collection_modifyitems(cast("list[pytest.Item]", items))
    assert [item.markers for item in items] == [["e2e", "slow"], ["container", "slow"], []]


def test_the_folders_with_markers_exist() -> None:
    assert all((suite.TESTS / folder).is_dir() for folder in suite.MARKERS)
