"""DateParts: the parts of dates as numbers, for scikit-learn's pipelines; the native engine reads the same ones.

It stands in the run-time package, so that the scikit-learn engine finds the class wherever it answers. Nothing on the
way to a native prediction imports it.
"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from serving import dates

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from numpy.typing import NDArray

_SECONDS = "datetime64[s]"
_DAY = 86_400
_THURSDAY = 3  # of 1970's first week; the day of a week whose year is the week's, in ISO 8601


class DateParts(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Each column of dates as the parts that are asked for, as float64; NaN where a date is missing.

    Columns may hold ISO 8601 texts or datetime64, with or without time zones. Parts are those in UTC, and a date
    without a zone is in UTC; fractions of seconds are dropped. Where the local hour is what counts, give local times
    without a zone.

    Args:
        parts: In order: `year`, `quarter`, `month`, `week` (ISO 8601), `day`, `day_of_year`, `weekday` (Monday is 0),
            `hour`, `minute`, `second`, `elapsed_days` (from `since`, with the time as a fraction of a day).
        since: The date from which `elapsed_days` counts, as ISO 8601 text.

    Examples:
        >>> DateParts(["year", "weekday"]).fit_transform([["2024-02-29"], ["1969-12-31"]])
        array([[2.024e+03, 3.000e+00],
               [1.969e+03, 2.000e+00]])
    """

    def __init__(
        self, parts: Sequence[str] = ("year", "month", "day", "weekday"), since: str = "1970-01-01"
    ) -> None:
        self.parts = parts
        self.since = since

    def fit(self, X: Any, y: Any = None) -> DateParts:  # noqa: ARG002, N803 - as scikit-learn names them
        """Check the parameters and remember the columns of `X`, shape (rows, columns).

        Raises:
            ValueError: A part is unknown, or `since` or a cell is no date.
        """
        unknown = [part for part in self.parts if part not in dates.PARTS]
        if isinstance(self.parts, str) or unknown or not len(self.parts):
            raise ValueError(f"parts must be a list of {', '.join(dates.PARTS)}; got {self.parts!r}")
        dates.parse(self.since)
        for column in self._columns(X, reset=True):
            _seconds(column)
        return self

    def transform(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """The parts of every column, shape (rows, columns x parts): all parts of the first column first.

        Raises:
            ValueError: A cell is no date.
        """
        check_is_fitted(self, "n_features_in_")
        first = dates.days_since_1970(dates.in_utc(self.since))
        made = []
        for column in self._columns(X, reset=False):
            seconds = _seconds(column)
            missing = np.isnat(seconds)
            for part in self.parts:
                values = _PARTS[part](seconds).astype(np.float64)
                made.append(np.where(missing, np.nan, values - first if part == "elapsed_days" else values))
        return np.column_stack(made)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """`<column>_<part>` for each feature, shape (columns x parts,)."""
        check_is_fitted(self, "n_features_in_")
        names = getattr(self, "feature_names_in_", None) if input_features is None else input_features
        if names is None:
            names = [f"x{index}" for index in range(self.n_features_in_)]
        return np.array([f"{name}_{part}" for name in names for part in self.parts], dtype=object)

    def _columns(self, X: Any, *, reset: bool) -> list[Any]:  # noqa: N803
        if not hasattr(X, "dtype") and not hasattr(X, "dtypes"):
            X = np.array(X, dtype=object)  # noqa: N806
        if len(X.shape) != 2:  # noqa: PLR2004 - rows and columns
            raise ValueError(f"Expected 2D input of shape (rows, columns), got shape {X.shape}")
        validate_data(self, X, reset=reset, skip_check_array=True)
        return [X.iloc[:, j] if hasattr(X, "iloc") else X[:, j] for j in range(X.shape[1])]


def _seconds(column: Any) -> NDArray[Any]:
    """A column's moments in UTC, as datetime64[s], NaT where missing."""
    if column.dtype.kind == "M":
        # pandas gives a column with a time zone as UTC where it is asked for a type without one.
        values = column.to_numpy(dtype="datetime64[us]") if hasattr(column, "to_numpy") else column
        return np.asarray(values).astype(_SECONDS)
    return np.array([_second(cell) for cell in column], dtype=_SECONDS)


def _second(cell: Any) -> Any:
    if isinstance(cell, str):
        dates.parse(cell)
        return np.datetime64(dates.in_utc(cell), "s")
    # pandas' own marks by name, since nothing else here needs pandas; NaN is what isn't equal to itself.
    if cell is None or type(cell).__name__ in {"NAType", "NaTType"} or cell != cell:  # noqa: PLR0124
        return np.datetime64("NaT", "s")
    raise ValueError(f"{cell!r} is not a date: DateParts takes ISO 8601 texts and datetime64")


def _count(unit: str) -> Callable[[NDArray[Any]], NDArray[np.int64]]:
    """Whole units since the start of 1970, rounded down."""
    return lambda seconds: seconds.astype(f"datetime64[{unit}]").astype(np.int64)


_years, _months, _days = map(_count, "YMD")


def _second_of_day(seconds: NDArray[Any]) -> NDArray[np.int64]:
    return np.asarray(seconds.astype(np.int64) % _DAY)


def _day_of_year(seconds: NDArray[Any]) -> NDArray[np.int64]:
    return _days(seconds) - _days(seconds.astype("datetime64[Y]")) + 1


def _day(seconds: NDArray[Any]) -> NDArray[np.int64]:
    return _days(seconds) - _days(seconds.astype("datetime64[M]")) + 1


def _weekday(seconds: NDArray[Any]) -> NDArray[np.int64]:
    return (_days(seconds) + _THURSDAY) % 7


def _week(seconds: NDArray[Any]) -> NDArray[np.int64]:
    thursday = _days(seconds) - _weekday(seconds) + _THURSDAY
    return (_day_of_year(thursday.astype("datetime64[D]")) - 1) // 7 + 1


_PARTS: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "year": lambda seconds: _years(seconds) + 1970,
    "quarter": lambda seconds: _months(seconds) % 12 // 3 + 1,
    "month": lambda seconds: _months(seconds) % 12 + 1,
    "week": _week,
    "day": _day,
    "day_of_year": _day_of_year,
    "weekday": _weekday,
    "hour": lambda seconds: _second_of_day(seconds) // 3600,
    "minute": lambda seconds: _second_of_day(seconds) // 60 % 60,
    "second": lambda seconds: _second_of_day(seconds) % 60,
    "elapsed_days": lambda seconds: _days(seconds) + _second_of_day(seconds) / _DAY,
}
