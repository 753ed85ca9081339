"""Rows for a graph: the user's sample or, where only numbers go in, made-up ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skylayer.errors import UserError
from skylayer.formats.onnx.reference import column_names
from skylayer.formats.onnx.signature import FLOATS
from skylayer.formats.sample_rows import MADE_UP_ROWS, read_frame

if TYPE_CHECKING:
    from pathlib import Path

    from skylayer.formats.onnx.signature import Feed

_BOOLEANS = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}


def read_cells(path: Path) -> pd.DataFrame:
    """A CSV file as texts, an empty cell as an empty text.

    Raises:
        UserError: It is no CSV file, or has no rows.
    """
    return read_frame(path, dtype=str, keep_default_na=False)


def typed(cells: pd.DataFrame, feeds: tuple[Feed, ...]) -> pd.DataFrame:
    """The columns that the inputs take, in their order, each with its type.

    Raises:
        UserError: A column holds what its input can't; names it.
    """
    return pd.DataFrame(
        {name: _column(cells[name], feed.type) for feed in feeds for name in feed.columns},
        columns=column_names(feeds),
    )


def make_up(feeds: tuple[Feed, ...]) -> pd.DataFrame:
    """Made-up numbers.

    Raises:
        UserError: An input takes texts; names the columns that a sample must have.
    """
    texts = [name for feed in feeds if feed.type == "string" for name in feed.columns]
    if texts:
        raise UserError(f"The model takes more than numbers. {ask_for(feeds)}")
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {name: _made_up(feed.type, random) for feed in feeds for name in feed.columns},
        columns=column_names(feeds),
    )


def ask_for(feeds: tuple[Feed, ...]) -> str:
    """The sentence that asks for a sample."""
    columns = ", ".join(column_names(feeds))
    return f"Give some rows with the columns {columns} as SAMPLE=rows.csv, so that the kinds of the columns are known."


def _column(cells: pd.Series[Any], kind: str) -> Any:
    empty = (cells.str.strip() == "") | cells.str.lower().isin(["nan", "na", "null"])
    if kind == "string":
        if (cells == "").any():
            raise UserError(
                f"The sample's column {cells.name!r} has empty cells, and ONNX's texts have no missing value. "
                "Fill them as they were filled for training."
            )
        return cells.astype(object)
    if kind in FLOATS:
        numbers = pd.to_numeric(cells.mask(empty), errors="coerce").astype(float)
        _check(cells, numbers.notna() | empty, "no number")
        return numbers
    if kind == "bool":
        _check(cells, cells.str.lower().isin(list(_BOOLEANS)), "neither true nor false")
        return cells.str.lower().map(_BOOLEANS).astype(bool)
    limits = np.iinfo(kind)
    _check(
        cells, cells.map(lambda cell: _is_whole(cell, limits.min, limits.max)), f"no whole number of {kind}"
    )
    whole = [int(float(cell)) if "." in cell else int(cell) for cell in cells]
    return np.array(whole, np.dtype(kind))


def _check(cells: pd.Series[Any], fits: Any, what: str) -> None:
    if not fits.all():
        row = int(np.argmin(fits.to_numpy()))
        raise UserError(
            f"Row {row + 1} of the sample's column {cells.name!r} is {cells.iloc[row][:40]!r}, which is {what}; "
            "the graph takes nothing else there."
        )


def _is_whole(cell: str, low: int, high: int) -> bool:
    try:
        value = int(cell) if "." not in cell else float(cell)
    except ValueError:
        return False
    return value == value // 1 and low <= value <= high


def _made_up(kind: str, random: np.random.Generator) -> Any:
    if kind in FLOATS:
        return random.normal(size=MADE_UP_ROWS).round(3)
    if kind == "bool":
        return random.random(MADE_UP_ROWS) < 0.5  # noqa: PLR2004 - as often as not
    # The first codes of an embedding are the only ones that every table has.
    return random.integers(0, 2, MADE_UP_ROWS).astype(kind)
