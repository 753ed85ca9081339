"""The data that an estimator takes, whatever its container, seen as one table of named columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from skylayer.errors import UserError

_DENSE_CELLS = 10_000_000


@dataclass(frozen=True)
class Table:
    """Data of shape (rows, columns) and how it was given.

    Attributes:
        container: `frame` for a DataFrame, `array` for a 2-D array, `texts` for a list of documents.
        dtype: Type of an array's cells, None for the others.
        frame: The same values by column.
    """

    container: str
    dtype: str | None
    frame: pd.DataFrame

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.frame)


def tabulate(data: Any) -> Table:
    """See a DataFrame, a 2-D array or a list of texts as a table.

    Raises:
        UserError: The data is of another kind or shape, has no rows or columns, or its column names can't be
            keys of a JSON object.
    """
    table = _tabulate(data)
    if table.rows == 0:
        raise UserError("The data has no rows. Check the query or file that load_data() reads.")
    if table.frame.shape[1] == 0:
        raise UserError("The data has no columns. Give the estimator at least one.")
    return table


def take(data: Any, rows: Any) -> Any:
    """The given rows, by position, in the container that the data came in."""
    if isinstance(data, (pd.DataFrame, pd.Series)):
        return data.iloc[rows]
    if isinstance(data, (list, tuple)):
        return [data[row] for row in rows]
    return data[rows]


def assemble(table: Table, columns: dict[str, list[Any]]) -> Any:
    """Values by column as the container, with the column types, that a table was made from.

    Args:
        table: Whose container and types are taken.
        columns: Python values of each of its columns, None where missing.
    """
    if table.container == "texts":
        return np.array(next(iter(columns.values())), dtype=object)
    frame = pd.DataFrame({name: _series(columns[name], table.frame[name]) for name in table.frame.columns})
    if table.container == "frame":
        return frame
    return frame.to_numpy(dtype=object if table.dtype in {"object", "str"} else table.dtype)


def _series(values: list[Any], like: pd.Series[Any]) -> pd.Series[Any]:
    if like.dtype == object:
        missing = None if any(value is None for value in like) else np.nan
        cells = np.empty(len(values), dtype=object)
        cells[:] = [missing if value is None else value for value in values]
        return pd.Series(cells, dtype=object)
    if pd.api.types.is_datetime64_any_dtype(like.dtype):
        zone = getattr(like.dtype, "tz", None)
        return pd.Series(pd.to_datetime(values, utc=zone is not None, format="ISO8601")).astype(like.dtype)
    return pd.Series(values, dtype=like.dtype)


def _tabulate(data: Any) -> Table:
    if isinstance(data, pd.DataFrame):
        _check_names(data.columns)
        return Table("frame", None, data.reset_index(drop=True))
    if isinstance(data, pd.Series):
        if _is_text(data.tolist()):
            return Table("texts", None, _texts(data.tolist(), data.name))
        raise UserError("The data is a Series of no texts. Give a DataFrame: series.to_frame().")
    if hasattr(data, "toarray"):
        if np.prod(data.shape) > _DENSE_CELLS:
            raise UserError(
                f"The data is a sparse matrix of {data.shape[0]} × {data.shape[1]} cells, which JSON rows can't "
                "carry. Put the step that makes it, such as a vectorizer, into the pipeline."
            )
        return _from_array(data.toarray())
    if type(data).__module__.split(".")[0] == "polars":
        raise UserError("The data is a polars frame. Give a pandas DataFrame: frame.to_pandas().")
    if isinstance(data, (list, tuple)):
        if _is_text(data):
            return Table("texts", None, _texts(list(data), None))
        return _from_array(_as_array(data))
    if isinstance(data, np.ndarray):
        if data.ndim == 1 and _is_text(data.tolist()):
            return Table("texts", None, _texts(data.tolist(), None))
        return _from_array(data)
    raise UserError(f"The data is a {type(data).__name__}. Give a DataFrame, a 2-D array or a list of texts.")


def _as_array(data: Any) -> np.ndarray[Any, Any]:
    try:
        return np.asarray(data)
    except ValueError:
        raise UserError("The rows of the data have different lengths. Give each row every column.") from None


def _from_array(array: np.ndarray[Any, Any]) -> Table:
    if array.ndim != 2:  # noqa: PLR2004 - rows and columns
        mend = "array.reshape(-1, 1) makes one column of it" if array.ndim == 1 else "flatten what is deeper"
        raise UserError(f"The data is an array of {array.ndim} dimensions, 2 are needed: {mend}.")
    names = [f"x{index}" for index in range(array.shape[1])]
    if array.dtype.kind in "US":
        if array.dtype.kind == "S":
            raise UserError(
                "The data is an array of bytes, which JSON can't carry. Decode it: array.astype(str)."
            )
        return Table("array", "str", pd.DataFrame(array.astype(object), columns=names, dtype=object))
    if array.dtype.kind not in "fiubO":
        raise UserError(
            f"The data is an array of {array.dtype}, which JSON can't carry. Give numbers, booleans or texts."
        )
    return Table("array", str(array.dtype), pd.DataFrame(array, columns=names))


def _is_text(values: Any) -> bool:
    return len(values) > 0 and all(isinstance(value, str) for value in values)


def _texts(values: list[str], name: object) -> pd.DataFrame:
    column = name if isinstance(name, str) and name else "text"
    return pd.DataFrame({column: pd.Series(values, dtype=object)})


def _check_names(names: pd.Index[Any]) -> None:
    for name in names:
        if not isinstance(name, str) or not name:
            raise UserError(
                f"The column name {name!r} is not a text, so no JSON object can have it as a key. "
                "Rename it: X.columns = X.columns.astype(str)."
            )
    twice = names[names.duplicated()]
    if len(twice):
        raise UserError(f"The column name {twice[0]!r} occurs more than once. Rename or drop one of them.")
