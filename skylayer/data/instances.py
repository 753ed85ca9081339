"""Rows of training data as the JSON values that a client would send for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from skylayer.data.schema import is_missing, plain

if TYPE_CHECKING:
    from skylayer.data.schema import Column, Schema
    from skylayer.data.tables import Table


def columns_of(table: Table, schema: Schema) -> dict[str, list[Any]]:
    """Each column's values as JSON carries them; None where missing, dates as ISO 8601 text."""
    return {column.name: _values(table.frame[column.name], column) for column in schema.columns}


def row_count(columns: dict[str, list[Any]]) -> int:
    """How many rows values by column have."""
    return len(next(iter(columns.values())))


def rows_of(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """Values by column as one object for each row."""
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


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
