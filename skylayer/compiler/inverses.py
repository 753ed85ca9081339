"""The way back through a transformer, for targets that were transformed before training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from skylayer.compiler.lowerings.distribution import ends_of
from skylayer.compiler.program import Arithmetic, Unary
from skylayer.compiler.universal_functions import apply_function

if TYPE_CHECKING:
    from collections.abc import Callable

    from skylayer.compiler.builder import Builder
    from skylayer.compiler.prediction import Slots


def invert(builder: Builder, transformer: Any, slots: Slots) -> Slots:
    """What `transformer.inverse_transform` makes of the slots."""
    inverse = _INVERSES.get(type(transformer))
    if inverse is None:
        builder.cannot(f"the inverse of {type(transformer).__name__} has no native equivalent")
    return inverse(builder, transformer, slots)


def _pipeline(builder: Builder, pipeline: Any, slots: Slots) -> Slots:
    for _, step in reversed(pipeline.steps):
        slots = slots if step in (None, "passthrough") else invert(builder, step, slots)
    return slots


def _function(builder: Builder, transformer: Any, slots: Slots) -> Slots:
    if transformer.check_inverse and transformer.validate:
        slots = builder.check(slots)
    return apply_function(builder, transformer.inverse_func, transformer.inv_kw_args, slots, "inverse_func")


def _standard(builder: Builder, scaler: Any, slots: Slots) -> Slots:
    if scaler.with_std:
        slots = builder.arithmetic(Arithmetic.MULTIPLY, slots, scaler.scale_)
    return builder.arithmetic(Arithmetic.ADD, slots, scaler.mean_) if scaler.with_mean else slots


def _robust(builder: Builder, scaler: Any, slots: Slots) -> Slots:
    if scaler.with_scaling:
        slots = builder.arithmetic(Arithmetic.MULTIPLY, slots, scaler.scale_)
    return builder.arithmetic(Arithmetic.ADD, slots, scaler.center_) if scaler.with_centering else slots


def _min_max(builder: Builder, scaler: Any, slots: Slots) -> Slots:
    slots = builder.arithmetic(Arithmetic.SUBTRACT, slots, scaler.min_)
    return builder.arithmetic(Arithmetic.DIVIDE, slots, scaler.scale_)


def _max_abs(builder: Builder, scaler: Any, slots: Slots) -> Slots:
    return builder.arithmetic(Arithmetic.MULTIPLY, slots, scaler.scale_)


def _quantile(builder: Builder, transformer: Any, slots: Slots) -> Slots:
    normal = transformer.output_distribution == "normal"
    if normal:
        slots = builder.unary(Unary.NORMAL_CDF, slots)
    references, quantiles = np.asarray(transformer.references_), np.asarray(transformer.quantiles_)
    found = builder.piecewise(slots, [references.tolist()] * len(slots), quantiles.T.tolist())
    if not normal:  # the ends are those of the knots
        return found
    highest, lowest = ends_of(builder, slots, 0.0, 1.0, normal=True)
    found = builder.select(highest, builder.constant(quantiles[-1]), found)
    return builder.select(lowest, builder.constant(quantiles[0]), found)


def _power(builder: Builder, transformer: Any, slots: Slots) -> Slots:
    if transformer.standardize:
        slots = _standard(builder, transformer._scaler, slots)  # noqa: SLF001
    straighten = _box_cox if transformer.method == "box-cox" else _yeo_johnson
    return tuple(
        straighten(builder, (slot,), float(power))[0]
        for slot, power in zip(slots, transformer.lambdas_, strict=True)
    )


def _yeo_johnson(builder: Builder, x: Slots, power: float) -> Slots:
    """scikit-learn's own inverse, which isn't scipy's."""
    negative = builder.unary(Unary.NEGATE, x)
    above = builder.arithmetic(Arithmetic.SUBTRACT, _grown(builder, x, power), 1.0)
    below = builder.arithmetic(Arithmetic.REVERSE_SUBTRACT, _grown(builder, negative, 2 - power), 1.0)
    return builder.select(builder.arithmetic(Arithmetic.GREATER_EQUAL, x, 0.0), above, below)


def _grown(builder: Builder, x: Slots, power: float) -> Slots:
    if abs(power) < np.spacing(1.0):
        return builder.unary(Unary.EXP, x)
    inner = builder.arithmetic(Arithmetic.ADD, builder.arithmetic(Arithmetic.MULTIPLY, x, power), 1.0)
    return builder.arithmetic(Arithmetic.POWER, inner, 1 / power)


def _box_cox(builder: Builder, x: Slots, power: float) -> Slots:
    """scipy.special.inv_boxcox, short of where power times x overflows."""
    if power == 0.0:
        return builder.unary(Unary.EXP, x)
    logs = builder.unary(Unary.LOG1P, builder.arithmetic(Arithmetic.MULTIPLY, x, power))
    return builder.unary(Unary.EXP, builder.arithmetic(Arithmetic.DIVIDE, logs, power))


_INVERSES: dict[type, Callable[[Builder, Any, Slots], Slots]] = {
    Pipeline: _pipeline,
    FunctionTransformer: _function,
    StandardScaler: _standard,
    RobustScaler: _robust,
    MinMaxScaler: _min_max,
    MaxAbsScaler: _max_abs,
    QuantileTransformer: _quantile,
    PowerTransformer: _power,
}
