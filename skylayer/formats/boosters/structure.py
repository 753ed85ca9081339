"""Whether the links between nodes make a tree: what walks them then ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skylayer.formats.boosters.errors import Damaged

if TYPE_CHECKING:
    from numpy.typing import NDArray


def reached(left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which nodes a walk from node 0 can meet, shape (nodes,).

    Args:
        left: Of each node its left child, -1 at a leaf, shape (nodes,).
        right: Of each node its right child, -1 at a leaf, shape (nodes,).

    Raises:
        Damaged: A child doesn't exist or has two parents, or a node has one child.
    """
    count = len(left)
    if not count:
        raise Damaged("a tree has no nodes")
    seen = np.zeros(count, dtype=bool)
    seen[0] = True
    level = np.array([0])
    while len(level):
        lefts, rights = left[level], right[level]
        if ((lefts < 0) != (rights < 0)).any():
            raise Damaged("a node of a tree has one child")
        children = np.concatenate([lefts[lefts >= 0], rights[rights >= 0]])
        if (children >= count).any():
            raise Damaged("a node of a tree has a child that doesn't exist")
        if seen[children].any() or len(np.unique(children)) < len(children):
            raise Damaged("a node of a tree has two parents")
        seen[children] = True
        level = children
    return seen
