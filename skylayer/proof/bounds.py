"""How far the native answer to a row may lie from scikit-learn's, by error analysis of the program itself.

Each slot gets a radius per row: 0 where every bit must be equal, otherwise what may differ because scikit-learn
differs there from itself. Dot products differ by 1e-14 · Σ|terms| (BLAS kernels add in different orders), functions
such as exp by 4 ulp (SIMD and libm round differently); both numbers stand above what scikit-learn 1.9 showed against
itself, one row against a batch and one processor against another. Everything else is exact, and passes on what comes
in: to first order through smooth functions, and as "undecided" (an infinite radius, or 1 for a flag) where a
comparison, a split or a decision lies closer than its operands' radii. Undecided rows are ties.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skylayer.compiler.program import Arithmetic, Code, Pairwise, Reduce, Unary
from skylayer.compiler.tree_nodes import CATEGORICAL, FLOAT32_SUM, START

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from skylayer.compiler.program import Operation, Program

    Rows = NDArray[np.float64]  # shape (rows, slots of one operand)
    Rule = Callable[[Operation, Rows, Rows, Rows], Rows]

EPSILON = float(np.finfo(np.float64).eps)
FLOAT32_EPSILON = float(np.finfo(np.float32).eps)
TERMS = 1e-14
ULPS = 4
FALLBACK = 1e-12
NUMPY_BLOCK = 128  # up to so many terms the kernel adds in numpy's order
TRANSCENDENTAL = {
    Unary.EXP,
    Unary.LOG,
    Unary.EXPM1,
    Unary.LOG1P,
    Unary.TANH,
    Unary.EXPIT,
    Unary.SIN,
    Unary.COS,
    Unary.ERF,
}
_STEPS = {Unary.SIGN, Unary.FLOOR, Unary.CEIL, Unary.TRUNCATE}
_COMPARISONS = {
    Arithmetic.GREATER,
    Arithmetic.GREATER_EQUAL,
    Arithmetic.LESS,
    Arithmetic.LESS_EQUAL,
    Arithmetic.EQUAL,
}


def inexact(program: Program) -> set[int]:
    """The slots whose bits may differ from scikit-learn's."""
    slots: set[int] = set()
    for operation in program.operations:
        if _is_source(operation) or not slots.isdisjoint(operation.inputs):
            slots.update(range(operation.first, operation.first + operation.outputs))
    return slots


def radii(program: Program, wanted: set[int], values: dict[int, NDArray[np.float64]]) -> dict[int, Rows]:
    """The radius of each inexact slot, shape (rows,).

    Args:
        program: Whose slots they are.
        wanted: What `inexact` gave.
        values: Each slot's value per row, of at least those slots and of what they are made from.
    """
    known: dict[int, NDArray[np.float64]] = {}
    rows = len(next(iter(values.values())))
    zero = np.zeros(rows)
    for o in program.operations:
        outputs = range(o.first, o.first + o.outputs)
        if wanted.isdisjoint(outputs):
            continue
        x = np.stack([values[s] for s in o.inputs], axis=1) if o.inputs else np.zeros((rows, 0))
        r = np.stack([known.get(s, zero) for s in o.inputs], axis=1) if o.inputs else np.zeros((rows, 0))
        y = np.stack([values[s] for s in outputs], axis=1)
        with np.errstate(all="ignore"):
            radius = np.broadcast_to(_RULES.get(o.code, _unknown)(o, x, r, y), y.shape)
        # What isn't finite on both sides is compared by itself; a radius must never be NaN.
        radius = np.where(np.isnan(radius), np.inf, radius)
        known.update({slot: radius[:, k] for k, slot in enumerate(outputs)})
    return known


def candidates(x: Rows, r: Rows, *, largest: bool = True) -> NDArray[np.bool_]:
    """Which of several slots may be the largest (smallest), shape (rows, slots)."""
    sign = 1.0 if largest else -1.0
    low, high = sign * x - r, sign * x + r
    return np.asarray(high >= low.max(axis=1, keepdims=True))


