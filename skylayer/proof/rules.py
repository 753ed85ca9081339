"""What each operation of a program makes of the error bounds of its inputs.

A rule takes the operation, its inputs' values and error bounds and its outputs' values (each of shape (rows, slots))
and gives the outputs' error bounds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer.compiler.program import (
    PAIRWISE_BLOCK,
    Arithmetic,
    Code,
    NeighbourFlag,
    Pairwise,
    Reduce,
    TreeFlag,
    Unary,
)
from skylayer.compiler.tree_nodes import CATEGORICAL, FEATURE, ZERO_IS_MISSING
from skylayer.proof.coupling import coupling
from skylayer.proof.functions import TRANSCENDENTAL, transcendental
from skylayer.proof.nearest import nearest
from skylayer.proof.rounding import EPSILON, FLOAT32_EPSILON, SMALLEST, TERMS, ULPS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from skylayer.compiler.program import Operation
    from skylayer.proof.rounding import Rows

    Rule = Callable[[Operation, Rows, Rows, Rows], Rows]

FALLBACK = 1e-12
ALMOST_ZERO = 1.0000000180025095e-35  # LightGBM's: what is no further from 0 counts as 0
_STEPS: dict[int, Callable[[Any], Any]] = {
    Unary.SIGN: np.sign,
    Unary.FLOOR: np.floor,
    Unary.CEIL: np.ceil,
    Unary.TRUNCATE: np.trunc,
    Unary.ROUND: np.rint,
}
_COMPARISONS = {
    Arithmetic.GREATER,
    Arithmetic.GREATER_EQUAL,
    Arithmetic.LESS,
    Arithmetic.LESS_EQUAL,
    Arithmetic.EQUAL,
}


def is_source(o: Operation) -> bool:
    """Whether an operation's own bits may differ from scikit-learn's."""
    if o.code == Code.UNARY:
        return o.kind in TRANSCENDENTAL
    if o.code in {Code.ARITHMETIC, Code.COMBINE}:
        return o.kind == Arithmetic.POWER
    if o.code == Code.REDUCE:
        return o.kind == Reduce.PAIRWISE_SUM and len(o.inputs) > PAIRWISE_BLOCK
    if o.code == Code.NEIGHBOURS:
        return bool(o.flags & NeighbourFlag.ANY_ORDER)
    return o.code in {Code.MATRIX, Code.PAIRWISE} or o.code not in RULES


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


def unknown(_: Operation, __: Rows, r: Rows, y: Rows) -> Rows:
    """An operation without a rule: close if its inputs are exact, anything if they aren't."""
    scale = FALLBACK * np.abs(y).max(axis=1, keepdims=True)
    return np.where(r.any(axis=1, keepdims=True), np.inf, scale)


def _round32(_: Operation, x: Rows, r: Rows, __: Rows) -> Rows:
    # XGBoost takes its functions in float32; libraries differ there as they do in double precision.
    return np.where(r > 0, r + ULPS * FLOAT32_EPSILON * (np.abs(x) + r), 0.0)


def _replace(o: Operation, x: Rows, r: Rows, _: Rows) -> Rows:
    if not o.kind:
        return r
    return np.where((r > 0) & (np.abs(x - o.arrays[1][0]) <= r), np.inf, r)


def _arithmetic(o: Operation, x: Rows, r: Rows, y: Rows) -> Rows:
    constants = np.broadcast_to(o.arrays[0].astype(np.float64), x.shape)
    return _binary(o.kind, x, r, constants, np.zeros_like(x), y)


def _combine(o: Operation, x: Rows, r: Rows, y: Rows) -> Rows:
    n = o.outputs
    second = slice(n, 2 * n) if len(o.inputs) == 2 * n else slice(n, n + 1)
    a, b = x[:, :n], np.broadcast_to(x[:, second], (len(x), n))
    return _binary(o.kind, a, r[:, :n], b, np.broadcast_to(r[:, second], (len(x), n)), y)


def _binary(  # noqa: PLR0917 - two operands with their error bounds
    kind: int, a: Rows, ra: Rows, b: Rows, rb: Rows, y: Rows
) -> Rows:
    both = ra + rb
    if kind in _COMPARISONS:
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


def _unary(o: Operation, x: Rows, r: Rows, y: Rows) -> Rows:
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


def _select(o: Operation, x: Rows, r: Rows, _: Rows) -> Rows:
    n = o.outputs
    then, otherwise = x[:, n : 2 * n], x[:, 2 * n :]
    chosen = np.where(x[:, :n] != 0.0, r[:, n : 2 * n], r[:, 2 * n :])
    either = np.maximum(r[:, n : 2 * n], r[:, 2 * n :]) + np.abs(then - otherwise)
    either += EPSILON * np.maximum(np.abs(then), np.abs(otherwise))
    return np.where((r[:, :n] > 0) & ~(np.abs(x[:, :n]) > r[:, :n]), either, chosen)


