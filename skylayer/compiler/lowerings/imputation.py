"""SimpleImputer, IterativeImputer and MissingIndicator."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.experimental import enable_iterative_imputer  # noqa: F401 - registers the imputer
from sklearn.impute import IterativeImputer, MissingIndicator, SimpleImputer

from skylayer.compiler.frame import UNSET, RawColumn
from skylayer.compiler.program import Arithmetic, Unary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Slots


def _is_nan(value: Any) -> bool:
    return isinstance(value, float | np.floating) and math.isnan(value)


def _of_objects(frame: Frame) -> bool:
    return any(isinstance(f, RawColumn) and not f.numeric for f in frame)


def _missing(builder: Builder, slots: Sequence[int], value: Any) -> Slots:
    if _is_nan(value):
        return builder.unary(Unary.IS_NAN, slots)
    return builder.arithmetic(Arithmetic.EQUAL, slots, float(value))


def _indicate(builder: Builder, indicator: Any, frame: Frame) -> Slots:
    chosen = tuple(frame[int(i)] for i in indicator.features_)
    value = indicator.missing_values
    if not _of_objects(frame):
        slots = builder.check(frame, allow_nan=_is_nan(value))
        return _missing(builder, [slots[int(i)] for i in indicator.features_], value)
    return tuple(_object_is_missing(builder, feature, value) for feature in chosen)


def _object_is_missing(builder: Builder, feature: RawColumn | int, value: Any) -> int:
    if isinstance(feature, int):
        builder.cannot("mixes computed numbers with columns of objects")
    return builder.codes(feature, [value], [1.0], unknown=0.0, detail="")


def transform_indicator(builder: Builder, indicator: Any, frame: Frame) -> Frame:
    """1 where a value is missing, else 0; with error_on_new, a new missing value refuses the row."""
    if (
        indicator.features == "missing-only"
        and indicator.error_on_new
        and len(indicator.features_) < len(frame)
    ):
        if _of_objects(frame):
            builder.cannot("raises on new missing values among columns of objects", "error_on_new=True")
        others = tuple(f for i, f in enumerate(frame) if i not in set(map(int, indicator.features_)))
        flags = _missing(builder, builder.check(others, allow_nan=True), indicator.missing_values)
        builder.check(builder.arithmetic(Arithmetic.MULTIPLY, flags, -1.0), not_negative=True)
    return _indicate(builder, indicator, frame)


def transform_imputer(builder: Builder, imputer: Any, frame: Frame) -> Frame:
    """Statistics for missing values; columns without any observed value vanish unless they are kept."""
    statistics = list(imputer.statistics_)
    kept = [i for i, s in enumerate(statistics) if imputer.keep_empty_features or not _is_nan(s)]
    if _of_objects(frame):
        filled = _fill_objects(builder, imputer, frame, kept)
    else:
        slots = builder.check(frame, allow_nan=_is_nan(imputer.missing_values))
        fills = [float(statistics[i]) for i in kept]
        chosen = [slots[i] for i in kept]
        filled = builder.replace(chosen, fills, float(imputer.missing_values)) if chosen else ()
    if imputer.indicator_ is not None:
        filled = (*filled, *_indicate(builder, imputer.indicator_, frame))
    return filled


def _fill_objects(builder: Builder, imputer: Any, frame: Frame, kept: list[int]) -> Frame:
    """Fill by remembering the value: whoever reads the column looks it up instead of the missing one."""
    missing = imputer.missing_values
    if missing is not None and not _is_nan(missing):
        builder.cannot("replaces a value among columns of objects", f"missing_values={missing!r}")
    result: list[RawColumn | int] = []
    for i in kept:
        feature, value = frame[i], imputer.statistics_[i]
        if isinstance(feature, int):
            builder.cannot("mixes computed numbers with columns of objects")
        fill = value.item() if isinstance(value, np.generic) else value
        same = (feature.null is None) == (missing is None)
        fills = same and feature.fill is UNSET and not _is_nan(fill) and fill is not None
        result.append(dataclasses.replace(feature, fill=fill) if fills else feature)
    return tuple(result)


def transform_iteratively(builder: Builder, imputer: Any, frame: Frame) -> Frame:
    """Round by round each feature, where it is missing, from the others, within its limits (van Buuren et al. 2011).

    scikit-learn leaves a batch in which no value is known as the first imputer filled it. A row without any value
    is taken here as it is beside others that have some.
    """
    if imputer.sample_posterior:
        builder.cannot("draws at random", "sample_posterior=True")
    value = imputer.missing_values
    first = imputer.initial_imputer_
    current = list(builder.numbers(builder.transform(first, frame, "initial_imputer_")))
    empty = imputer._is_empty_feature  # noqa: SLF001
    kept = np.flatnonzero(~empty | imputer.keep_empty_features)
    slots = builder.check(frame, allow_nan=_is_nan(value))
    absent = _missing(builder, [slots[i] for i in kept], value)
    limits = [getattr(imputer, f"_{end}_value", np.nan) for end in ("min", "max")]  # none without a round
    lowest, highest = (np.broadcast_to(limit, len(kept)) for limit in limits)
    sequence = imputer.imputation_sequence_ if imputer.n_iter_ else ()
    for turn, (feature, others, estimator) in enumerate(sequence):
        if empty[kept[feature]]:
            continue
        known = tuple(current[int(i)] for i in others)
        found = builder.predict(estimator, known, f"imputation_sequence_[{turn}]").values
        found = builder.arithmetic(Arithmetic.MAXIMUM, found, float(lowest[feature]))
        found = builder.arithmetic(Arithmetic.MINIMUM, found, float(highest[feature]))
        (current[feature],) = builder.select((absent[feature],), found, (current[feature],))
    filled = tuple(current)
    if imputer.indicator_ is not None:
        filled = (*filled, *_indicate(builder, imputer.indicator_, frame))
    return filled


TRANSFORMERS = {
    IterativeImputer: transform_iteratively,
    MissingIndicator: transform_indicator,
    SimpleImputer: transform_imputer,
}
