"""The trees of treelite's checkpoints, array by array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer.compiler.forests.forest import Tree
from skylayer.formats.boosters.errors import Damaged, NotServed
from skylayer.formats.boosters.structure import reached

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skylayer.formats.boosters.treelite_reader import Reader

_LEAF, _NUMERICAL = 0, 1
_BELOW, _ABOVE, _STRICT = (
    {2, 3},
    {4, 5},
    {2, 5},
)  # <, <= and >, >=; the threshold itself is not below, or is above


def tree_of(reader: Reader, kind: Any, features: int, width: int, place: int) -> Tree:
    """The next tree.

    Args:
        reader: Where it begins.
        kind: Type of its thresholds and leaves.
        features: How many the model has.
        width: How many numbers a leaf has, where it has one for each output.
        place: The output that it adds to, -1 for all of them.

    Raises:
        Damaged: It is no tree.
        NotServed: It has splits by category, or compares otherwise than by size.
    """
    nodes = reader.number("i4")
    categorical = reader.number("u1")
    types, left, right, feature, default_left = (reader.array(k) for k in ("i1", "i4", "i4", "i4", "u1"))
    leaves, thresholds, compared = reader.array(kind), reader.array(kind), reader.array("i1")
    arrays = [types, left, right, feature, default_left, leaves, thresholds, compared]
    if nodes < 1 or any(len(array) != nodes for array in arrays):
        raise Damaged("the arrays of a tree have other lengths than its nodes")
    _skip(reader, "u1")
    vectors, begins, ends = reader.array(kind), reader.array("u8"), reader.array("u8")
    for skipped in (
        "u4",
        "u8",
        "u8",
        "u8",
        "u1",
        "f8",
        "u1",
        "f8",
        "u1",
    ):  # categories, and what training counted
        _skip(reader, skipped)
    if categorical or not set(types.tolist()) <= {_LEAF, _NUMERICAL}:
        raise NotServed("its trees split by category")
    inner = types == _NUMERICAL
    left, right = (np.where(inner, side, -1).astype(np.int64) for side in (left, right))
    met = reached(left, right)
    used = met & inner
    if not set(compared[used].tolist()) <= _BELOW | _ABOVE:
        raise NotServed("its trees compare otherwise than by size")
    if not ((feature[used] >= 0) & (feature[used] < features)).all() or np.isnan(thresholds[used]).any():
        raise Damaged("a tree splits on what doesn't exist")
    above = np.isin(compared, list(_ABOVE))
    strict = np.isin(compared, list(_STRICT))
    exact = np.where(strict, np.nextafter(thresholds, kind.type(-np.inf)), thresholds)
    values = leaves[:, None] if place >= 0 else _vectors(vectors, begins, ends, met & ~inner, width)
    if not np.isfinite(values[met & ~inner]).all():
        raise Damaged("a leaf is no finite number")
    return Tree(
        left=np.where(above, right, left),
        right=np.where(above, left, right),
        feature=np.where(used, feature, 0).astype(np.int64),
        threshold=np.where(used, exact, 0).astype(np.float64),
        missing_left=(default_left != 0) != above,
        values=np.where((met & ~inner)[:, None], values, 0).astype(np.float64),
        output=max(place, 0),
    )


def _skip(reader: Reader, kind: str) -> None:
    reader.array(kind)


def _vectors(vectors: Any, begins: Any, ends: Any, leaf: NDArray[np.bool_], width: int) -> NDArray[Any]:
    """The numbers of each leaf, shape (nodes, width)."""
    if len(begins) != len(leaf) or len(ends) != len(leaf):
        raise Damaged("the arrays of a tree have other lengths than its nodes")
    starts = begins[leaf].astype(np.int64)
    if not ((ends[leaf] - begins[leaf] == width) & (ends[leaf] <= len(vectors))).all():
        raise Damaged("a leaf hasn't a number for each output")
    found = np.zeros((len(leaf), width))
    found[leaf] = vectors[starts[:, None] + np.arange(width)]
    return found
