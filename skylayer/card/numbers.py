"""Numbers as people write them: 1,234.5 and 0.0123, not 1.234e+03."""

from __future__ import annotations

import math
from typing import Any

_DIGITS = 5  # significant, of numbers above 1
_THOUSAND = 1_000
_WHOLE = 10_000  # from here on all digits before the point, and none behind it
_DIGITS_OF_A_FRACTION = 4
_SMALLEST, _LARGEST = 1e-4, 1e15  # beyond them zeros would have to be counted


def number(value: float, digits: int | None = None) -> str:
    """A number with commas between thousands and few digits behind its point.

    Args:
        value: What to write.
        digits: How many of them are significant: 5 above 1 and 4 below, unless another number is given.
    """
    size = abs(value)
    if value == 0:
        return "0"
    if not _SMALLEST <= size < _LARGEST:
        return f"{value:.3g}"
    if digits is None and size >= _WHOLE:
        return f"{value:,.0f}"
    digits = digits or (_DIGITS if size >= 1 else _DIGITS_OF_A_FRACTION)
    rounded = float(f"{value:.{digits - 1}e}")
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(rounded))))
    text = f"{rounded:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if decimals else text


def extent(low: float, high: float) -> str:
    """A range of values, `0.5 to 14,103`; of whole numbers of four digits without commas, which years don't have."""
    ends = (low, high)
    if all(_THOUSAND <= end < _WHOLE and float(end).is_integer() for end in ends):
        return f"{low:.0f} to {high:.0f}"
    return f"{number(low)} to {number(high)}"


def metric(value: Any) -> str:
    """A metric, or its mean and standard deviation over folds."""
    if isinstance(value, dict):
        return f"{number(value['mean'])} ± {number(value['standard_deviation'], 2)}"
    return number(value)


def metric_name(key: str) -> str:
    """A metric's name in words; the name of its output, behind ` of `, stays as it is."""
    name, of, output = key.partition(" of ")
    return f"{name.replace('_', ' ')}{of}{output}"


def rows(count: int) -> str:
    """A number of rows: `1 row`, `1,309 rows`."""
    return counted(count, "row")


def counted(count: int, noun: str) -> str:
    """A number of things whose plural has an s: `1 column`, `1,309 columns`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
