"""PowerTransformer and QuantileTransformer: features bent towards a distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import norm  # type: ignore[import-untyped]
from sklearn.preprocessing import PowerTransformer, QuantileTransformer
from sklearn.preprocessing._data import BOUNDS_THRESHOLD

from skylayer.compiler.program import Arithmetic, Unary

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Slots

EPSILON = float(np.finfo(np.float64).eps)
LOGARITHMIC = 1e-19  # scipy.special.boxcox takes the logarithm below this power
LARGEST_EXPONENT = 709.78  # and another formula above this exponent


def _raised(builder: Builder, logs: Slots, power: float) -> Slots:
    """expm1(power * logs) / power."""
    exponents = builder.arithmetic(Arithmetic.MULTIPLY, logs, power)
    return builder.arithmetic(Arithmetic.DIVIDE, builder.unary(Unary.EXPM1, exponents), power)


def _yeo_johnson(builder: Builder, x: Slots, power: np.floating[Any]) -> Slots:
    """scipy.stats.yeojohnson with a given power, whose distance to 2 is taken in the power's own precision."""
    positive = builder.arithmetic(Arithmetic.GREATER_EQUAL, x, 0.0)
    above = builder.unary(Unary.LOG1P, x)
    if abs(power) >= EPSILON:
        above = _raised(builder, above, float(power))
    below = builder.unary(Unary.LOG1P, builder.unary(Unary.NEGATE, x))
    if abs(power - 2) > EPSILON:
        below = _raised(builder, below, float(2 - power))
    return builder.select(positive, above, builder.unary(Unary.NEGATE, below))


def _box_cox(builder: Builder, x: Slots, of_any_precision: np.floating[Any]) -> Slots:
    """scipy.special.boxcox; what isn't positive is refused."""
    power = float(of_any_precision)
    refused = builder.arithmetic(Arithmetic.LESS_EQUAL, x, 0.0)
    builder.refuse(refused, "the Box-Cox transformation accepts positive values only")
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
        for slot in bend(builder, (feature,), power)
    )
    return builder.transform(transformer._scaler, bent, "_scaler") if transformer.standardize else bent  # noqa: SLF001


def transform_quantile(builder: Builder, transformer: Any, frame: Frame) -> Frame:
    """The share of the training data below each value, the mean of both sides of a step."""
    x = builder.check(frame, allow_nan=True)
    quantiles = np.asarray(transformer.quantiles_, dtype=np.float64).T
    shares = np.asarray(transformer.references_, dtype=np.float64)
    rising = builder.piecewise(x, quantiles.tolist(), [shares.tolist()] * len(x))
    falling = builder.piecewise(
        builder.unary(Unary.NEGATE, x), (-quantiles[:, ::-1]).tolist(), [(-shares[::-1]).tolist()] * len(x)
    )
    both = builder.combine(Arithmetic.SUBTRACT, rising, falling)
    both = builder.arithmetic(Arithmetic.MULTIPLY, both, 0.5)
    normal = transformer.output_distribution == "normal"
    highest, lowest = ends_of(builder, x, quantiles[:, 0], quantiles[:, -1], normal=normal)
    zero, one = builder.constant([0.0, 1.0])
    both = builder.select(highest, (one,) * len(x), both)
    both = builder.select(lowest, (zero,) * len(x), both)
    if not normal:
        return both
    least = BOUNDS_THRESHOLD - np.spacing(1)
    bent = builder.unary(Unary.PROBIT, both)
    bent = builder.arithmetic(Arithmetic.MAXIMUM, bent, norm.ppf(least))
    return builder.arithmetic(Arithmetic.MINIMUM, bent, norm.ppf(1 - least))


def ends_of(builder: Builder, x: Slots, low: Any, high: Any, *, normal: bool) -> tuple[Slots, Slots]:
    """Where values lie at the upper and at the lower end, to within a threshold if they become normal."""
    if not normal:
        return builder.arithmetic(Arithmetic.EQUAL, x, high), builder.arithmetic(Arithmetic.EQUAL, x, low)
    above = builder.arithmetic(Arithmetic.ADD, x, BOUNDS_THRESHOLD)
    below = builder.arithmetic(Arithmetic.SUBTRACT, x, BOUNDS_THRESHOLD)
    return builder.arithmetic(Arithmetic.GREATER, above, high), builder.arithmetic(
        Arithmetic.LESS, below, low
    )


TRANSFORMERS = {PowerTransformer: transform_power, QuantileTransformer: transform_quantile}