def _is_source(o: Operation) -> bool:
    if o.code == Code.UNARY:
        return o.kind in TRANSCENDENTAL
    if o.code in {Code.ARITHMETIC, Code.COMBINE}:
        return o.kind == Arithmetic.POWER
    if o.code == Code.REDUCE:
        return o.kind == Reduce.PAIRWISE_SUM and len(o.inputs) > NUMPY_BLOCK
    if o.code == Code.WIDE_TREES:
        return bool(o.flags & FLOAT32_SUM)
    return o.code in {Code.MATRIX, Code.PAIRWISE} or o.code not in _RULES


def _unknown(_: Operation, __: Rows, r: Rows, y: Rows) -> Rows:
    """An operation without a rule: close if its inputs are exact, anything if they aren't."""
    scale = FALLBACK * np.abs(y).max(axis=1, keepdims=True)
    return np.where(r.any(axis=1, keepdims=True), np.inf, scale)


def _round32(_: Operation, x: Rows, r: Rows, __: Rows) -> Rows:
    return np.where(r > 0, r + FLOAT32_EPSILON * np.abs(x), 0.0)


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


def _binary(  # noqa: PLR0917 - two operands with their radii
    kind: int, a: Rows, ra: Rows, b: Rows, rb: Rows, y: Rows
) -> Rows:
    if kind in _COMPARISONS:
        return np.where((ra + rb > 0) & (np.abs(a - b) <= ra + rb), 1.0, 0.0)
    if kind in {Arithmetic.MAXIMUM, Arithmetic.MINIMUM}:
        return np.maximum(ra, rb)
    if kind == Arithmetic.MULTIPLY:
        radius = np.abs(a) * rb + np.abs(b) * ra + ra * rb
    elif kind in {Arithmetic.DIVIDE, Arithmetic.REVERSE_DIVIDE}:
        if kind == Arithmetic.REVERSE_DIVIDE:
            a, ra, b, rb = b, rb, a, ra
        room = np.abs(b) - rb
        radius = np.where(room > 0, (ra + np.abs(y) * rb) / room, np.inf)
        radius = np.where(ra + rb > 0, radius, 0.0)
    elif kind == Arithmetic.POWER:
        slope = np.abs(b * y / a) * ra + np.abs(y * np.log(np.abs(a))) * rb
        return np.where(ra + rb > 0, 2 * slope, 0.0) + ULPS * EPSILON * np.abs(y)
    else:
        radius = ra + rb
    return radius + np.where(ra + rb > 0, EPSILON * np.abs(y), 0.0)


def _unary(o: Operation, x: Rows, r: Rows, y: Rows) -> Rows:
    kind = o.kind
    if kind in _STEPS:
        rounded = {Unary.FLOOR: np.floor, Unary.CEIL: np.ceil, Unary.TRUNCATE: np.trunc, Unary.SIGN: np.sign}
        f = rounded[Unary(kind)]
        return np.asarray(np.abs(f(x + r) - f(x - r)), dtype=np.float64)
    if kind in {Unary.NEGATE, Unary.ABSOLUTE, Unary.RECTIFY}:
        return r
    if kind == Unary.IS_NAN:
        return np.zeros_like(r)
    if kind == Unary.SQUARE:
        radius = 2 * np.abs(x) * r + r * r
    elif kind == Unary.SQUARE_ROOT:
        radius = np.minimum(np.sqrt(r), r / y)
    elif kind == Unary.RECIPROCAL:
        radius = np.where(np.abs(x) > r, np.abs(y) * r / (np.abs(x) - r), np.inf)
    else:
        radius = np.abs(_slope(Unary(kind), x, r, y)) * r
    radius = np.where(r > 0, radius, 0.0)
    if kind not in TRANSCENDENTAL:
        return radius + np.where(r > 0, EPSILON * np.abs(y), 0.0)
    # The argument has been rounded as well, by what a shift before the function loses.
    return radius + ULPS * EPSILON * np.abs(y) * np.maximum(1.0, np.minimum(np.abs(x), 745.0))


