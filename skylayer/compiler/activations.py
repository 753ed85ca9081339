"""The activation functions of networks, operation by operation: what `skylayer.compiler.keras.activations` says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skylayer.compiler.program import Arithmetic, Reduce, Unary

if TYPE_CHECKING:
    from collections.abc import Callable

    from skylayer.compiler.builder import Builder
    from skylayer.compiler.keras.network import Activate
    from skylayer.compiler.prediction import Slots


def activate(builder: Builder, activation: Activate, x: Slots) -> Slots:
    """A function of each slot by itself."""
    function = _OF_NUMBERS.get(activation.function)
    if function is None:
        builder.cannot("has no native equivalent", f"activation={activation.function!r}")
    return function(builder, activation, x)


def _unary(kind: Unary) -> Callable[[Builder, Activate, Slots], Slots]:
    return lambda builder, _, x: builder.unary(kind, x)


def _rectify(builder: Builder, a: Activate, x: Slots) -> Slots:
    slopes = np.asarray(a.slopes, dtype=np.float32).astype(np.float64).ravel()
    if slopes.any():
        y = _where_positive(builder, x, builder.arithmetic(Arithmetic.MULTIPLY, x, slopes))
    else:
        y = builder.unary(Unary.RECTIFY, x)
    return y if a.maximum is None else builder.arithmetic(Arithmetic.MINIMUM, y, a.maximum)


def _elu(builder: Builder, a: Activate, x: Slots) -> Slots:
    below = builder.unary(Unary.EXPM1, builder.arithmetic(Arithmetic.MINIMUM, x, 0.0))
    below = builder.arithmetic(Arithmetic.MULTIPLY, below, a.alpha)
    return builder.arithmetic(Arithmetic.MULTIPLY, _where_positive(builder, x, below), a.scale)


def _where_positive(builder: Builder, x: Slots, otherwise: Slots) -> Slots:
    return builder.select(builder.arithmetic(Arithmetic.GREATER, x, 0.0), x, otherwise)


def _hard_sigmoid(builder: Builder, a: Activate, x: Slots) -> Slots:
    line = builder.arithmetic(Arithmetic.ADD, builder.arithmetic(Arithmetic.MULTIPLY, x, a.alpha), 0.5)
    return builder.arithmetic(Arithmetic.MINIMUM, builder.unary(Unary.RECTIFY, line), 1.0)


def _softplus(builder: Builder, _: Activate, x: Slots) -> Slots:
    """max(x, 0) + log1p(exp(-|x|)), which doesn't overflow."""
    powers = builder.unary(Unary.EXP, builder.unary(Unary.NEGATE, builder.unary(Unary.ABSOLUTE, x)))
    positive = builder.unary(Unary.RECTIFY, x)
    return builder.combine(Arithmetic.ADD, positive, builder.unary(Unary.LOG1P, powers))


def _softsign(builder: Builder, _: Activate, x: Slots) -> Slots:
    size = builder.arithmetic(Arithmetic.ADD, builder.unary(Unary.ABSOLUTE, x), 1.0)
    return builder.combine(Arithmetic.DIVIDE, x, size)


def _gelu(builder: Builder, _: Activate, x: Slots) -> Slots:
    scaled = builder.arithmetic(Arithmetic.MULTIPLY, x, np.sqrt(0.5))
    gate = builder.arithmetic(Arithmetic.ADD, builder.unary(Unary.ERF, scaled), 1.0)
    return builder.combine(Arithmetic.MULTIPLY, builder.arithmetic(Arithmetic.MULTIPLY, x, 0.5), gate)


def _gated(
    gate: Callable[[Builder, Activate, Slots], Slots],
) -> Callable[[Builder, Activate, Slots], Slots]:
    """Each slot times a gate between 0 and 1."""
    return lambda builder, a, x: builder.combine(Arithmetic.MULTIPLY, x, gate(builder, a, x))


def _log_softmax(builder: Builder, x: Slots) -> Slots:
    shifted = builder.combine(Arithmetic.SUBTRACT, x, (builder.reduce(Reduce.MAXIMUM, x),))
    total = builder.reduce(Reduce.PAIRWISE_SUM, builder.unary(Unary.EXP, shifted))
    return builder.combine(Arithmetic.SUBTRACT, shifted, builder.unary(Unary.LOG, (total,)))


OF_ROWS: dict[str, Callable[[Builder, Slots], Slots]] = {
    "softmax": lambda builder, x: builder.softmax(x),
    "log_softmax": _log_softmax,
}
_OF_NUMBERS: dict[str, Callable[[Builder, Activate, Slots], Slots]] = {
    "rectify": _rectify,
    "elu": _elu,
    "sigmoid": _unary(Unary.EXPIT),
    "hard_sigmoid": _hard_sigmoid,
    "tanh": _unary(Unary.TANH),
    "softplus": _softplus,
    "softsign": _softsign,
    "gelu": _gelu,
    "silu": _gated(_unary(Unary.EXPIT)),
    "hard_silu": _gated(_hard_sigmoid),
    "mish": _gated(lambda builder, a, x: builder.unary(Unary.TANH, _softplus(builder, a, x))),
    "exponential": _unary(Unary.EXP),
}