def _reduce(o: Operation, x: Rows, r: Rows, y: Rows) -> Rows:
    if o.kind in {Reduce.ARGMAX, Reduce.ARGMIN}:
        possible = candidates(x, r, largest=o.kind == Reduce.ARGMAX)
        tied = possible.sum(axis=1, keepdims=True) > 1
        # Equal ones that are exact are told apart by their order, on both sides alike.
        return np.where(tied & (possible & (r > 0)).any(axis=1, keepdims=True), np.inf, 0.0)
    if o.kind in {Reduce.MAXIMUM, Reduce.MINIMUM}:
        extreme = np.max if o.kind == Reduce.MAXIMUM else np.min
        high, low = (extreme(values, axis=1, keepdims=True) for values in (x + r, x - r))
        return np.where(np.isnan(y), r.max(axis=1, keepdims=True), np.maximum(high - y, y - low))
    total = r.sum(axis=1, keepdims=True)
    rounding = len(o.inputs) * (EPSILON * (np.abs(x).sum(axis=1, keepdims=True) + total) + SMALLEST)
    return total + np.where((total > 0) | (len(o.inputs) > PAIRWISE_BLOCK), rounding, 0.0) + 0.0 * y


def _keyed(_: Operation, __: Rows, r: Rows, y: Rows) -> Rows:
    """A lookup by value: exact or undecided."""
    return np.where(r.any(axis=1, keepdims=True), np.inf, np.zeros_like(y))


def _bins(o: Operation, x: Rows, r: Rows, y: Rows) -> Rows:
    starts, edges = (a for a in o.arrays[:2])
    bound = np.zeros_like(y)
    for i in range(x.shape[1]):
        own = edges[starts[i] : starts[i + 1]].astype(np.float64)
        low, high = np.searchsorted(own, x[:, i] - r[:, i]), np.searchsorted(own, x[:, i] + r[:, i], "right")
        bound[:, i] = np.where(r[:, i] > 0, high - low, 0)
    return bound


def _piecewise(o: Operation, x: Rows, r: Rows, y: Rows) -> Rows:
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


def _matrix(o: Operation, x: Rows, r: Rows, _: Rows) -> Rows:
    weights = np.abs(o.arrays[0].astype(np.float64).reshape(o.outputs, -1))
    terms = (np.abs(x) + r) @ weights.T
    if len(o.arrays) > 1 and o.arrays[1].size:
        terms = terms + np.abs(o.arrays[1].astype(np.float64))
    return np.asarray(r @ weights.T + TERMS * terms + (len(o.inputs) + 1) * SMALLEST)


def _pairwise(o: Operation, x: Rows, r: Rows, y: Rows) -> Rows:
    stored = o.arrays[0].astype(np.float64).reshape(o.outputs, -1)
    if o.kind == Pairwise.DOT:
        return _matrix(o, x, r, y)
    if o.kind == Pairwise.SQUARED_EUCLIDEAN:  # scikit-learn may expand it to x² - 2xp + p²
        scale = ((np.abs(x) + r) ** 2).sum(axis=1)[:, None] + (stored * stored).sum(axis=1)[None, :]
        moved = (r * r).sum(axis=1)[:, None] + np.zeros_like(y)
        for i in np.flatnonzero((r > 0).any(axis=0)):
            moved += 2 * np.abs(x[:, i, None] - stored[None, :, i]) * r[:, i, None]
        return np.asarray(TERMS * scale + moved)
    manhattan = o.kind == Pairwise.MANHATTAN
    moved = r.sum(axis=1)[:, None] if manhattan else _largest_difference(x, r, y, stored)
    return np.asarray(TERMS * (np.abs(y) + moved) + moved)


def _largest_difference(x: Rows, r: Rows, y: Rows, stored: Rows) -> Rows:
    """How far the largest of the differences between a row and each stored row moves."""
    if not r.any():
        return np.zeros_like(y)
    high, low = np.zeros_like(y), np.full_like(y, -np.inf)
    for i in range(x.shape[1]):
        difference, own = np.abs(x[:, i, None] - stored[None, :, i]), r[:, i, None]
        high, low = np.maximum(high, difference + own), np.maximum(low, difference - own)
    return np.asarray(np.maximum(high - y, y - low))


def _weighted_median(o: Operation, x: Rows, r: Rows, y: Rows) -> Rows:
    """It never falls where a value rises, so that it lies between those of the least and of the largest values."""
    weights = o.arrays[0].astype(np.float64)
    low, high = (_median_of(values, weights) for values in (x - r, x + r))
    moved = np.maximum(high - y, y - low)
    return np.where((r > 0).any(axis=1, keepdims=True), moved + EPSILON * np.abs(y), 0.0)


