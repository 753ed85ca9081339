"""Rows of training data as the JSON values that a client would send for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skylayer.data.schema import is_missing, plain
from skylayer.errors import UserError

if TYPE_CHECKING:
    from skylayer.data.dataset import Dataset
    from skylayer.data.schema import Column, Schema


def columns_of(dataset: Dataset, schema: Schema) -> dict[str, list[Any]]:
    """Each column's values as JSON carries them; None where missing, dates as ISO 8601 text."""
    return {column.name: _values(dataset.frame[column.name], column) for column in schema.columns}


def row_count(columns: dict[str, list[Any]]) -> int:
    """How many rows values by column have."""
    return len(next(iter(columns.values())))


def rows_of(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """Values by column as one object for each row."""
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def as_instances(rows: Any) -> list[Any]:
    """Rows, in a container of scikit-learn's or as they are, as a request carries them.

    Args:
        rows: A DataFrame, an array of shape (rows, columns), a sparse matrix, a Series or list of texts, or a list of
            instances. Missing values become None, dates ISO 8601 text, NumPy's numbers Python's.

    Raises:
        UserError: It is of another kind.
    """
    if isinstance(rows, pd.DataFrame):
        cells = {name: _cells(rows[name]) for name in rows.columns}
        return [dict(zip(cells, row, strict=True)) for row in zip(*cells.values(), strict=True)]
    if isinstance(rows, pd.Series):
        return _cells(rows)
    if hasattr(rows, "toarray"):
        rows = rows.toarray()
    if isinstance(rows, np.ndarray):
        if rows.ndim == 1 and rows.dtype.kind not in "OU":
            raise UserError(
                "The rows are an array of one dimension: array.reshape(1, -1) makes one row of it."
            )
        return [_cells(row) if rows.ndim > 1 else _cell(row) for row in rows]
    if isinstance(rows, (list, tuple)):
        return [_cells(row) if isinstance(row, np.ndarray) else row for row in rows]
    raise UserError(
        f"The rows are a {type(rows).__name__}. Give a DataFrame, a 2-D array, or a list with an object or a list "
        "for each row."
    )


def _cells(values: Any) -> list[Any]:
    return [_cell(value) for value in values]


def _cell(value: Any) -> Any:
    if is_missing(value):
        return None
    return value.isoformat() if isinstance(value, pd.Timestamp) else plain(value)


def _values(series: pd.Series[Any], column: Column) -> list[Any]:
    return [None if is_missing(value) else _value(value, column.kind) for value in series]


def _value(value: Any, kind: str) -> Any:
    if kind == "number":
        return float(value)
    if kind == "integer":
        return int(value)
    if kind == "boolean":
        return bool(value)
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    return plain(value)
