"""What each operation of a program makes of the error bounds of its inputs: a rule for each operation.

A rule takes the operation, its inputs' values and error bounds and its outputs' values (each of shape (rows, slots))
and returns the outputs' error bounds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skylayer.compiler.program import PAIRWISE_BLOCK, Arithmetic, Code, NeighbourFlag, Reduce
from skylayer.proof.rules import comparisons, coupling, elementwise, nearest, sums, trees
from skylayer.proof.rules.functions import TRANSCENDENTAL

if TYPE_CHECKING:
    from collections.abc import Callable

    from skylayer.compiler.program import Operation
    from skylayer.proof.rounding import Rows

    Rule = Callable[[Operation, Rows, Rows, Rows], Rows]

FALLBACK = 1e-12
RULES: dict[int, Rule] = {
    Code.CHECK: lambda _, __, ___, y: np.zeros_like(y),
    Code.CONSTANT: lambda _, __, ___, y: np.zeros_like(y),
    Code.ROUND32: elementwise.round32,
    Code.REPLACE: comparisons.replace,
    Code.ARITHMETIC: elementwise.arithmetic,
    Code.COMBINE: elementwise.combine,
    Code.UNARY: elementwise.unary,
    Code.SELECT: comparisons.select,
    Code.REDUCE: sums.reduce,
    Code.LOOKUP: comparisons.keyed,
    Code.GATHER: comparisons.keyed,
    Code.ONE_HOT: comparisons.keyed,
    Code.BINS: comparisons.bins,
    Code.PIECEWISE: elementwise.piecewise,
    Code.MATRIX: sums.matrix,
    Code.PAIRWISE: sums.pairwise,
    Code.PRODUCTS: sums.products,
    Code.NEIGHBOURS: nearest.nearest,
    Code.COUPLING: coupling.coupling,
    Code.TREES: trees.trees,
    Code.TREES_F64: trees.trees,
    Code.WEIGHTED_MEDIAN: sums.weighted_median,
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


def unknown(_: Operation, __: Rows, r: Rows, y: Rows) -> Rows:
    """An operation without a rule: close if its inputs are exact, anything if they aren't."""
    scale = FALLBACK * np.abs(y).max(axis=1, keepdims=True)
    return np.where(r.any(axis=1, keepdims=True), np.inf, scale)
