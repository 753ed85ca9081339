"""Isotonic regression: interpolation between thresholds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sklearn.isotonic import IsotonicRegression

from skylayer.compiler.prediction import Prediction
from skylayer.compiler.program import Arithmetic

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Slots


def interpolate(builder: Builder, estimator: Any, slot: int) -> Slots:
    """What predict answers to one number: outside of the thresholds clipped, missing or refused."""
    xs, ys = estimator.X_thresholds_, estimator.y_thresholds_
    if xs.dtype != "float64":
        builder.cannot("was fitted in float32: the native engine computes in float64")
    if len(ys) == 1:
        return builder.constant(ys)
    value = builder.piecewise((slot,), [xs], [ys])
    if estimator.out_of_bounds == "clip":
        return value  # beyond its ends the interpolation keeps the end's value
    outside = builder.combine(
        Arithmetic.MAXIMUM,
        builder.arithmetic(Arithmetic.LESS, (slot,), xs[0]),
        builder.arithmetic(Arithmetic.GREATER, (slot,), xs[-1]),
    )
    if estimator.out_of_bounds == "nan":
        return builder.select(outside, builder.constant([math.nan]), value)
    detail = f"IsotonicRegression accepts values from {xs[0]} to {xs[-1]}"
    return builder.combine(Arithmetic.ADD, value, builder.gather(outside[0], [[0.0]], None, detail))


def predict_isotonic(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """A function of the only feature."""
    if len(frame) != 1:
        builder.cannot(f"takes one feature and gets {len(frame)}")
    return Prediction(interpolate(builder, estimator, builder.check(frame)[0]))


PREDICTORS = {IsotonicRegression: predict_isotonic}