def _slope(kind: Unary, x: Rows, r: Rows, y: Rows) -> Rows:
    """The steepest slope between x - r and x + r."""
    if kind in {Unary.SIN, Unary.COS, Unary.ERF}:
        return np.full_like(x, 2.0 / np.sqrt(np.pi) if kind == Unary.ERF else 1.0)
    if kind in {Unary.EXP, Unary.EXPM1}:
        return np.exp(x + r)
    if kind == Unary.LOG:
        return 1.0 / np.maximum(x - r, 0.0)
    if kind == Unary.LOG1P:
        return 1.0 / np.maximum(1.0 + x - r, 0.0)
    if kind == Unary.TANH:
        return np.minimum(1.0, 1.0 - y * y + 2 * r)
    return np.minimum(0.25, y * (1.0 - y) + r)  # expit


def _select(o: Operation, x: Rows, r: Rows, _: Rows) -> Rows:
    n = o.outputs
    then, otherwise = x[:, n : 2 * n], x[:, 2 * n :]
    chosen = np.where(x[:, :n] != 0.0, r[:, n : 2 * n], r[:, 2 * n :])
    either = np.maximum(r[:, n : 2 * n], r[:, 2 * n :]) + np.abs(then - otherwise)
    return np.where(r[:, :n] > 0, either, chosen)


def _reduce(o: Operation, x: Rows, r: Rows, y: Rows) -> Rows:
    if o.kind in {Reduce.ARGMAX, Reduce.ARGMIN}:
        tied = candidates(x, r, largest=o.kind == Reduce.ARGMAX).sum(axis=1, keepdims=True) > 1
        return np.where(tied & (r > 0).any(axis=1, keepdims=True), np.inf, 0.0)
    if o.kind in {Reduce.MAXIMUM, Reduce.MINIMUM}:
        return r.max(axis=1, keepdims=True)
    total = r.sum(axis=1, keepdims=True)
    rounding = len(o.inputs) * EPSILON * np.abs(x).sum(axis=1, keepdims=True)
    return total + np.where((total > 0) | (len(o.inputs) > NUMPY_BLOCK), rounding, 0.0) + 0.0 * y


def _keyed(_: Operation, __: Rows, r: Rows, y: Rows) -> Rows:
    """A lookup by value: exact or undecided."""
    return np.where(r.any(axis=1, keepdims=True), np.inf, np.zeros_like(y))


def _bins(o: Operation, x: Rows, r: Rows, y: Rows) -> Rows:
    starts, edges = (a for a in o.arrays[:2])
    radius = np.zeros_like(y)
    for i in range(x.shape[1]):
        own = edges[starts[i] : starts[i + 1]].astype(np.float64)
        low, high = np.searchsorted(own, x[:, i] - r[:, i]), np.searchsorted(own, x[:, i] + r[:, i], "right")
        radius[:, i] = np.where(r[:, i] > 0, high - low, 0)
    return radius


def _piecewise(o: Operation, x: Rows, r: Rows, y: Rows) -> Rows:
    starts, xs, ys = (a for a in o.arrays[:3])
    radius = np.zeros_like(y)
    for i in range(x.shape[1]):
        own = slice(int(starts[i]), int(starts[i + 1]))
        steep = np.abs(np.diff(ys[own].astype(np.float64)) / np.diff(xs[own].astype(np.float64)))
        radius[:, i] = r[:, i] * (steep.max() if len(steep) else 0.0)
    return np.where(r > 0, radius + EPSILON * np.abs(y), 0.0)


