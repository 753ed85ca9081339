"""PowerTransformer and QuantileTransformer: features bent towards a distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.preprocessing import PowerTransformer, QuantileTransformer

from skylayer.compiler.program import Arithmetic, Unary

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder, Slots
    from skylayer.compiler.frame import Frame

EPSILON = float(np.finfo(np.float64).eps)
LOGARITHMIC = 1e-19  # scipy.special.boxcox takes the logarithm below this power
LARGEST_EXPONENT = 709.78  # and another formula above this exponent


def _raised(builder: Builder, logs: Slots, power: float) -> Slots:
    """expm1(power * logs) / power."""
    exponents = builder.arithmetic(Arithmetic.MULTIPLY, logs, power)
    return builder.arithmetic(Arithmetic.DIVIDE, builder.unary(Unary.EXPM1, exponents), power)


def _yeo_johnson(builder: Builder, x: Slots, power: float) -> Slots:
    """scipy.stats.yeojohnson with a given power."""
    positive = builder.arithmetic(Arithmetic.GREATER_EQUAL, x, 0.0)
    above = builder.unary(Unary.LOG1P, x)
    if abs(power) >= EPSILON:
        above = _raised(builder, above, power)
    below = builder.unary(Unary.LOG1P, builder.unary(Unary.NEGATE, x))
    if abs(power - 2) > EPSILON:
        below = _raised(builder, below, 2 - power)
    return builder.select(positive, above, builder.unary(Unary.NEGATE, below))


def _box_cox(builder: Builder, x: Slots, power: float) -> Slots:
    """scipy.special.boxcox; what isn't positive is refused."""
    refused = builder.arithmetic(Arithmetic.LESS_EQUAL, x, 0.0)
    detail = "the Box-Cox transformation accepts positive values only"
    x = builder.combine(Arithmetic.ADD, x, builder.table(refused[0], [[0.0]], None, detail))
    logs = builder.unary(Unary.LOG, x)
    if abs(power) < LOGARITHMIC:
        return logs
    exponents = builder.arithmetic(Arithmetic.MULTIPLY, logs, power)
    small = builder.arithmetic(Arithmetic.LESS, exponents, LARGEST_EXPONENT)
    large = builder.arithmetic(Arithmetic.SUBTRACT, exponents, float(np.log(abs(power))))
    large = builder.arithmetic(Arithmetic.MULTIPLY, builder.unary(Unary.EXP, large), float(np.sign(power)))
    large = builder.arithmetic(Arithmetic.SUBTRACT, large, 1 / power)
    return builder.select(small, _raised(builder, logs, power), large)


def transform_power(builder: Builder, transformer: Any, frame: Frame) -> Frame:
    """Yeo-Johnson or Box-Cox, then standardized if asked."""
    x = builder.check(frame, allow_nan=True)
    bend = _box_cox if transformer.method == "box-cox" else _yeo_johnson
    bent = tuple(
        slot
        for feature, power in zip(x, transformer.lambdas_, strict=True)
        for slot in bend(builder, (feature,), float(power))
    )
    return builder.transform(transformer._scaler, bent, "_scaler") if transformer.standardize else bent  # noqa: SLF001


def transform_quantile(builder: Builder, transformer: Any, frame: Frame) -> Frame:
    """The share of the training data below each value, the mean of both sides of a step."""
    if transformer.output_distribution != "uniform":
        builder.cannot("needs the inverse of the normal distribution", "output_distribution='normal'")
    x = builder.check(frame, allow_nan=True)
    quantiles = np.asarray(transformer.quantiles_, dtype=np.float64).T
    shares = np.asarray(transformer.references_, dtype=np.float64)
    rising = builder.piecewise(x, quantiles.tolist(), [shares.tolist()] * len(x))
    falling = builder.piecewise(
        builder.unary(Unary.NEGATE, x), (-quantiles[:, ::-1]).tolist(), [(-shares[::-1]).tolist()] * len(x)
    )
    both = builder.combine(Arithmetic.SUBTRACT, rising, falling)
    both = builder.arithmetic(Arithmetic.MULTIPLY, both, 0.5)
    ends = builder.constant([0.0, 1.0])
    highest = builder.arithmetic(Arithmetic.EQUAL, x, quantiles[:, -1])
    both = builder.select(highest, ends[1:] * len(x), both)
    lowest = builder.arithmetic(Arithmetic.EQUAL, x, quantiles[:, 0])
    return builder.select(lowest, ends[:1] * len(x), both)


TRANSFORMERS = {PowerTransformer: transform_power, QuantileTransformer: transform_quantile}
