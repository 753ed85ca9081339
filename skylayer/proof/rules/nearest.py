"""The error bound of NEIGHBOURS: which training rows are nearest and how far away, or what those within add up to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer.compiler.program import NeighbourFlag, Pairwise
from skylayer.proof.rounding import SMALLEST, TERMS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skylayer.compiler.program import Operation
    from skylayer.proof.rounding import Rows

_CELLS = 4_000_000  # differences between rows and points that are held at once


def nearest(o: Operation, x: Rows, r: Rows, y: Rows) -> Rows:
    """Exact, as the walk down scikit-learn's own tree is, or undecided where another row may be as near.

    Brute force orders rows by distances that are rounded with the batch, and a ball tree finds equal ones in an
    order of its own: there a rank is undecided as soon as the bounds of two distances meet, and a sum as soon as
    those of a distance meet the radius.
    """
    touched = (r > 0).any(axis=1) | bool(o.flags & NeighbourFlag.ANY_ORDER)
    rule = _of_sums if o.flags & NeighbourFlag.WITHIN_RADIUS else _of_ranks
    points = o.arrays[0].astype(np.float64).reshape(-1, x.shape[1])
    bound = np.zeros_like(y)
    step = max(1, _CELLS // points.size)
    affected = np.flatnonzero(touched)
    for first in range(0, len(affected), step):
        rows = affected[first : first + step]
        bound[rows] = rule(o, points, x[rows], r[rows])
    return bound


def _of_sums(o: Operation, points: Any, x: Rows, r: Rows) -> Rows:
    """Of the number of rows within the radius, of their weights, and of their weighted values."""
    values = np.abs(o.arrays[1].astype(np.float64).reshape(len(points), -1))
    radius = float(o.arrays[2][-1])
    euclidean = o.kind == Pairwise.SQUARED_EUCLIDEAN
    limit = radius**2 if euclidean else radius
    distance, moved = _distances(o.kind, points, x, r)
    undecided = ~(np.abs(distance - limit) > moved + TERMS * limit)  # as well where one overflows
    inside = (distance < limit).astype(np.float64)
    if o.flags & NeighbourFlag.WEIGHTED:
        # A distance of 0 outweighs all others, so it has to be told from a small one.
        undecided |= (inside > 0) & (moved > 0) & (distance <= moved)
        power = -0.5 if euclidean else -1.0
        with np.errstate(divide="ignore", invalid="ignore"):
            weight = distance**power
            off = np.maximum(distance - moved, 0.0) ** power - weight
        touching = (distance == 0.0).any(axis=1, keepdims=True)
        weight = np.where(touching, distance == 0.0, weight) * inside
        off = np.where(touching | ~np.isfinite(off), 0.0, off) * inside + TERMS * weight
    else:
        off = (
            np.zeros_like(inside) if (values % 1 == 0).all() else TERMS * inside
        )  # sums of integers are exact
    bound = np.hstack([np.zeros((len(x), 1)), off.sum(axis=1, keepdims=True), off @ values])
    if not o.flags & NeighbourFlag.WEIGHTED:
        bound[:, 1] = 0.0
    return np.where(undecided.any(axis=1, keepdims=True), np.inf, bound)


def _of_ranks(o: Operation, points: Any, x: Rows, r: Rows) -> Rows:
    """Of the distances, ascending, and of which row each is to, shape (rows, 2 * ranks)."""
    count = o.outputs // 2
    distance, moved = _distances(o.kind, points, x, r)
    order = np.argsort(distance, axis=1)
    distance, moved = (np.take_along_axis(a, order, axis=1) for a in (distance, moved))
    low, high = distance - moved, distance + moved
    # What is as near as a rank, among those before it and among those behind it.
    before = np.maximum.accumulate(high, axis=1)
    behind = np.minimum.accumulate(low[:, ::-1], axis=1)[:, ::-1]
    met = ~(before[:, :-1] < behind[:, 1:])  # as well where one overflows
    edge = np.zeros((len(x), 1), dtype=bool)
    undecided = (np.hstack([edge, met]) | np.hstack([met, edge]))[:, :count]
    # An undecided rank's distance moves no further than all that may take its place.
    near, own = distance[:, :count], moved[:, :count]
    widest = np.where(low <= before[:, count - 1 : count], moved, 0.0).max(axis=1, keepdims=True)
    bound = np.where(undecided, widest, own)
    if o.kind == Pairwise.SQUARED_EUCLIDEAN:
        bound = np.minimum(np.sqrt(bound), bound / (np.sqrt(near) + np.sqrt(np.maximum(near - bound, 0.0))))
    return np.hstack([bound, np.where(undecided, np.inf, 0.0)])


def _distances(kind: int, points: Any, x: Rows, r: Rows) -> tuple[NDArray[Any], NDArray[Any]]:
    """The distances of rows to points, squared for the Euclidean metric, and how far each may move."""
    apart = np.abs(x[:, None, :] - points[None, :, :])
    own = r[:, None, :]
    if kind == Pairwise.CHEBYSHEV:
        distance = apart.max(axis=2)
        moved = (apart + own).max(axis=2) - distance
        return distance, moved + TERMS * distance
    if kind == Pairwise.MANHATTAN:
        distance = apart.sum(axis=2)
        return distance, r.sum(axis=1, keepdims=True) + TERMS * distance
    distance = (apart**2).sum(axis=2)
    moved = (2 * apart * own + own**2).sum(axis=2)
    # scikit-learn may expand the square to x² - 2xp + p².
    scale = ((np.abs(x) + r) ** 2).sum(axis=1, keepdims=True) + (points**2).sum(axis=1)
    return distance, moved + TERMS * scale + SMALLEST
