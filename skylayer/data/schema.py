"""The input schema, inferred from the training data: what each column of a request has to be."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from serving import dates
from skylayer.errors import UserError

if TYPE_CHECKING:
    from skylayer.data.dataset import Dataset

# A column of texts is free text, not categories, when most values occur once and read like sentences or are
# many, or when there are more of them than a person would choose from.
_MANY_CATEGORIES = 50
_MOST_CATEGORIES = 1000
_WORDS_OF_A_SENTENCE = 3


@dataclass(frozen=True)
class Column:
    """One column of the input.

    Attributes:
        name: As in the DataFrame; `x0`, `x1`, … for arrays.
        kind: One of `serving.artifact.KINDS`.
        dtype: The pandas or NumPy type that the estimator was trained on.
        nullable: Whether the training data had missing values here.
        missing: What stands for a missing value where the type leaves a choice: `none` or `nan`.
        minimum: Smallest training value of numbers and integers.
        maximum: Largest training value of numbers and integers.
        categories: Values seen in training, in the order of a categorical type, else sorted.
        ordered: Whether a categorical type has an order.
        unseen: False where the estimator refuses categories that training didn't have.
        widened: What is taken though the training data had none of it, of `serving.schema.WIDER`.
    """

    name: str
    kind: str
    dtype: str
    nullable: bool
    missing: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    categories: tuple[Any, ...] | None = None
    ordered: bool | None = None
    unseen: bool | None = None
    widened: tuple[str, ...] | None = None

    def to_manifest(self) -> dict[str, Any]:
        """The column as the manifest holds it: without what doesn't apply to its kind."""
        entry = {key: value for key, value in vars(self).items() if value is not None}
        for name in ("categories", "widened"):
            if name in entry:
                entry[name] = list(entry[name])
        return entry


@dataclass(frozen=True)
class Schema:
    """The input of an estimator: its container and its columns in order."""

    container: str
    dtype: str | None
    columns: tuple[Column, ...]

    def to_manifest(self) -> dict[str, Any]:
        """The schema as the manifest's `input`."""
        entry: dict[str, Any] = {"container": self.container}
        if self.dtype is not None:
            entry["dtype"] = self.dtype
        return entry | {"columns": [column.to_manifest() for column in self.columns]}


def infer(dataset: Dataset) -> Schema:
    """Infer the schema of the rows that an estimator was trained on.

    Raises:
        UserError: A column is of a kind that can't come over JSON; names it and how to convert it.
    """
    columns = tuple(
        _infer_text(dataset.frame[name])
        if dataset.container == "texts"
        else _infer_column(dataset.frame[name])
        for name in dataset.frame.columns
    )
    return Schema(dataset.container, dataset.dtype, columns)


def is_missing(value: object) -> bool:
    """Whether one cell is None, NaN, NaT or NA."""
    if isinstance(value, (float, np.floating)):
        return math.isnan(value)
    return value is None or value is pd.NA or value is pd.NaT


def plain(value: Any) -> Any:
    """A NumPy scalar as the Python value of the same JSON."""
    return value.item() if isinstance(value, np.generic) else value


def _infer_column(series: pd.Series[Any]) -> Column:
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return _infer_categorical(series, dtype)
    if isinstance(dtype, tuple(_CONVERSIONS)):
        raise _refusal(series, f"X[{series.name!r}].{_CONVERSIONS[type(dtype)]}")
    if pd.api.types.is_object_dtype(dtype):
        return _infer_objects(series)
    if isinstance(dtype, pd.StringDtype):
        return _infer_strings(series, str(dtype), missing=None)
    kind = _KINDS.get(dtype.kind)
    if kind is None:
        raise _refusal(series, f"X[{series.name!r}].{_CONVERSIONS_OF_KIND.get(dtype.kind, 'astype(float)')}")
    if kind in {"number", "integer"}:
        return _infer_numbers(series, kind)
    return Column(_name(series), kind, str(dtype), nullable=_nullable(series))


# By NumPy's letter for the kind of a type, which pandas' own types have as well.
_KINDS = {"b": "boolean", "i": "integer", "u": "integer", "f": "number", "M": "date"}
_CONVERSIONS_OF_KIND = {"m": "dt.total_seconds()", "c": "abs()"}
_CONVERSIONS: dict[Any, str] = {
    pd.ArrowDtype: "astype(...) to a type of NumPy or pandas",
    pd.SparseDtype: "sparse.to_dense()",
    pd.IntervalDtype: "astype(str)",
    pd.PeriodDtype: "dt.to_timestamp()",
}


def _infer_categorical(series: pd.Series[Any], dtype: pd.CategoricalDtype) -> Column:
    categories = tuple(plain(value) for value in dtype.categories)
    for value in categories:
        if not _is_scalar(value):
            raise _refusal(series, f"X[{series.name!r}].astype(str)", value)
    return Column(
        _name(series),
        "category",
        "category",
        nullable=_nullable(series),
        categories=categories,
        ordered=bool(dtype.ordered) or None,
    )


