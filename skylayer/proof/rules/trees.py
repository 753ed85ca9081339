"""The rule of trees: exact, or undecided where a split lies within the error bound of its feature."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skylayer.compiler.program import Code, TreeFlag
from skylayer.compiler.tree_nodes import CATEGORICAL, FEATURE, ZERO_IS_MISSING
from skylayer.proof.rounding import EPSILON, FLOAT32_EPSILON

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skylayer.compiler.program import Operation
    from skylayer.proof.rounding import Rows


ALMOST_ZERO = 1.0000000180025095e-35  # LightGBM's: what is no further from 0 counts as 0


def trees(o: Operation, x: Rows, r: Rows, y: Rows) -> Rows:
    """Infinite where a split lies within the bound of its feature; else the bound of what the sums start from."""
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
