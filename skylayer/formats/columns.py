"""Rows for a model whose file describes its columns: the user's sample, or made-up ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skylayer.errors import UserError
from skylayer.formats.sample_rows import MADE_UP_ROWS, read_frame

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_SHOWN = 8


@dataclass(frozen=True)
class Column:
    """A column as a model's file describes it.

    Attributes:
        name: None where the file has none.
        categories: In the order of their codes; None for numbers.
        whole: Whether the file says that its numbers are whole.
    """

    name: str | None
    categories: Sequence[Any] | None = None
    whole: bool = False


def make_rows(columns: Sequence[Column]) -> pd.DataFrame:
    """Made-up numbers, and categories that the model knows."""
    random = np.random.default_rng(0)
    made: dict[str, Any] = {}
    for name, column in zip(_names(columns), columns, strict=True):
        if column.categories is not None:
            codes = random.integers(0, max(len(column.categories), 1), MADE_UP_ROWS)
            made[name] = pd.Categorical.from_codes(codes, dtype=_dtype(column))
        elif column.whole:
            made[name] = random.integers(0, 10, MADE_UP_ROWS)
        else:
            made[name] = random.normal(size=MADE_UP_ROWS).round(3)
    return pd.DataFrame(made)


def read_rows(columns: Sequence[Column], path: Path) -> pd.DataFrame:
    """The rows of a CSV file: the model's columns by name where all are there, in order where it has no names.

    Raises:
        UserError: It is no CSV file, lacks columns, or holds what the model doesn't take; names them.
    """
    frame = read_frame(path)
    names = _names(columns)
    if columns[0].name is None:
        if frame.shape[1] != len(columns):
            raise UserError(
                f"{path} has {frame.shape[1]} columns; the model takes {len(columns)}, without names: "
                "leave out the others, such as the target."
            )
        names = list(frame.columns)
    else:
        # LightGBM writes a name with underscores for its spaces.
        headers = {"_".join(header.split()): header for header in frame.columns}
        found = [name if name in frame.columns else headers.get(name) for name in names]
        missing = [name for name, header in zip(names, found, strict=True) if header is None]
        if missing:
            shown = ", ".join(missing[:_SHOWN]) + (", …" if len(missing) > _SHOWN else "")
            raise UserError(f"{path} lacks the columns {shown}, which the model was fitted on.")
        names = [header for header in found if header is not None]
    return pd.DataFrame(
        {name: _typed(path, frame[name], column) for name, column in zip(names, columns, strict=True)}
    )


def _typed(path: Path, cells: pd.Series[Any], column: Column) -> Any:
    if column.categories is not None:
        unknown = cells[~cells.isin(list(column.categories)) & cells.notna()]
        if len(unknown):
            raise UserError(
                f"{path}: column {cells.name!r} holds {unknown.iloc[0]!r}, which is none of the model's "
                f"{len(column.categories)} categories."
            )
        return cells.astype(_dtype(column))
    if cells.dtype.kind not in "iufb":
        raise UserError(
            f"{path}: column {cells.name!r} must hold numbers, which are what the model takes there."
        )
    return cells if column.whole and cells.dtype.kind in "iub" else cells.astype(float)


def _dtype(column: Column) -> pd.CategoricalDtype:
    return pd.CategoricalDtype(list(column.categories or ()))


def _names(columns: Sequence[Column]) -> list[str]:
    return [f"f{place}" if column.name is None else column.name for place, column in enumerate(columns)]
