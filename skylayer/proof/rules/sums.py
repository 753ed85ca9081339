"""Rules of operations that read many slots: sums, products, distances, extremes and medians."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skylayer.compiler.program import PAIRWISE_BLOCK, Pairwise, Reduce
from skylayer.proof.rounding import EPSILON, SMALLEST, TERMS
from skylayer.proof.rules.comparisons import candidates

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skylayer.compiler.program import Operation
    from skylayer.proof.rounding import Rows


def reduce(o: Operation, x: Rows, r: Rows, y: Rows) -> Rows:
    """A sum adds its terms' bounds; an extreme moves no further than its candidates; its position may be undecided."""
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
    # Sums of numbers below the normal ones are exact.
    rounding = len(o.inputs) * EPSILON * (np.abs(x).sum(axis=1, keepdims=True) + total)
    return total + np.where((total > 0) | (len(o.inputs) > PAIRWISE_BLOCK), rounding, 0.0) + 0.0 * y


def matrix(o: Operation, x: Rows, r: Rows, _: Rows) -> Rows:
    """Dot products: BLAS kernels add their terms in different orders."""
    weights = np.abs(o.arrays[0].astype(np.float64).reshape(o.outputs, -1))
    terms = (np.abs(x) + r) @ weights.T
    if len(o.arrays) > 1 and o.arrays[1].size:
        terms = terms + np.abs(o.arrays[1].astype(np.float64))
    return np.asarray(r @ weights.T + TERMS * terms + (len(o.inputs) + 1) * SMALLEST)


def pairwise(o: Operation, x: Rows, r: Rows, y: Rows) -> Rows:
    """Distances and dot products between a row and the stored rows."""
    stored = o.arrays[0].astype(np.float64).reshape(o.outputs, -1)
    if o.kind == Pairwise.DOT:
        return matrix(o, x, r, y)
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
    """How far the largest of the differences between a row and each stored row moves.

    It falls by no more than the bound of the column where it is, and rises by as much at least.
    """
    if not r.any():
        return np.zeros_like(y)
    high = np.zeros_like(y)
    for i in range(x.shape[1]):
        high = np.maximum(high, np.abs(x[:, i, None] - stored[None, :, i]) + r[:, i, None])
    return np.asarray(high - y)


def products(o: Operation, x: Rows, r: Rows, y: Rows) -> Rows:
    """Products of slots: each factor moves by its bound."""
    starts, factors = o.arrays[0], o.arrays[1]
    bound = np.zeros_like(y)
    for k in range(o.outputs):
        own = factors[starts[k] : starts[k + 1]].astype(np.int64)
        widest = np.prod(np.abs(x[:, own]) + r[:, own], axis=1) - np.prod(np.abs(x[:, own]), axis=1)
        used = (r[:, own] > 0).any(axis=1)
        bound[:, k] = np.where(used, widest + len(own) * EPSILON * (np.abs(y[:, k]) + widest), 0.0)
    return bound


def weighted_median(o: Operation, x: Rows, r: Rows, y: Rows) -> Rows:
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
