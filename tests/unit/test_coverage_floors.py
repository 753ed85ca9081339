"""The gate: a folder whose tests run too little of it fails, and none is forgotten."""

from __future__ import annotations

import pytest
from coverage_floors import ROOT, below, floors, shares

FOLDERS = {"skylayer": 90.0, "skylayer/proof": 95.0, "layers/serving/serving": 80.0}
FILES = {
    "skylayer/errors.py": (8, 10),
    "skylayer/data/schema.py": (10, 10),
    "skylayer/proof/rules.py": (90, 100),
    "layers/serving/serving/api.py": (0, 0),
}


def test_a_file_counts_for_the_deepest_folder_alone() -> None:
    assert shares(FILES, FOLDERS) == {
        "skylayer": 90.0,
        "skylayer/proof": 90.0,
        "layers/serving/serving": 100.0,
    }


def test_a_folder_under_its_floor_is_named() -> None:
    (line,) = below(shares(FILES, FOLDERS), FOLDERS)
    assert line == "skylayer/proof: the tests run 90.0% of its lines, and 95.0% is the floor."


def test_a_folder_that_no_test_has_come_near_is_under_its_floor() -> None:
    assert len(below({"skylayer": 100.0}, FOLDERS)) == 2


def test_a_file_without_a_floor_is_an_error() -> None:
    with pytest.raises(LookupError, match=r"functions/predict/app\.py is in no folder"):
        shares({"functions/predict/app.py": (1, 1)}, FOLDERS)


def test_every_floor_is_of_a_folder_with_code_and_every_package_has_one() -> None:
    folders = floors()
    for folder, floor in folders.items():
        assert any((ROOT / folder).glob("*.py")), folder
        assert 0 < floor <= 100
    for package in ("skylayer", "layers/serving/serving"):
        rooms = {path.parent.relative_to(ROOT).as_posix() for path in (ROOT / package).glob("*/*.py")}
        assert rooms <= set(folders)
