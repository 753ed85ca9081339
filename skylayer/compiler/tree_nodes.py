"""Trees as the kernel walks them: depth-first, the left child next, leaves that loop onto themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from skylayer.compiler.program import Code, TreeFlag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from skylayer.compiler.builder import Builder
    from skylayer.compiler.prediction import Slots

NODE = np.dtype([("threshold", "<u4"), ("word", "<u4")])
NODE_F64 = np.dtype([("threshold", "<u8"), ("word", "<u4"), ("right", "<u4")])
TREE = np.dtype([("root", "<u4"), ("nodes", "<u4"), ("depth", "<u4"), ("output", "<u4")])
LEAF, LEAF_F64, LEAF_LIMIT = 0x7FC00000, 0x7FF8000000000000, 1 << 22
MISSING_LEFT, CATEGORICAL, NAN_IS_ZERO, ZERO_IS_MISSING = 1 << 31, 1 << 30, 1 << 29, 1 << 28
FEATURE = (1 << 28) - 1  # the bits of a feature in the word of a NODE_F64


class Splits(Protocol):
    """Arrays of one tree over its nodes, root first; children -1 at leaves; (nodes, width) values."""

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    missing_left: NDArray[np.bool_]
    values: NDArray[np.float64]


class SklearnTree:
    """Splits of a fitted scikit-learn `tree_`, with the leaf vectors that its owner sums."""

    def __init__(self, tree: Any, values: NDArray[np.float64]) -> None:
        self.left, self.right = tree.children_left, tree.children_right
        self.feature, self.threshold = tree.feature, tree.threshold
        self.missing_left = tree.missing_go_to_left.astype(bool)
        self.values = np.ascontiguousarray(values, dtype=np.float64)


@dataclass(frozen=True)
class SplitsF64:
    """Splits in double precision. `words`: per node further flags of the kernel's node_f64;
    `bits`: per categorical node the place and length of its bitsets in the forest's."""  # noqa: D205, D209

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    missing_left: NDArray[np.bool_]
    values: NDArray[np.float64]
    words: NDArray[np.uint32] | None = None
    bits: NDArray[np.uint64] | None = None


def floor32(threshold: NDArray[np.float64]) -> NDArray[np.float32]:
    """The largest float32 <= each threshold: `x32 <= threshold` and `x32 <= floor32` are the same test."""
    with np.errstate(over="ignore"):
        rounded = threshold.astype(np.float32)
    above = rounded.astype(np.float64) > threshold
    rounded[above] = np.nextafter(rounded[above], np.float32(-np.inf))
    return rounded


