"""The data that an estimator takes, whatever its container, as named columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from skylayer.errors import UserError

_DENSE_CELLS = 10_000_000


@dataclass(frozen=True)
class Dataset:
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


def as_dataset(data: Any) -> Dataset:
    """A DataFrame, a 2-D array or a list of texts as a dataset.

    Raises:
        UserError: The data is of another kind or shape, has no rows or columns, or its column names can't be
            keys of a JSON object.
    """
    dataset = _dataset_of(data)
    if dataset.rows == 0:
        raise UserError("The data has no rows. Check the query or file that load_data() reads.")
    if dataset.frame.shape[1] == 0:
        raise UserError("The data has no columns. Give the estimator at least one.")
    return dataset


def take(data: Any, rows: Any) -> Any:
    """The given rows, by position, in the container that the data came in."""
    if isinstance(data, (pd.DataFrame, pd.Series)):
        return data.iloc[rows]
    if isinstance(data, (list, tuple)):
        return [data[row] for row in rows]
    # A sparse matrix by coordinates, diagonals or blocks has no rows to take.
    return (data.tocsr() if hasattr(data, "tocsr") else data)[rows]


def _dataset_of(data: Any) -> Dataset:
    if isinstance(data, pd.DataFrame):
        _check_names(data.columns)
        return Dataset("frame", None, data.reset_index(drop=True))
    if isinstance(data, (pd.Series, list, tuple, np.ndarray)):
        return _from_sequence(data)
    if hasattr(data, "toarray"):
        return _from_sparse(data)
    if type(data).__module__.split(".")[0] == "polars":
        raise UserError("The data is a polars frame. Give a pandas DataFrame: frame.to_pandas().")
    raise UserError(f"The data is a {type(data).__name__}. Give a DataFrame, a 2-D array or a list of texts.")


def _from_sequence(data: Any) -> Dataset:
    if isinstance(data, pd.Series) or _dimensions(data) == 1:
        values = list(data)
        if values and all(isinstance(value, str) for value in values):
            name = getattr(data, "name", None)
            column = name if isinstance(name, str) and name else "text"
            texts = pd.Series([str(value) for value in values], dtype=object)
            return Dataset("texts", None, pd.DataFrame({column: texts}))
        if isinstance(data, pd.Series):
            raise UserError(
                "The data is a Series, and not of texts alone. Give a DataFrame: series.to_frame()."
            )
    array = np.asarray(data)
    if array.dtype.kind == "U" and not isinstance(data, np.ndarray) and not _are_texts(data):
        array = np.asarray(data, dtype=object)  # as scikit-learn reads rows of texts and numbers
    return _from_array(array)


def _are_texts(rows: Any) -> bool:
    return all(isinstance(cell, str) for row in rows for cell in row)


def _dimensions(data: Any) -> int:
    try:
        return int(np.ndim(data))
    except ValueError:
        raise UserError("The rows of the data have different lengths. Give each row every column.") from None


def _from_sparse(data: Any) -> Dataset:
    rows, columns = data.shape
    if rows * columns > _DENSE_CELLS:
        raise UserError(
            f"The data is a sparse matrix of {rows} by {columns} cells, which JSON rows can't carry. "
            "Put the step that makes it, such as a vectorizer, into the pipeline."
        )
    return _from_array(data.toarray())


def _from_array(array: np.ndarray[Any, Any]) -> Dataset:
    if array.ndim != 2:  # noqa: PLR2004 - rows and columns
        fix = "array.reshape(-1, 1) makes one column of it" if array.ndim == 1 else "flatten what is deeper"
        raise UserError(f"The data is an array of {array.ndim} dimensions, 2 are needed: {fix}.")
    names = [f"x{index}" for index in range(array.shape[1])]
    if array.dtype.kind == "U":
        return Dataset("array", "str", pd.DataFrame(array.astype(object), columns=names, dtype=object))
    if array.dtype.kind not in "fiubO":
        raise UserError(
            f"The data is an array of {array.dtype}, which JSON can't carry. Give numbers, booleans or texts."
        )
    # pandas would make texts of objects, and NaN of their None.
    kept = object if array.dtype == object else None
    return Dataset("array", str(array.dtype), pd.DataFrame(array, columns=names, dtype=kept))


def _check_names(names: pd.Index[Any]) -> None:
    for name in names:
        if not isinstance(name, str) or not name:
            text = (
                '["_".join(map(str, name)) for name in X.columns]'
                if isinstance(name, tuple)
                else "X.columns.astype(str)"
            )
            raise UserError(
                f"The column name {name!r} is not a text, so no JSON object can have it as a key. "
                f"Rename it and fit again: X.columns = {text}."
            )
    twice = names[names.duplicated()]
    if len(twice):
        raise UserError(f"The column name {twice[0]!r} occurs more than once. Rename or drop one of them.")