def _median_of(values: Rows, weights: NDArray[np.float64]) -> Rows:
    """The first value, in ascending order, up to which at least half of the weight lies, shape (rows, 1)."""
    order = np.argsort(values, axis=1, kind="stable")
    sums = np.cumsum(weights[order], axis=1)
    at = (sums >= 0.5 * sums[:, -1:]).argmax(axis=1)
    return np.take_along_axis(values, order, axis=1)[np.arange(len(values)), at][:, None]


def _products(o: Operation, x: Rows, r: Rows, y: Rows) -> Rows:
    starts, factors = o.arrays[0], o.arrays[1]
    bound = np.zeros_like(y)
    for k in range(o.outputs):
        own = factors[starts[k] : starts[k + 1]].astype(np.int64)
        widest = np.prod(np.abs(x[:, own]) + r[:, own], axis=1) - np.prod(np.abs(x[:, own]), axis=1)
        used = (r[:, own] > 0).any(axis=1)
        bound[:, k] = np.where(used, widest + len(own) * EPSILON * (np.abs(y[:, k]) + widest), 0.0)
    return bound


def _trees(o: Operation, x: Rows, r: Rows, y: Rows) -> Rows:
    count = len(o.inputs) - (o.outputs if o.flags & TreeFlag.START_GIVEN else 0)
    undecided = np.zeros(len(x), dtype=bool)
    for feature in np.flatnonzero((r[:, :count] > 0).any(axis=0)):
        splits = thresholds(o, int(feature))
        low, high = x[:, feature] - r[:, feature], x[:, feature] + r[:, feature]
        if o.code == Code.TREES:
            low, high = (v.astype(np.float32).astype(np.float64) for v in (low, high))
        undecided |= np.searchsorted(splits, low) != np.searchsorted(splits, high)
        if _is_categorical(o, int(feature)):
            undecided |= r[:, feature] > 0
    bound = np.zeros_like(y)
    if o.flags & TreeFlag.START_GIVEN:
        start, of_start = np.abs(x[:, count:]), r[:, count:]
        added = len(o.arrays[1]) * np.abs(o.arrays[2].astype(np.float64)).max()
        unit = FLOAT32_EPSILON if o.flags & TreeFlag.FLOAT32_SUMS else EPSILON
        rounding = (len(o.arrays[1]) + 1) * unit * (start + of_start + added)
        bound = np.where(of_start > 0, of_start + rounding, 0.0)
    return np.where(undecided[:, None], np.inf, bound)


def thresholds(o: Operation, feature: int) -> NDArray[np.float64]:
    """The distinct numbers that an operation of trees compares a feature with, ascending."""
    nodes = o.arrays[0]
    if o.code == Code.TREES:
        internal = (nodes["word"] >> np.uint32(o.kind + 1)) != 0
        own = internal & ((nodes["word"] & np.uint32((1 << o.kind) - 1)) == feature)
        return np.unique(nodes["threshold"][own].view(np.float32).astype(np.float64))
    own = _decides_on(o, feature)
    numeric = nodes[own & ((nodes["word"] & CATEGORICAL) == 0)]
    found = np.ascontiguousarray(numeric["threshold"]).view(np.float64)
    if (nodes["word"][own] & ZERO_IS_MISSING).any():
        found = np.concatenate([found, [np.nextafter(-ALMOST_ZERO, -np.inf), ALMOST_ZERO]])
    return np.unique(found)


def _is_categorical(o: Operation, feature: int) -> bool:
    """Whether trees in double precision look a feature up among categories: a key that isn't exact may be another."""
    if o.code == Code.TREES:
        return False
    return bool((o.arrays[0]["word"][_decides_on(o, feature)] & CATEGORICAL).any())


def _decides_on(o: Operation, feature: int) -> NDArray[np.bool_]:
    """The splits of trees in double precision that look at a feature."""
    nodes = o.arrays[0]
    return np.asarray((nodes["right"] != 0) & ((nodes["word"] & FEATURE) == feature))


RULES: dict[int, Rule] = {
    Code.CHECK: lambda _, __, ___, y: np.zeros_like(y),
    Code.CONSTANT: lambda _, __, ___, y: np.zeros_like(y),
    Code.ROUND32: _round32,
    Code.REPLACE: _replace,
    Code.ARITHMETIC: _arithmetic,
    Code.COMBINE: _combine,
    Code.UNARY: _unary,
    Code.SELECT: _select,
    Code.REDUCE: _reduce,
    Code.LOOKUP: _keyed,
    Code.TABLE: _keyed,
    Code.ONE_HOT: _keyed,
    Code.BINS: _bins,
    Code.PIECEWISE: _piecewise,
    Code.MATRIX: _matrix,
    Code.PAIRWISE: _pairwise,
    Code.PRODUCTS: _products,
    Code.NEIGHBOURS: nearest,
    Code.COUPLING: coupling,
    Code.TREES: _trees,
    Code.TREES_F64: _trees,
    Code.WEIGHTED_MEDIAN: _weighted_median,
}
