"""How far functions that libraries round differently may lie apart: exp, log, tanh and their kin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special  # type: ignore[import-untyped]

from skylayer.compiler.program import Unary
from skylayer.proof.rounding import EPSILON, SMALLEST, ULPS

if TYPE_CHECKING:
    from collections.abc import Callable

    from skylayer.proof.rounding import Rows

    Slope = Callable[[Rows, Rows, Rows], Rows]

PROBIT_ULPS = 6  # scipy's quantile of the normal distribution lies up to 3.8 ulp from the true one
_LARGEST_EXPONENT = 745.0
# As numpy or scipy have them.
_MONOTONE: dict[Unary, Callable[[Any], Any]] = {
    Unary.EXP: np.exp,
    Unary.LOG: np.log,
    Unary.EXPM1: np.expm1,
    Unary.LOG1P: np.log1p,
    Unary.TANH: np.tanh,
    Unary.EXPIT: special.expit,
    Unary.ERF: special.erf,
    Unary.NORMAL_CDF: special.ndtr,
    Unary.PROBIT: special.ndtri,
    Unary.LOG2: np.log2,
    Unary.LOG10: np.log10,
    Unary.EXP2: np.exp2,
    Unary.CBRT: np.cbrt,
}
TRANSCENDENTAL = {*_MONOTONE, Unary.SIN, Unary.COS}
_EXPONENTIAL = {Unary.EXP, Unary.EXPM1, Unary.EXPIT, Unary.EXP2}
# The steepest slope between x - r and x + r, from x, r and the value at x; where there is none, what the function
# says at both ends is all that is known.
_SLOPES: dict[Unary, Slope] = {
    Unary.EXP: lambda x, r, _: np.exp(x + r),
    Unary.EXPM1: lambda x, r, _: np.exp(x + r),
    Unary.EXP2: lambda x, r, _: np.exp2(x + r),
    Unary.LOG: lambda x, r, _: 1.0 / np.maximum(x - r, 0.0),
    Unary.LOG1P: lambda x, r, _: 1.0 / np.maximum(1.0 + x - r, 0.0),
    Unary.LOG2: lambda x, r, _: 1.5 / np.maximum(x - r, 0.0),
    Unary.LOG10: lambda x, r, _: 0.5 / np.maximum(x - r, 0.0),
    Unary.TANH: lambda _, r, y: 1.0 - y * y + 2 * r,
    Unary.EXPIT: lambda _, r, y: np.minimum(0.25, y * (1.0 - y) + r),
    Unary.ERF: lambda x, _, __: np.full_like(x, 2.0 / np.sqrt(np.pi)),
    Unary.NORMAL_CDF: lambda x, _, __: np.full_like(x, 0.4),
    Unary.SIN: lambda x, r, _: np.minimum(1.0, np.abs(np.cos(x)) + r),
    Unary.COS: lambda x, r, _: np.minimum(1.0, np.abs(np.sin(x)) + r),
}


def transcendental(kind: Unary, x: Rows, r: Rows, y: Rows) -> Rows:
    """The error bound of a function's value, given its argument's value and error bound."""
    unit = (PROBIT_ULPS if kind == Unary.PROBIT else ULPS) * EPSILON
    rounding = unit * np.abs(y) * _conditioning(kind, np.abs(x)) + SMALLEST
    rounding = np.where(np.isfinite(y), rounding, 0.0)
    bound = _SLOPES[kind](x, r, y) * r if kind in _SLOPES else np.full_like(x, np.inf)
    if kind in _MONOTONE:
        high, low = _MONOTONE[kind](x + r), _MONOTONE[kind](x - r)
        span = np.maximum(high - y, y - low)
        span += unit * np.maximum(np.abs(high), np.abs(low)) * _conditioning(kind, np.abs(x) + r)
        bound = np.fmin(bound, span)
    else:
        bound = np.minimum(bound, 2.0)
    return np.asarray(np.where(r > 0, bound, 0.0) + rounding, dtype=np.float64)


def _conditioning(kind: Unary, size: Rows) -> Rows | float:
    """How many times a function magnifies what its argument was rounded by, from the argument's size."""
    if kind == Unary.NORMAL_CDF:  # scipy rounds x / sqrt(2) first
        return np.maximum(1.0, size * size)
    if kind in _EXPONENTIAL:  # what a shift before the function loses
        return np.maximum(1.0, np.minimum(size, _LARGEST_EXPONENT))
    return 1.0
