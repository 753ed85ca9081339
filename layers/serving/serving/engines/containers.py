"""What estimators are fed: a DataFrame, an array or texts, with the dtypes of the training data.

A column that was float64 with NaN at training must be so again, whatever came over JSON: pandas and numpy,
left to themselves, would guess from the values of each request, and guess differently for a single row.
"""

from __future__ import annotations

import re

import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Container = Callable[[list[list[Any]], int], Any]

_MORE_DIGITS = re.compile(r"(\.\d{6})\d+")


def container_of(schema: dict[str, Any]) -> Container:
    """How columns of checked values become what the estimator takes.

    Args:
        schema: The input of a manifest.
    """
    if schema["container"] == "texts":
        return lambda columns, _: columns[0]
    if schema["container"] == "array":
        return _array_of(schema)
    return _frame_of(schema)


def _array_of(schema: dict[str, Any]) -> Container:
    dtype = np.dtype(schema.get("dtype", "float64"))
    missing = [_missing(column, dtype.kind) for column in schema["columns"]]

    def array(columns: list[list[Any]], rows: int) -> Any:
        # An array of texts is as wide as its longest; of unknown width, it would cut them all to one letter.
        table = np.empty((rows, len(columns)), object if dtype.kind == "U" else _wide_enough(dtype, columns))
        for index, (values, null) in enumerate(zip(columns, missing, strict=True)):
            table[:, index] = _filled(values, null)
        return table.astype(dtype) if dtype.kind == "U" else table

    return array


def _frame_of(schema: dict[str, Any]) -> Container:
    import pandas as pd

    makers = [_series_of(column) for column in schema["columns"]]
    names = [column["name"] for column in schema["columns"]]

    def frame(columns: list[list[Any]], rows: int) -> Any:
        return pd.DataFrame(
            {name: make(values) for name, make, values in zip(names, makers, columns, strict=True)},
            index=range(rows),
        )

    return frame


def _series_of(column: dict[str, Any]) -> Callable[[list[Any]], Any]:
    """How one column's values become the array behind a pandas Series."""
    import pandas as pd

    dtype = column.get("dtype", "object")
    if dtype == "category":
        categories = column.get("categories") or []

        def categorical(values: list[Any]) -> Any:
            # Unseen ones are added behind those of the training data, whose codes stay what they were: it
            # is the estimator that decides what an unseen category means.
            unseen = dict.fromkeys(v for v in values if v is not None and v not in categories)
            return pd.Categorical(
                values, categories=[*categories, *unseen], ordered=column.get("ordered", False)
            )

        return categorical
    if dtype.startswith("datetime64"):
        utc = "," in dtype  # a time zone: texts without one are taken as UTC
        # Nine digits of one row would have pandas read all rows in nanoseconds, which other rows may not fit.
        cut = _as_is if dtype.startswith("datetime64[ns") else _to_microseconds
        return lambda values: pd.to_datetime(
            pd.Series(list(map(cut, values)), dtype=object), format="ISO8601", utc=utc
        ).astype(dtype)
    plain = pd.api.types.pandas_dtype(dtype)
    if not isinstance(plain, np.dtype):  # an extension type: str, string, Int64, boolean, ...
        return lambda values: pd.array(values, dtype=dtype)
    missing = _missing(column, plain.kind)

    def numpy_array(values: list[Any]) -> Any:
        filled = _filled(values, missing)
        if plain.kind == "O":
            array = np.empty(len(values), object)
            array[:] = filled
            return pd.Series(array, dtype=object)
        return np.array(filled, _wide_enough(plain, [values]))

    return numpy_array


def _as_is(text: str | None) -> str | None:
    return text


def _to_microseconds(text: str | None) -> str | None:
    return text if text is None else _MORE_DIGITS.sub(r"\1", text)


def _wide_enough(dtype: np.dtype[Any], columns: list[list[Any]]) -> np.dtype[Any]:
    """The type, or the one that pandas and NumPy go over to where it has no room for a missing value or a fraction."""
    if dtype.kind in "iub" and any(
        value is None or (type(value) is float and dtype.kind != "b")
        for values in columns
        for value in values
    ):
        return np.dtype(object if dtype.kind == "b" else np.float64)
    return dtype


def _missing(column: dict[str, Any], kind: str) -> Any:
    """What a missing value was in the training data: None where objects say so, NaN elsewhere."""
    return None if kind == "O" and column.get("missing") == "none" else float("nan")


def _filled(values: list[Any], missing: Any) -> list[Any]:
    if missing is None or None not in values:
        return values
    return [missing if value is None else value for value in values]