def _matrix(o: Operation, x: Rows, r: Rows, _: Rows) -> Rows:
    weights = np.abs(o.arrays[0].astype(np.float64).reshape(o.outputs, -1))
    terms = np.abs(x) @ weights.T
    if len(o.arrays) > 1 and o.arrays[1].size:
        terms = terms + np.abs(o.arrays[1].astype(np.float64))
    return np.asarray(r @ weights.T + TERMS * terms)


def _pairwise(o: Operation, x: Rows, r: Rows, y: Rows) -> Rows:
    stored = o.arrays[0].astype(np.float64).reshape(o.outputs, -1)
    if o.kind == Pairwise.DOT:
        return _matrix(o, x, r, y)
    if o.kind == Pairwise.SQUARED_EUCLIDEAN:  # scikit-learn may expand it to x² - 2xp + p²
        scale = (x * x).sum(axis=1)[:, None] + (stored * stored).sum(axis=1)[None, :]
        return np.asarray(TERMS * scale + 2 * np.sqrt(y) * np.sqrt((r * r).sum(axis=1))[:, None])
    return TERMS * np.abs(y) + (r.sum(axis=1) if o.kind == Pairwise.MANHATTAN else r.max(axis=1))[:, None]


def _products(o: Operation, x: Rows, r: Rows, y: Rows) -> Rows:
    starts, factors = o.arrays[0], o.arrays[1]
    radius = np.zeros_like(y)
    for k in range(o.outputs):
        own = factors[starts[k] : starts[k + 1]].astype(np.int64)
        widest = np.prod(np.abs(x[:, own]) + r[:, own], axis=1) - np.prod(np.abs(x[:, own]), axis=1)
        used = (r[:, own] > 0).any(axis=1)
        radius[:, k] = np.where(used, widest + len(own) * EPSILON * np.abs(y[:, k]), 0.0)
    return radius


def _trees(o: Operation, x: Rows, r: Rows, y: Rows) -> Rows:
    count = len(o.inputs) - (o.outputs if o.flags & START else 0)
    undecided = np.zeros(len(x), dtype=bool)
    for feature in np.flatnonzero((r[:, :count] > 0).any(axis=0)):
        splits = thresholds(o, int(feature))
        low, high = x[:, feature] - r[:, feature], x[:, feature] + r[:, feature]
        if o.code == Code.TREES:
            low, high = (v.astype(np.float32).astype(np.float64) for v in (low, high))
        undecided |= np.searchsorted(splits, low) != np.searchsorted(splits, high, "right")
    radius = r[:, count:] if o.flags & START else np.zeros_like(y)
    if o.code == Code.WIDE_TREES and o.flags & FLOAT32_SUM:
        radius = radius + ULPS * FLOAT32_EPSILON * len(o.arrays[1]) * np.abs(o.arrays[2]).max()
    return np.where(undecided[:, None], np.inf, radius)


def thresholds(o: Operation, feature: int) -> NDArray[np.float64]:
    """The distinct thresholds that an operation of trees compares a feature with, ascending."""
    nodes = o.arrays[0]
    if o.code == Code.TREES:
        internal = (nodes["word"] >> np.uint32(o.kind + 1)) != 0
        own = internal & ((nodes["word"] & np.uint32((1 << o.kind) - 1)) == feature)
        return np.unique(nodes["threshold"][own].view(np.float32).astype(np.float64))
    own = (
        (nodes["right"] != 0)
        & ((nodes["word"] & 0x0FFFFFFF) == feature)
        & ((nodes["word"] & CATEGORICAL) == 0)
    )
    return np.unique(np.ascontiguousarray(nodes["threshold"][own]).view(np.float64))


_RULES: dict[int, Rule] = {
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
    Code.NEIGHBOURS: _keyed,
    Code.TREES: _trees,
    Code.WIDE_TREES: _trees,
    # No order statistic moves further than the values do.
    Code.WEIGHTED_MEDIAN: lambda _, __, r, ___: r.max(axis=1, keepdims=True),
}
