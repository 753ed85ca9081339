"""What a forest answers, by numpy, tree by tree: the reference of its proof, written apart from the compiler."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skylayer.compiler.forests.forest import Forest, Input, Tree

    Numbers = NDArray[Any]


def sums(forest: Forest, rows: Any) -> Numbers:
    """The sums of the leaves with scale and bias, before the link, shape (rows, outputs).

    Args:
        forest: What is evaluated.
        rows: Numbers, NaN where one is missing, or texts where an input asks for them, shape (rows, columns).

    Raises:
        ValueError: A number is too large for the forest, or a value is missing or unknown where none may be.
    """
    kind = np.float32 if forest.single else np.float64
    x = _features(forest, rows)
    total = np.zeros((len(x), forest.outputs), kind)
    for tree in forest.trees:
        width = tree.values.shape[1]
        total[:, tree.output : tree.output + width] += tree.values[_leaves(tree, x)].astype(kind)
    if forest.weights is not None:
        total += x @ forest.weights.T
    if forest.divisor != 1.0:
        total = total / kind(forest.divisor)
    if np.any(np.asarray(forest.scale) != 1.0):
        total = total * np.asarray(forest.scale, kind)
    answer: Numbers = total + forest.bias.astype(kind)
    return answer


def _features(forest: Forest, rows: Any) -> Numbers:
    """What the trees read, shape (rows, inputs)."""
    if forest.inputs is None:
        return _numbers(forest, np.asarray(rows, dtype=np.float64))
    cells = np.asarray(rows, dtype=object)
    found = [_input(forest, source, cells[:, source.column]) for source in forest.inputs]
    return np.column_stack(found) if found else np.zeros((len(cells), 0))


def _numbers(forest: Forest, values: Numbers) -> Numbers:
    with np.errstate(over="ignore"):
        x: Numbers = values.astype(np.float32) if forest.single or forest.narrow else values
    if forest.finite and np.isinf(x).any():
        raise ValueError("Input contains infinity or a value too large for float32.")
    if forest.complete and np.isnan(x).any():
        raise ValueError("Input contains a missing value.")
    for step in forest.before:
        x = (x - step.offset) * step.scale
    return x


def _input(forest: Forest, source: Input, cells: Any) -> Numbers:
    if source.values is not None:
        unknown = [cell for cell in cells if cell not in source.known]
        if unknown:
            raise ValueError(f"Input contains the unknown or missing category {unknown[0]!r}.")
        return np.array([cell in source.values for cell in cells], dtype=np.float64)
    x = _numbers(forest, np.asarray(cells, dtype=np.float64)).astype(np.float64)
    for how, number in source.steps:
        x = _STEPS[how](x, number)
    return x


_STEPS = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}


def linked(forest: Forest, values: Numbers) -> Numbers:
    """What the link makes of the sums, in their own precision, shape (rows, outputs)."""
    one = values.dtype.type(1)
    if forest.link == "exponential":
        return _exponential(values)
    if forest.link == "sigmoid":
        whole: Numbers = one / (one + _exponential(-values))
        return whole
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


def shares(forest: Forest, rows: Any) -> Numbers:
    """A classifier's probability of each class, shape (rows, classes)."""
    values = sums(forest, rows)
    share = linked(forest, values)
    if forest.outputs > 1:
        return share
    first = linked(forest, -values) if forest.negated else share.dtype.type(1) - share
    return np.hstack([first, share])


def best(forest: Forest, rows: Any) -> NDArray[np.int64]:
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
