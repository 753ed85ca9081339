"""Adversarial rows: values on a grid, extremes, what is missing or was never seen, in every column."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from serving.schema import Column, Refused
from skylayer.proof.moments import bounds_of, seconds_of, text_of

if TYPE_CHECKING:
    import numpy as np

    Columns = list[list[Any]]

GRID = 0.01
_DAY = 86_400  # seconds
_FEW = 100  # grid points in a column's range: narrower columns get a finer grid
_NUMBERS = (
    0.0, -0.0, 5e-324, -5e-324, 2.2250738585072014e-308, 1e-310, 1.0, -1.0, 0.1, 1e-35, 1e16, 2.0**53 + 2,
    16777217.0, 3.4028234663852886e38, 3.4028235677973362e38, 3.4028235677973366e38, -3.4028235677973366e38,
    1e300, -1e300, 1.7976931348623157e308, -1.7976931348623157e308,
)  # fmt: skip
_INTEGERS = (
    0, -1, 1, 2**24 + 1, 2**53 - 1, 2**53, 2**53 + 1, -(2**53) - 1, 2**62 + 1, 2**63 - 1, -(2**63), 127, -128,
    32767, 2**31 - 1, -(2**31), 255, 2**32 - 1,
)  # fmt: skip
_FRACTIONS = (0.5, -0.5, 1e-9, 1 / 3, 2.0**24 + 0.5, 2.0**51 + 0.5, 126.99999999999999)
_MIXED = (
    "",
    "an unseen category",
    "1",
    "1.0",
    "True",
    "nan",
    "None",
    0,
    1,
    1.0,
    True,
    False,
    -0.0,
    2**53 + 1,
)
_TEXTS = (
    "",
    " ",
    "a",
    "É",
    "e\u0301",
    "ß",
    "İ",
    "ǅ",
    "\u200b",
    "😀",
    "don't stop-me now",
    "a a a a",
    "x" * 3000,
)
_DATES = (
    "1970-01-01", "0001-01-01", "9999-12-31", "2024-02-29", "1900-02-28T23:59:59", "1900-03-01", "2000-02-29",
    "1969-12-31T23:59:59.999999999", "2026-01-31T23:59:59.999999", "2020-12-31", "2021-01-03", "2027-01-01",
    "2262-04-10T23:59", "1677-09-22", "2026-03-01T00:30:00+05:30", "2025-12-31T23:30-0100", "2026-06-30T12:00Z",
)  # fmt: skip


def on_the_grid(schema: dict[str, Any], training: Columns, rows: int, random: np.random.Generator) -> Columns:
    """Rows whose numbers lie on a 0.01 grid around the training range, and dates on seconds.

    Other columns are drawn from training.
    """
    return [
        _grid(column, cells, rows, random) for column, cells in zip(schema["columns"], training, strict=True)
    ]


def _grid(description: dict[str, Any], cells: list[Any], rows: int, random: np.random.Generator) -> list[Any]:
    present = [cell for cell in cells if cell is not None]
    missing = random.random(rows) < (1 - len(present) / len(cells) if cells else 0)
    if present and description["kind"] == "date":
        made: list[Any] = _moments(description["dtype"], present, rows, random)
        return [None if absent else value for value, absent in zip(made, missing, strict=True)]
    if not present or description["kind"] not in {"number", "integer"}:
        return [cells[i] for i in random.integers(len(cells), size=rows)]
    low, high = min(present), max(present)
    room = 0.1 * (high - low)
    if description["kind"] == "integer":
        column = Column(description)
        least, most = (
            max(math.floor(low - room) - 1, column.bounds[0]),
            min(math.ceil(high + room) + 1, column.bounds[1]),
        )
        made = [int(v) for v in random.integers(least, most, size=rows, endpoint=True, dtype="int64")]
    else:
        step = GRID
        while high > low and (high - low) / step < _FEW:
            step /= 10
        decimals = round(-math.log10(step))
        values = random.uniform(low - room, high + room, size=rows).round(decimals)
        made = [float(v) for v in values]
    return [None if absent else value for value, absent in zip(made, missing, strict=True)]


def _moments(dtype: str, present: list[str], rows: int, random: np.random.Generator) -> list[str]:
    """Seconds in and around the training range, every other one at the start of its day."""
    seen = list(map(seconds_of, present))
    first, last = bounds_of(dtype)
    room = (max(seen) - min(seen)) // 10 + _DAY
    low, high = max(min(seen) - room, first), min(max(seen) + room, last)
    drawn = random.integers(low, high, size=rows, endpoint=True).tolist()
    return [text_of(max(second // _DAY * _DAY, low) if k % 2 else second) for k, second in enumerate(drawn)]


def adversarial(
    schema: dict[str, Any], training: Columns, random: np.random.Generator, limit: int
) -> Columns:
    """Rows of the training data with one cell, or all, replaced by what the schema just about lets through."""
    columns = [Column(description) for description in schema["columns"]]
    accepted = [_accepted(c, cells) for c, cells in zip(columns, training, strict=True)]
    count = len(training[0])
    places: list[tuple[int, Any] | None] = [
        (index, value) for index, values in enumerate(accepted) for value in values
    ]
    places += [None] * (len(places) // 4 + 4)
    if len(places) > limit:
        # Chosen before they are made: of 784 columns, 20,000 rows would be made to keep a tenth.
        places = [places[i] for i in sorted(random.choice(len(places), limit, replace=False).tolist())]
    rows: list[list[Any]] = []
    for place in places:
        if place is None:
            row = [v[int(random.integers(len(v)))] if v else None for v in accepted]
        else:
            drawn = random.integers(count, size=len(training)).tolist()
            row = [cells[i] for cells, i in zip(training, drawn, strict=True)]
            row[place[0]] = place[1]
        rows.append(row)
    rows += rows[:2]  # duplicates
    return [list(cells) for cells in zip(*rows, strict=True)]


def _accepted(column: Column, cells: list[Any]) -> list[Any]:
    """What a column's validation lets through, of every adversarial value."""
    pool: dict[str, tuple[Any, ...]] = {
        "number": _NUMBERS,
        "integer": _INTEGERS,
        "boolean": (True, False),
        "category": _MIXED,
        "text": _TEXTS,
        "date": _DATES,
    }
    present = [c for c in cells if c is not None]
    values = [*pool[column.kind], None, *present[:2]]
    if column.fractions:
        values += [*_FRACTIONS, *(cell + 0.5 for cell in present[:2])]
    if column.kind == "number" and present:
        values += [math.nextafter(present[0], math.inf), 2 * max(present), -2 * max(present)]
    accepted = []
    for value in values:
        try:
            accepted.append(column.check(value))
        except Refused:
            continue
    return accepted
