"""The way back through a transformer, for targets that were transformed before training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from skylayer.compiler.program import Arithmetic
from skylayer.compiler.universal_functions import apply_function

if TYPE_CHECKING:
    from collections.abc import Callable

    from skylayer.compiler.builder import Builder, Slots


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
    if transformer.output_distribution != "uniform":
        builder.cannot("needs the normal distribution", "output_distribution='normal'")
    references = np.asarray(transformer.references_)
    knots = [references.tolist()] * len(slots)
    return builder.piecewise(slots, knots, transformer.quantiles_.T.tolist())


_INVERSES: dict[type, Callable[[Builder, Any, Slots], Slots]] = {
    Pipeline: _pipeline,
    FunctionTransformer: _function,
    StandardScaler: _standard,
    RobustScaler: _robust,
    MinMaxScaler: _min_max,
    MaxAbsScaler: _max_abs,
    QuantileTransformer: _quantile,
}
