"""Samples, and what is said about them: minimum, median and maximum, percentiles, ratios pair by pair."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True)
class Sample:
    """What one run of one variant gave: seconds or bytes, every single value."""

    figure: str
    model: str
    variant: str
    round: int
    values: list[float]
    series: str = "main"
    at: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Spread:
    """Minimum, median and maximum."""

    minimum: float
    median: float
    maximum: float

    def scaled(self, factor: float) -> Spread:
        """Give the same in another unit."""
        return Spread(self.minimum * factor, self.median * factor, self.maximum * factor)


def spread(values: Sequence[float]) -> Spread:
    """Sum values up. Raises `ValueError` for none: a missing figure is never a number."""
    if not values:
        raise ValueError("no values to sum up")
    return Spread(min(values), median(values), max(values))


def percentile(values: Sequence[float], share: float) -> float:
    """Give the nearest-rank percentile: the smallest value that `share` of the values don't exceed."""
    if not values:
        raise ValueError("no values to take a percentile of")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def ratios(numerators: Iterable[Sample], denominators: Iterable[Sample]) -> list[float]:
    """Divide pair by pair: the medians of the runs that share a round, for every round that has both."""
    below = {sample.round: median(sample.values) for sample in denominators}
    return [median(s.values) / below[s.round] for s in numerators if s.round in below]


def select(
    samples: Iterable[Sample],
    figure: str,
    model: str | None = None,
    variant: str | None = None,
    *,
    series: str = "main",
    at: dict[str, float] | None = None,
) -> list[Sample]:
    """Choose samples; those named `at` must have been taken there."""
    return [
        sample
        for sample in samples
        if sample.figure == figure
        and sample.series == series
        and model in (None, sample.model)
        and variant in (None, sample.variant)
        and all(sample.at.get(name) == value for name, value in (at or {}).items())
    ]


def values(samples: Iterable[Sample]) -> list[float]:
    """Give all values of the samples, in order."""
    return [value for sample in samples for value in sample.values]
