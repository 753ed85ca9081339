"""transform_rows against transform: what passes, and what the proof must refuse, with the row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from skylayer.data.dataset import as_dataset
from skylayer.data.schema import infer
from skylayer.proof.first_steps import compare_steps
from skylayer.proof.outcome import ProofFailed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COLUMNS: list[list[Any]] = [[1.0, 2.5, -0.0, None, 1e308], ["a", "b", "a", "c", "a"]]
FRAME = pd.DataFrame({"x": COLUMNS[0], "t": COLUMNS[1]})


def compared(folder: Path, body: str, transform: Callable[[Any], Any], kinds: str = "number category") -> int:
    (folder / "source").mkdir()
    (folder / "source" / "plainrows.py").write_text(f"import math\ndef rows_of(rows):\n    return [{body}]\n")
    described = {
        "steps": [{"module": "plainrows", "name": "rows_of"}],
        "columns": [
            {"name": f"c{k}", "kind": kind, "nullable": True} for k, kind in enumerate(kinds.split())
        ],
        "sources": ["source/plainrows.py"],
    }
    return compare_steps(folder, described, transform, infer(as_dataset(FRAME)).to_manifest(), COLUMNS)


def test_equal_cells_pass_whatever_stands_for_a_missing_value(tmp_path: Path) -> None:
    found = compared(
        tmp_path,
        "[math.nan if x is None else x / 3, t.upper()] for x, t in rows",
        lambda frame: pd.DataFrame({"x": frame["x"] / 3, "t": frame["t"].str.upper()}),
    )
    assert found == len(COLUMNS[0])


def test_arrays_booleans_and_dates_are_compared_as_json_carries_them(tmp_path: Path) -> None:
    def transform(frame: Any) -> Any:
        day = pd.Timestamp("2024-02-29T12:00", tz="Europe/Berlin")
        return pd.DataFrame({"a": frame["x"].fillna(0) > 1, "b": [day] * len(frame)})

    body = '[(x or 0) > 1, "2024-02-29T11:00Z"] for x, t in rows'
    assert compared(tmp_path, body, transform, "boolean date") == len(COLUMNS[0])


def test_rows_that_one_side_refuses_are_left_to_the_whole(tmp_path: Path) -> None:
    def transform(frame: Any) -> Any:
        if (frame["x"] > 1e300).any():
            raise ValueError("too large")
        return frame.assign(x=2 / frame["x"])[["x", "t"]]

    # 2 / -0.0 raises in Python and is -inf to numpy; the last row is refused by transform alone.
    body = "[None if x is None else 2 / x, t] for x, t in rows"
    assert compared(tmp_path, body, transform) == len(COLUMNS[0]) - 2


def test_infinity_of_either_sign_is_left_to_the_whole(tmp_path: Path) -> None:
    body = "[None if x is None else 2 / x if x else math.inf, t] for x, t in rows"
    found = compared(tmp_path, body, lambda frame: frame.assign(x=2 / frame["x"])[["x", "t"]])
    assert found == len(COLUMNS[0])


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            "[x if x is None else math.nextafter(x, 9), t] for x, t in rows",
            r"makes c0 1\.0000000000000002 of .*'x': 1\.0",
        ),
        ("[x or 0.0, t] for x, t in rows", r"makes c0 0\.0 of \{'x': None.*transform None"),
        ("[x, t + ' '] for x, t in rows", r"makes c1 'a ' of .*transform 'a'"),
        ("[x, len(rows)] for x, t in rows", "among others and .* alone"),
        (
            "[x, __import__('numpy').str_(t)] for x, t in rows",
            "the standard library only: ModuleNotFoundError",
        ),
        ("[x] for x, t in rows", "transform_rows refuses .*: ValueError: transform_rows must give"),
    ],
)
def test_what_differs_is_refused_with_its_row(tmp_path: Path, body: str, reason: str) -> None:
    with pytest.raises(ProofFailed, match=reason):
        compared(tmp_path, body, lambda frame: frame)


def test_a_module_that_needs_a_package_is_refused(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "plainrows.py").write_text("import numpy\n")
    described = {
        "steps": [{"module": "plainrows", "name": "rows_of"}], "columns": [], "sources": ["source/plainrows.py"],
    }  # fmt: skip
    with pytest.raises(ProofFailed, match=r"doesn't run with the standard library alone: .*numpy"):
        compare_steps(tmp_path, described, np.asarray, infer(as_dataset(FRAME)).to_manifest(), COLUMNS)
