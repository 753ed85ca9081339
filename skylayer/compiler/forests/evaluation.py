"""What a forest answers, by numpy, tree by tree: the reference of its proof, written apart from the compiler."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skylayer.compiler.forests.forest import Forest, Tree

    Numbers = NDArray[Any]


def sums(forest: Forest, rows: Numbers) -> Numbers:
    """The sums of the leaves with scale and bias, before the link, shape (rows, outputs).

    Args:
        forest: What is evaluated.
        rows: Numbers, NaN where one is missing, shape (rows, columns).

    Raises:
        ValueError: A number is too large for the forest.
    """
    kind = np.float32 if forest.single else np.float64
    with np.errstate(over="ignore"):
        x = rows.astype(np.float32) if forest.single or forest.narrow else rows
    if forest.finite and np.isinf(x).any():
        raise ValueError("Input contains infinity or a value too large for float32.")
    for step in forest.before:
        x = (x - step.offset) * step.scale
    total = np.zeros((len(x), forest.outputs), kind)
    for tree in forest.trees:
        width = tree.values.shape[1]
        total[:, tree.output : tree.output + width] += tree.values[_leaves(tree, x)].astype(kind)
    if forest.divisor != 1.0:
        total = total / kind(forest.divisor)
    if forest.scale != 1.0:
        total = total * kind(forest.scale)
    answer: Numbers = total + forest.bias.astype(kind)
    return answer


def linked(forest: Forest, values: Numbers) -> Numbers:
    """What the link makes of the sums, in their own precision, shape (rows, outputs)."""
    one = values.dtype.type(1)
    if forest.link == "exponential":
        return _exponential(values)
    if forest.link == "logistic":
        share = one / (one + _exponential(-np.abs(values)))
        chosen: Numbers = np.where(values < 0, one - share, share)
        return chosen
    if forest.link == "softmax":
        powers = _exponential(values - values.max(axis=1, keepdims=True))
        total = np.cumsum(powers, axis=1)[:, -1:]  # in order, as a loop adds
        parts: Numbers = powers / total
        return parts
    return values


def _exponential(values: Numbers) -> Numbers:
    """Rounded once: numpy's own in float32 is off by several units of the last place."""
    with np.errstate(over="ignore", under="ignore"):
        powers: Numbers = np.exp(values.astype(np.float64)).astype(values.dtype)
    return powers


def shares(forest: Forest, rows: Numbers) -> Numbers:
    """A classifier's probability of each class, shape (rows, classes)."""
    values = sums(forest, rows)
    share = linked(forest, values)
    if forest.outputs > 1:
        return share
    first = linked(forest, -values) if forest.negated else share.dtype.type(1) - share
    return np.hstack([first, share])


def best(forest: Forest, rows: Numbers) -> NDArray[np.int64]:
    """The position of the class that a classifier decides for, shape (rows,)."""
    values = sums(forest, rows)
    decided = values if forest.plain else linked(forest, values)
    if forest.outputs > 1:
        return np.asarray(decided.argmax(axis=1), dtype=np.int64)
    return np.asarray(decided[:, 0] > forest.threshold, dtype=np.int64)


def _leaves(tree: Tree, x: Numbers) -> NDArray[np.int64]:
    """The leaf that each row comes to, shape (rows,)."""
    at = np.zeros(len(x), dtype=np.int64)
    walking = np.arange(len(x)) if tree.left[0] >= 0 else np.arange(0)
    while len(walking):
        node = at[walking]
        value = x[walking, tree.feature[node]]
        goes_left = np.where(np.isnan(value), tree.missing_left[node], value <= tree.threshold[node])
        at[walking] = np.where(goes_left, tree.left[node], tree.right[node])
        walking = walking[tree.left[at[walking]] >= 0]
    return at