def depth_first(left: NDArray[np.int64], right: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    """Node numbers in depth-first order, left before right, and the depth of the deepest leaf."""
    order, stack, deepest = [], [(0, 0)], 0
    lefts, rights = left.tolist(), right.tolist()
    while stack:
        node, depth = stack.pop()
        order.append(node)
        deepest = max(deepest, depth)
        if lefts[node] >= 0:
            stack += [(rights[node], depth + 1), (lefts[node], depth + 1)]
    return np.asarray(order, dtype=np.int64), deepest


class _Leaves:
    """Distinct leaf vectors over all trees, numbered by first sight."""

    def __init__(self, trees: Sequence[Any]) -> None:
        self.width = trees[0].values.shape[1]
        used = [t.values[t.left < 0] for t in trees]
        stacked = np.ascontiguousarray(np.concatenate(used))
        bits = stacked.view(np.dtype((np.void, 8 * self.width))).ravel()
        _, first, inverse = np.unique(bits, return_index=True, return_inverse=True)
        self.table = stacked[first]
        self.numbers = np.split(inverse, np.cumsum([len(u) for u in used])[:-1])


def emit_trees(
    builder: Builder, slots: Slots, trees: Sequence[Splits], outputs: Sequence[int] = (), start: Slots = ()
) -> Slots:
    """Sum the leaves of trees that decide on float32 features, each added to its output's slots in order.

    `outputs`: the first output slot that each tree adds to (default 0); `start`: what the sums start from.
    """
    leaves = _Leaves(trees)
    bits = max(1, (len(slots) - 1).bit_length())
    largest = max(len(t.left) for t in trees)
    if largest >= 1 << (31 - bits) or len(leaves.table) > LEAF_LIMIT:
        builder.cannot(f"a tree of {largest} nodes on {len(slots)} features exceeds the node format")
    nodes, records = _pack(
        trees, outputs, leaves, lambda t, order, right, number: _nodes_f32(t, order, right, number, bits)
    )
    return _emit(builder, Code.TREES, slots, nodes, records, leaves, start, kind=bits, flags=0)


def emit_trees_f64(  # noqa: PLR0917 - one operation's fields
    builder: Builder,
    slots: Slots,
    trees: Sequence[SplitsF64],
    outputs: Sequence[int] = (),
    start: Slots = (),
    bitsets: Sequence[int] = (),
    flags: int = 0,
) -> Slots:
    """Like `emit_trees` in double precision, with categories, LightGBM's and XGBoost's rules."""
    leaves = _Leaves(trees)
    nodes, records = _pack(trees, outputs, leaves, _nodes_f64)
    special = TreeFlag.SPECIAL_RULES if any(t.words is not None and t.words.any() for t in trees) else 0
    return _emit(
        builder, Code.TREES_F64, slots, nodes, records, leaves, start, bitsets=bitsets, flags=flags | special
    )


def _emit(  # noqa: PLR0917 - an operation has many fields
    builder: Builder,
    code: Code,
    slots: Slots,
    nodes: Any,
    records: Any,
    leaves: _Leaves,
    start: Slots,
    *,
    bitsets: Sequence[int] = (),
    kind: int = 0,
    flags: int = 0,
) -> Slots:
    count = int(records["output"].max()) + leaves.width
    count = max(count, len(start))
    return builder.emit(
        code, (*slots, *start), count, nodes, records, leaves.table, np.asarray(bitsets, dtype="<u4"),
        kind=kind, flags=flags | (TreeFlag.START_GIVEN if start else 0), width=leaves.width,
    )  # fmt: skip


def _pack(trees: Sequence[Any], outputs: Sequence[int], leaves: _Leaves, node: Any) -> tuple[Any, Any]:
    parts, records, root = [], np.zeros(len(trees), dtype=TREE), 0
    for index, tree in enumerate(trees):
        order, depth = depth_first(tree.left, tree.right)
        place = np.empty(len(tree.left), dtype=np.int64)
        place[order] = np.arange(len(order))
        leaf = tree.left[order] < 0
        right = np.where(leaf, 0, place[tree.right[order]] - np.arange(len(order)))
        number = np.zeros(len(tree.left), dtype=np.int64)
        number[tree.left < 0] = leaves.numbers[index]
        parts.append(node(tree, order, right, number[order]))
        records[index] = (root, len(order), depth, outputs[index] if len(outputs) else 0)
        root += len(order)
    return np.concatenate(parts), records


def _nodes_f32(tree: Splits, order: Any, right: Any, number: Any, bits: int) -> Any:
    nodes = np.zeros(len(order), dtype=NODE)
    leaf = right == 0
    nodes["threshold"] = np.where(leaf, LEAF | number, floor32(tree.threshold[order]).view(np.uint32))
    word = right << (bits + 1) | tree.missing_left[order].astype(np.int64) << bits | tree.feature[order]
    nodes["word"] = np.where(leaf, 0, word)
    return nodes


def _nodes_f64(tree: SplitsF64, order: Any, right: Any, number: Any) -> Any:
    nodes = np.zeros(len(order), dtype=NODE_F64)
    leaf = right == 0
    threshold = tree.threshold[order].astype("<f8").view(np.uint64)
    word = tree.missing_left[order].astype(np.uint32) * MISSING_LEFT | tree.feature[order].astype(np.uint32)
    if tree.words is not None:
        word |= tree.words[order]
    if tree.bits is not None:
        threshold = np.where(word & CATEGORICAL, tree.bits[order], threshold)
    nodes["threshold"] = np.where(leaf, np.uint64(LEAF_F64) | number.astype(np.uint64), threshold)
    nodes["word"] = np.where(leaf, 0, word)
    nodes["right"] = right
    return nodes
