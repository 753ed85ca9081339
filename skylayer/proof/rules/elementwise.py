"""Rules of arithmetic and functions, slot by slot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer.compiler.program import Arithmetic, Unary
from skylayer.proof.rounding import EPSILON, FLOAT32_EPSILON, SMALLEST, ULPS
from skylayer.proof.rules.comparisons import COMPARISONS
from skylayer.proof.rules.functions import TRANSCENDENTAL, transcendental

if TYPE_CHECKING:
    from collections.abc import Callable

    from skylayer.compiler.program import Operation
    from skylayer.proof.rounding import Rows


_STEPS: dict[int, Callable[[Any], Any]] = {
    Unary.SIGN: np.sign,
    Unary.FLOOR: np.floor,
    Unary.CEIL: np.ceil,
    Unary.TRUNCATE: np.trunc,
    Unary.ROUND: np.rint,
}


def round32(_: Operation, x: Rows, r: Rows, __: Rows) -> Rows:
    """XGBoost takes its functions in float32; libraries differ there as they do in double precision."""
    return np.where(r > 0, r + ULPS * FLOAT32_EPSILON * (np.abs(x) + r), 0.0)


def arithmetic(o: Operation, x: Rows, r: Rows, y: Rows) -> Rows:
    """Each slot and its constant, which is exact."""
    constants = np.broadcast_to(o.arrays[0].astype(np.float64), x.shape)
    return _binary(o.kind, x, r, constants, np.zeros_like(x), y)


def combine(o: Operation, x: Rows, r: Rows, y: Rows) -> Rows:
    """Two slots, or each slot and one slot for all."""
    n = o.outputs
    second = slice(n, 2 * n) if len(o.inputs) == 2 * n else slice(n, n + 1)
    a, b = x[:, :n], np.broadcast_to(x[:, second], (len(x), n))
    return _binary(o.kind, a, r[:, :n], b, np.broadcast_to(r[:, second], (len(x), n)), y)


def _binary(  # noqa: PLR0917 - two operands with their error bounds
    kind: int, a: Rows, ra: Rows, b: Rows, rb: Rows, y: Rows
) -> Rows:
    both = ra + rb
    if kind in COMPARISONS:
        return np.where((both > 0) & ~(np.abs(a - b) > both), 1.0, 0.0)
    if kind in {Arithmetic.MAXIMUM, Arithmetic.MINIMUM}:
        extreme = np.maximum if kind == Arithmetic.MAXIMUM else np.minimum
        moved = np.maximum(extreme(a + ra, b + rb) - y, y - extreme(a - ra, b - rb))
        return np.where(np.isnan(y), np.maximum(ra, rb), moved)
    if kind == Arithmetic.MULTIPLY:
        bound = np.abs(a) * rb + np.abs(b) * ra + ra * rb
    elif kind in {Arithmetic.DIVIDE, Arithmetic.REVERSE_DIVIDE}:
        if kind == Arithmetic.REVERSE_DIVIDE:
            a, ra, b, rb = b, rb, a, ra
        room = np.abs(b) - rb
        bound = np.where(room > 0, (ra + np.abs(y) * rb) / room, np.inf)
    elif kind == Arithmetic.POWER:
        return (
            np.where(both > 0, _power(np.abs(a), ra, b, rb, y), 0.0) + ULPS * EPSILON * np.abs(y) + SMALLEST
        )
    else:
        bound = both
    return np.where(both > 0, bound + EPSILON * (np.abs(y) + bound) + SMALLEST, 0.0)


def _power(size: Rows, ra: Rows, b: Rows, rb: Rows, y: Rows) -> Rows:
    """How far a power moves: it is monotone in both operands, so that the corners tell, unless the base may be 0."""
    corners = [np.power(np.maximum(size + i * ra, 0.0), b + k * rb) for i in (-1, 1) for k in (-1, 1)]
    largest, size_of_y = np.maximum.reduce(corners), np.abs(y)
    moved = np.maximum.reduce([np.abs(corner - size_of_y) for corner in corners]) + ULPS * EPSILON * largest
    through_zero = np.where((b >= 0) & (rb == 0), largest + size_of_y, np.inf)
    return np.where(size > ra, moved, through_zero)


def unary(o: Operation, x: Rows, r: Rows, y: Rows) -> Rows:
    """A function of one slot."""
    kind = Unary(o.kind)
    if kind in _STEPS:
        f = _STEPS[kind]
        return np.asarray(np.abs(f(x + r) - f(x - r)), dtype=np.float64)
    if kind in {Unary.NEGATE, Unary.ABSOLUTE}:
        return r
    if kind == Unary.RECTIFY:
        return np.where(x < 0, np.maximum(x + r, 0.0), r)
    if kind == Unary.IS_NAN:
        return np.where(np.isinf(r), 1.0, 0.0)
    if kind in TRANSCENDENTAL:
        return transcendental(kind, x, r, y)
    if kind == Unary.SQUARE:
        bound = 2 * np.abs(x) * r + r * r
    elif kind == Unary.SQUARE_ROOT:
        bound = np.minimum(np.sqrt(r), r / (y + np.sqrt(np.maximum(x - r, 0.0))))
    else:  # reciprocal
        bound = np.where(np.abs(x) > r, np.abs(y) * r / (np.abs(x) - r), np.inf)
    return np.where(r > 0, bound + EPSILON * (np.abs(y) + bound) + SMALLEST, 0.0)


def piecewise(o: Operation, x: Rows, r: Rows, y: Rows) -> Rows:
    """The steepest slope within the bound, times the bound."""
    starts, xs, ys = (a for a in o.arrays[:3])
    bound = np.zeros_like(y)
    for i in range(x.shape[1]):
        own = slice(int(starts[i]), int(starts[i + 1]))
        knots, heights = xs[own].astype(np.float64), ys[own].astype(np.float64)
        steep = np.abs(np.diff(heights) / np.diff(knots))
        slopes = np.concatenate([[0.0], np.where(np.isnan(steep), 0.0, steep), [0.0]])
        size = np.abs(heights)
        sizes = np.concatenate([size[:1], np.maximum(size[1:], size[:-1]), size[-1:]])
        low = np.searchsorted(knots, x[:, i] - r[:, i])
        high = np.searchsorted(knots, x[:, i] + r[:, i], "right")
        steepest, largest = slopes[low], sizes[low]
        for row in np.flatnonzero((low != high) & (r[:, i] > 0)):
            between = slice(low[row], high[row] + 1)
            steepest[row], largest[row] = slopes[between].max(), sizes[between].max()
        # Interpolation rounds what it adds to a knot's height.
        moved = r[:, i] * steepest + 2 * EPSILON * largest + SMALLEST
        bound[:, i] = np.where(r[:, i] > 0, moved, 0.0)
    return bound
