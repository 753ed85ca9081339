"""Rules of operations that decide: exact, or undecided where a decision lies within the error bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skylayer.compiler.program import Arithmetic
from skylayer.proof.rounding import EPSILON, SMALLEST

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skylayer.compiler.program import Operation
    from skylayer.proof.rounding import Rows


COMPARISONS = {
    Arithmetic.GREATER,
    Arithmetic.GREATER_EQUAL,
    Arithmetic.LESS,
    Arithmetic.LESS_EQUAL,
    Arithmetic.EQUAL,
}


def candidates(x: Rows, r: Rows, *, largest: bool = True) -> NDArray[np.bool_]:
    """Which of several slots may be the largest (smallest), shape (rows, slots); a NaN counts as such."""
    sign = 1.0 if largest else -1.0
    value = np.where(np.isnan(x), np.inf, sign * x)
    # A sum beyond a double is infinite, which is what no bound means.
    with np.errstate(invalid="ignore", over="ignore"):
        low = np.where(np.isinf(r), -np.inf, value - r)
        high = np.where(np.isinf(r), np.inf, value + r)
    return np.asarray(high >= low.max(axis=1, keepdims=True))


def shifted(_: Operation, x: Rows, r: Rows, y: Rows) -> Rows:
    """Less the largest: exactly 0 where x is the largest without doubt."""
    x, r = x[:, :-1], r[:, :-1]
    possible = candidates(x, r)
    unique = possible.sum(axis=1, keepdims=True) == 1
    largest = np.where(possible, r, 0.0).max(axis=1, keepdims=True)
    bound = r + largest
    bound = bound + np.where(bound > 0, EPSILON * (np.abs(y) + bound) + SMALLEST, 0.0)
    return np.where(unique & possible & np.isfinite(x), 0.0, bound)


def replace(o: Operation, x: Rows, r: Rows, _: Rows) -> Rows:
    """What isn't replaced passes its bound on; a number within its bound of the replaced one is undecided."""
    if not o.kind:
        return r
    return np.where((r > 0) & (np.abs(x - o.arrays[1][0]) <= r), np.inf, r)


def select(o: Operation, x: Rows, r: Rows, _: Rows) -> Rows:
    """The chosen operand's bound, or how far both lie apart where the condition is undecided."""
    n = o.outputs
    then, otherwise = x[:, n : 2 * n], x[:, 2 * n :]
    chosen = np.where(x[:, :n] != 0.0, r[:, n : 2 * n], r[:, 2 * n :])
    either = np.maximum(r[:, n : 2 * n], r[:, 2 * n :]) + np.abs(then - otherwise)
    either += 2 * EPSILON * either
    return np.where((r[:, :n] > 0) & ~(np.abs(x[:, :n]) > r[:, :n]), either, chosen)


def keyed(_: Operation, __: Rows, r: Rows, y: Rows) -> Rows:
    """A lookup by value: exact or undecided."""
    return np.where(r.any(axis=1, keepdims=True), np.inf, np.zeros_like(y))


def bins(o: Operation, x: Rows, r: Rows, y: Rows) -> Rows:
    """How many edges lie within the bound."""
    starts, edges = (a for a in o.arrays[:2])
    bound = np.zeros_like(y)
    for i in range(x.shape[1]):
        own = edges[starts[i] : starts[i + 1]].astype(np.float64)
        low, high = np.searchsorted(own, x[:, i] - r[:, i]), np.searchsorted(own, x[:, i] + r[:, i], "right")
        bound[:, i] = np.where(r[:, i] > 0, high - low, 0)
    return bound