def _infer_numbers(series: pd.Series[Any], kind: str, *, missing: str | None = None) -> Column:
    convert = int if kind == "integer" else float
    present = [convert(value) for value in series if not is_missing(value)]
    if not all(math.isfinite(value) for value in present):
        raise UserError(
            f"The column {series.name!r} holds infinity, which JSON can't carry. "
            f"Replace it: X[{series.name!r}].replace([np.inf, -np.inf], np.nan)."
        )
    return Column(
        _name(series),
        kind,
        str(series.dtype),
        nullable=len(present) < len(series),
        missing=missing,
        minimum=min(present, default=None),
        maximum=max(present, default=None),
    )


def _infer_objects(series: pd.Series[Any]) -> Column:
    present = [plain(value) for value in series if not is_missing(value)]
    missing = _missing_marker(series)
    if not present:
        raise UserError(
            f"The column {series.name!r} has no values at all. Drop it: X.drop(columns={series.name!r})."
        )
    for value in present:
        if not _is_scalar(value):
            raise _refusal(series, _object_conversion(series.name, value), value)
    kinds = {type(value) for value in present}
    if kinds == {str}:
        return _infer_strings(series, "object", missing=missing)
    if kinds == {bool}:
        return Column(_name(series), "boolean", "object", nullable=_nullable(series), missing=missing)
    if kinds == {int}:
        return _infer_numbers(series, "integer", missing=missing)
    if kinds <= {int, float}:
        return _infer_numbers(series, "number", missing=missing)
    return _infer_categories(series, "object", missing)


def _infer_strings(series: pd.Series[Any], dtype: str, *, missing: str | None) -> Column:
    present = [value for value in series if not is_missing(value)]
    if present and all(_is_iso_date(value) for value in present):
        return Column(_name(series), "date", dtype, nullable=len(present) < len(series), missing=missing)
    if _is_free_text(present):
        return Column(_name(series), "text", dtype, nullable=len(present) < len(series), missing=missing)
    return _infer_categories(series, dtype, missing)


def _infer_categories(series: pd.Series[Any], dtype: str, missing: str | None) -> Column:
    # true and 1 are one key in Python, and two values in JSON.
    seen = [plain(value) for value in series if not is_missing(value)]
    present = list({(isinstance(value, bool), value): value for value in seen}.values())
    for value in present:
        if isinstance(value, float) and math.isinf(value):
            raise _refusal(series, f"X[{series.name!r}].astype(str)", value)
    return Column(
        _name(series),
        "category",
        dtype,
        nullable=_nullable(series),
        missing=missing,
        categories=tuple(sorted(present, key=lambda value: (isinstance(value, str), value))),
    )


def _infer_text(series: pd.Series[Any]) -> Column:
    return Column(_name(series), "text", "object", nullable=False)


def _missing_marker(series: pd.Series[Any]) -> str | None:
    markers = {"none" if value is None else "nan" for value in series if is_missing(value)}
    if len(markers) > 1:
        raise UserError(
            f"The column {series.name!r} holds both None and NaN, one null in JSON and two categories "
            f"to scikit-learn. Choose one: X[{series.name!r}].where(X[{series.name!r}].notna(), None)."
        )
    return next(iter(markers), None)


def _is_scalar(value: object) -> bool:
    return isinstance(value, (str, bool, int, float))


def _is_iso_date(text: str) -> bool:
    try:
        dates.parse(text)
    except ValueError:
        return False
    return True


def _is_free_text(values: list[str]) -> bool:
    distinct = len(set(values))
    if distinct > _MOST_CATEGORIES:
        return True
    if distinct * 2 <= len(values):
        return False
    words = sum(len(value.split()) for value in values) / max(len(values), 1)
    return distinct > _MANY_CATEGORIES or words >= _WORDS_OF_A_SENTENCE


def _object_conversion(name: object, value: object) -> str:
    if isinstance(value, (datetime, date)):
        return f"pd.to_datetime(X[{name!r}])"
    if isinstance(value, (list, tuple, set, dict, np.ndarray)):
        return f"one column for each element of X[{name!r}]"
    if isinstance(value, bytes):
        return f"X[{name!r}].str.decode('utf-8')"
    return f"X[{name!r}].astype(float) or .astype(str)"


def _refusal(series: pd.Series[Any], conversion: str, value: object = None) -> UserError:
    kind = str(series.dtype) if value is None else f"type {type(value).__name__}"
    return UserError(
        f"The column {series.name!r} holds values of {kind}, which can't come over JSON. "
        f"Convert it: {conversion}."
    )


def _nullable(series: pd.Series[Any]) -> bool:
    return bool(series.isna().any())


def _name(series: pd.Series[Any]) -> str:
    return str(series.name)
