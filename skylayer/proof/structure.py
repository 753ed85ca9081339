"""The structural half of the proof: the table read back from its bytes, entry by entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer.compiler.assembler import HEADER, MAGIC, RECORD, eliminate_dead_operations
from skylayer.compiler.program import Code
from skylayer.compiler.tree_nodes import LEAF_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from skylayer.compiler.program import Operation, Program


class StructureError(Exception):
    """The table doesn't say what the estimator says."""


def check_structure(table: bytes, program: Program, estimator: Any) -> int:
    """Compare a table with the program that it was made from, and its trees with the estimator's own.

    Returns:
        How many table entries (array elements) were compared.

    Raises:
        StructureError: The first that differs.
    """
    header = HEADER.unpack_from(table)
    if header[0] != MAGIC or header[3] != len(table):
        raise StructureError("the header doesn't fit the table")
    written = [RECORD.unpack_from(table, header[10] + k * RECORD.size) for k in range(header[8])]
    used = eliminate_dead_operations(program)
    if [record[0] for record in written] != [operation.code for operation in used]:
        raise StructureError("its operations aren't those of the program")
    compared = 0
    for record, operation in zip(written, used, strict=True):
        _, kind, flags, inputs, _, outputs, width, *_ = record
        own = (operation.kind, operation.flags, len(operation.inputs), operation.outputs, operation.width)
        if (kind, flags, inputs, outputs, width) != own:
            raise StructureError(f"the shape of {operation.code.name} ({operation.path})")
        for k, array in enumerate(operation.arrays):
            at, count = record[8 + 2 * k], record[9 + 2 * k]
            data = np.ascontiguousarray(array)
            if count != data.size or table[at : at + data.nbytes] != data.tobytes():
                raise StructureError(f"array {k} of {operation.code.name} ({operation.path})")
            compared += data.size
    _check_trees(used, estimator)
    return compared


def _check_trees(operations: list[Operation], estimator: Any) -> None:
    """Every tree in the table is one of the estimator's, split by split, and leaf by leaf in number."""
    own = {_signature(*tree) for tree in _trees_in(estimator)}
    if not own:
        return
    for operation in operations:
        if operation.code != Code.TREES:
            continue
        for left, right, feature, threshold in _of_table(operation):
            if _signature(left, right, feature, threshold) not in own:
                raise StructureError(f"a tree of {operation.path} is none of the estimator's")


def _trees_in(thing: Any) -> Iterator[tuple[Any, Any, Any, Any]]:
    """Children, features and thresholds of every tree inside an estimator."""
    seen: set[int] = set()
    left = [thing]
    while left:
        item = left.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, dict):
            left += item.values()
        elif isinstance(item, (list, tuple)):
            left += item
        elif isinstance(item, np.ndarray):
            left += item.ravel().tolist() if item.dtype == object else []
        elif type(item).__module__.startswith("sklearn.tree._tree"):
            yield item.children_left, item.children_right, item.feature, item.threshold
        elif hasattr(item, "get_params") and hasattr(item, "__dict__"):
            left += vars(item).values()
            yield from _of_chosen_features(item)


def _of_chosen_features(ensemble: Any) -> Iterator[tuple[Any, Any, Any, Any]]:
    """Trees that were each shown some of the features, with the numbers that the ensemble knows these by."""
    members = getattr(ensemble, "estimators_", ())
    for member, chosen in zip(members, getattr(ensemble, "estimators_features_", ()), strict=False):
        if (tree := getattr(member, "tree_", None)) is not None:
            feature = np.asarray(chosen)[
                np.maximum(tree.feature, 0)
            ]  # a leaf's is negative, and never looked at
            yield tree.children_left, tree.children_right, feature, tree.threshold


def _of_table(o: Operation) -> Iterator[tuple[Any, Any, Any, Any]]:
    nodes = o.arrays[0]
    for root, count, _, _ in o.arrays[1].tolist():
        own = nodes[root : root + count]
        word = own["word"].astype(np.int64)
        right = word >> (o.kind + 1)
        here = np.arange(count)
        leaf = right == 0
        threshold = np.ascontiguousarray(own["threshold"]).view(np.float32).astype(np.float64)
        if (np.ascontiguousarray(own["threshold"])[leaf] & (LEAF_LIMIT - 1) >= o.arrays[2].size).any():
            raise StructureError(f"a leaf of {o.path} has no values")
        yield (
            np.where(leaf, -1, here + 1),
            np.where(leaf, -1, here + right),
            word & ((1 << o.kind) - 1),
            threshold,
        )


def _signature(
    left: NDArray[Any], right: NDArray[Any], feature: NDArray[Any], threshold: NDArray[Any]
) -> bytes:
    """A tree's splits in depth-first order; thresholds as the largest float32 that goes left."""
    order, stack = [], [0]
    lefts, rights = left.tolist(), right.tolist()
    while stack:
        node = stack.pop()
        order.append(node)
        if lefts[node] >= 0:
            stack += [rights[node], lefts[node]]
    inner = np.asarray(left)[order] >= 0
    exact = np.asarray(threshold, dtype=np.float64)[order]
    with np.errstate(over="ignore"):
        narrow = exact.astype(np.float32)
    below = np.where(narrow > exact, np.nextafter(narrow, np.float32(-np.inf)), narrow)
    chosen = np.where(inner, np.asarray(feature)[order], -1).astype(np.int64)
    return chosen.tobytes() + np.where(inner, below, 0).astype(np.float32).tobytes()
