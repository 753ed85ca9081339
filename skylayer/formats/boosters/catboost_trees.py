"""CatBoost's trees: oblivious ones, which ask one question for each level, and those that were grown otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer.compiler.forests.forest import Tree
from skylayer.formats.boosters.documents import floats, items, member, whole
from skylayer.formats.boosters.errors import Damaged, NotServed

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MAXIMUM_DEPTH = 30
_FLOAT = "FloatFeature"


def oblivious(tree: Any, columns: NDArray[np.int64], missing_left: NDArray[np.bool_], outputs: int) -> Tree:
    """A tree whose n-th question is the n-th bit of the leaf's number; a yes, where the value exceeds the border, is 1.

    Args:
        tree: An entry of `oblivious_trees`.
        columns: The column of each feature.
        missing_left: Whether a missing value of each feature is a no.
        outputs: How many numbers a leaf has.

    Raises:
        Damaged: It is no such tree.
        NotServed: It asks for a category.
    """
    questions = [_question(split, columns) for split in items(tree, "splits")]
    depth = len(questions)
    if depth > _MAXIMUM_DEPTH:
        raise Damaged(f"a tree asks {depth} questions")
    leaves = 1 << depth
    values = floats(tree, "leaf_values", leaves * outputs)
    if not np.isfinite(values).all():
        raise Damaged("leaf_values holds what is no finite number")
    # A full binary tree, row by row: the last question first, so that the leaves come in the order of their numbers.
    inner = leaves - 1
    nodes = np.arange(inner)
    level = depth - 1 - np.floor(np.log2(nodes + 1)).astype(np.int64)
    feature, border = (np.array([question[k] for question in questions]) for k in (0, 1))
    ends = np.full(leaves, -1)
    asked = feature[level].astype(np.int64) if depth else nodes
    padding = np.zeros(leaves, dtype=np.int64)
    return Tree(
        left=np.concatenate([2 * nodes + 1, ends]),
        right=np.concatenate([2 * nodes + 2, ends]),
        feature=np.concatenate([columns[asked], padding]),
        threshold=np.concatenate([border[level] if depth else nodes.astype(float), padding.astype(float)]),
        missing_left=np.concatenate([missing_left[asked], padding.astype(bool)]),
        values=np.concatenate([np.zeros((inner, outputs)), values.reshape(leaves, outputs)]),
    )


def grown(tree: Any, columns: NDArray[np.int64], missing_left: NDArray[np.bool_], outputs: int) -> Tree:
    """A tree of nested nodes, such as those of `grow_policy="Lossguide"` and `"Depthwise"`; arguments as `oblivious`.

    Raises:
        Damaged: It is no such tree.
        NotServed: It asks for a category.
    """
    left: list[int] = []
    right: list[int] = []
    feature: list[int] = []
    border: list[float] = []
    missing: list[bool] = []
    values: list[list[float]] = []
    waiting: list[tuple[Any, list[int] | None, int]] = [(tree, None, 0)]
    while waiting:
        node, links, parent = waiting.pop()
        number = len(left)
        if links is not None:
            links[parent] = number
        inside = isinstance(node, dict) and "split" in node
        place, value = _question(node["split"], columns) if inside else (0, 0.0)
        left.append(-1)
        right.append(-1)
        feature.append(int(columns[place]) if inside else 0)
        border.append(value)
        missing.append(bool(missing_left[place]) and inside)
        values.append([0.0] * outputs if inside else _leaf(node, outputs))
        if inside:
            waiting += [(member(node, "right"), right, number), (member(node, "left"), left, number)]
    return Tree(
        left=np.asarray(left, dtype=np.int64),
        right=np.asarray(right, dtype=np.int64),
        feature=np.asarray(feature, dtype=np.int64),
        threshold=np.asarray(border, dtype=np.float64),
        missing_left=np.asarray(missing, dtype=bool),
        values=np.asarray(values, dtype=np.float64),
    )


def _leaf(node: Any, outputs: int) -> list[float]:
    value = member(node, "value")
    found = floats({"value": value if isinstance(value, list) else [value]}, "value", outputs)
    if not np.isfinite(found).all():
        raise Damaged("a leaf holds what is no finite number")
    numbers: list[float] = found.tolist()
    return numbers


def _question(split: Any, columns: NDArray[np.int64]) -> tuple[int, float]:
    """The feature that is asked for, and the border, which CatBoost keeps in float32."""
    kind = member(split, "split_type")
    if kind != _FLOAT:
        raise NotServed(f"its trees ask for a {str(kind)[:40]}, which is no number")
    border = member(split, "border")
    if not isinstance(border, int | float) or not abs(border) <= float(np.finfo(np.float32).max):
        raise Damaged("a border is no number")
    return whole(split, "float_feature_index", 0, len(columns) - 1), float(np.float32(border))
