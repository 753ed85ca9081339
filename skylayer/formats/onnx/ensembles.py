"""The nodes of ONNX's tree ensembles as trees whose left child is where a feature is at most the threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer.compiler.forests.forest import Tree
from skylayer.formats.boosters.errors import Damaged
from skylayer.formats.boosters.structure import reached

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BELOW, _ABOVE = {b"BRANCH_LEQ", b"BRANCH_LT"}, {b"BRANCH_GT", b"BRANCH_GTE"}
_STRICT = {b"BRANCH_LT", b"BRANCH_GTE"}  # the threshold itself goes the other way than with LEQ and GT
_LEAF = b"LEAF"
_SEVERAL = -2


class NotExact(Exception):
    """Why a graph stays with ONNX Runtime, as a sentence without a full stop."""


def attributes_of(node: Any) -> dict[str, Any]:
    """A node's attributes; of lists a list, of texts bytes."""
    from onnx import helper  # noqa: PLC0415 - an optional package

    return {each.name: helper.get_attribute_value(each) for each in node.attribute}


def trees_of(attributes: dict[str, Any], kind: str, places: list[int], outputs: int) -> tuple[Tree, ...]:
    """The trees of an ensemble, in the order in which the node names them.

    Args:
        attributes: Of the node.
        kind: `target` or `class`: what the leaves' attributes are called after.
        places: The column of each feature.
        outputs: How many sums there are.

    Raises:
        NotExact: A node compares in a way that the kernel doesn't know, or the nodes are no trees.
    """
    if any(name.endswith("_as_tensor") and attributes[name].dims for name in attributes):
        raise NotExact("its ensemble is in double precision")
    ids = _array(attributes, "nodes_treeids", np.int64)
    count = len(ids)
    numbers = _array(attributes, "nodes_nodeids", np.int64, count)
    modes = attributes.get("nodes_modes", [])
    if len(modes) != count or not set(modes) <= _BELOW | _ABOVE | {_LEAF}:
        raise NotExact("its nodes compare otherwise than by size")
    feature = _array(attributes, "nodes_featureids", np.int64, count)
    leaf = np.array([mode == _LEAF for mode in modes], dtype=bool)
    if not ((feature >= 0) & (feature < len(places)) | leaf).all():
        raise NotExact("its ensemble reads columns that there aren't")
    known = {pair: k for k, pair in enumerate(zip(ids.tolist(), numbers.tolist(), strict=True))}
    if len(known) < count:
        raise NotExact("two of its nodes have one number")
    threshold = _array(attributes, "nodes_values", np.float32, count)
    tracks = attributes.get("nodes_missing_value_tracks_true") or [0] * count
    above = np.array([mode in _ABOVE for mode in modes], dtype=bool)
    strict = np.array([mode in _STRICT for mode in modes], dtype=bool)
    if np.isnan(threshold[~leaf]).any() or len(tracks) != count:
        raise NotExact("its nodes compare with what is no number")
    whole = {
        "feature": np.where(leaf, 0, np.asarray(places)[np.where(leaf, 0, feature)]),
        "threshold": np.where(strict, np.nextafter(threshold, np.float32(-np.inf)), threshold).astype(float),
        # A missing value compares as false, unless the node says otherwise.
        "missing_left": (np.asarray(tracks) != 0) != above,
    }
    sides = {
        name: _children(attributes, name, ids, known, leaf)
        for name in ("nodes_truenodeids", "nodes_falsenodeids")
    }
    left = np.where(above, sides["nodes_falsenodeids"], sides["nodes_truenodeids"])
    right = np.where(above, sides["nodes_truenodeids"], sides["nodes_falsenodeids"])
    values, targets = _values(attributes, kind, known, outputs)
    return _cut(ids, left, right, whole, values, targets)


def _children(
    attributes: dict[str, Any], name: str, ids: Any, known: dict[tuple[int, int], int], leaf: Any
) -> NDArray[np.int64]:
    """Positions of the children among all nodes, -1 at a leaf."""
    numbers = _array(attributes, name, np.int64, len(ids)).tolist()
    pairs = zip(ids.tolist(), numbers, leaf.tolist(), strict=True)
    found = [-1 if ends else known.get((tree, number)) for tree, number, ends in pairs]
    if None in found:
        raise NotExact("its nodes are no trees")
    return np.asarray(found, dtype=np.int64)


def _values(
    attributes: dict[str, Any], kind: str, known: dict[tuple[int, int], int], outputs: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """What each node adds to each output, shape (nodes, outputs), and the outputs that it names, by bit."""
    trees = _array(attributes, f"{kind}_treeids", np.int64)
    nodes = _array(attributes, f"{kind}_nodeids", np.int64, len(trees))
    targets = _array(attributes, f"{kind}_ids", np.int64, len(trees))
    weights = _array(attributes, f"{kind}_weights", np.float32, len(trees))
    if not len(trees) or not ((targets >= 0) & (targets < outputs)).all() or not np.isfinite(weights).all():
        raise NotExact("its leaves have no numbers")
    places = [known.get(pair, -1) for pair in zip(trees.tolist(), nodes.tolist(), strict=True)]
    if -1 in places or len(set(zip(places, targets.tolist(), strict=True))) < len(places):
        raise NotExact("its leaves have several numbers for one output")
    values = np.zeros((len(known), outputs))
    values[places, targets] = weights
    first = np.full(len(known), -1, dtype=np.int64)
    first[places] = targets
    several = np.bincount(places, minlength=len(known)) > 1
    first[several] = _SEVERAL
    return values, first


def _cut(  # noqa: PLR0917 - what a tree is made of
    ids: Any, left: Any, right: Any, whole: dict[str, Any], values: Any, targets: Any
) -> tuple[Tree, ...]:
    """One tree for each number; each on one output where every leaf of it names no other."""
    order = {number: k for k, number in enumerate(dict.fromkeys(ids.tolist()))}
    owner = np.array([order[number] for number in ids.tolist()])
    groups = np.split(np.argsort(owner, kind="stable"), np.cumsum(np.bincount(owner))[:-1])
    named = [set(targets[group].tolist()) - {-1} for group in groups]
    alone = all(len(each) == 1 and _SEVERAL not in each for each in named)
    local = np.empty(len(ids), dtype=np.int64)
    trees = []
    for group, outputs in zip(groups, named, strict=True):
        local[group] = np.arange(len(group))
        sides = [np.where(side[group] < 0, -1, local[side[group]]) for side in (left, right)]
        try:
            reached(*sides)
        except Damaged as error:
            raise NotExact(f"{error}") from None
        output = next(iter(outputs)) if alone else 0
        trees.append(
            Tree(
                left=sides[0],
                right=sides[1],
                feature=whole["feature"][group],
                threshold=whole["threshold"][group],
                missing_left=whole["missing_left"][group],
                values=values[group][:, output : output + 1] if alone else values[group],
                output=output,
            )
        )
    return tuple(trees)


def _array(attributes: dict[str, Any], name: str, kind: Any, count: int | None = None) -> NDArray[Any]:
    values = np.asarray(attributes.get(name, []), dtype=kind)
    if count is not None and len(values) != count:
        raise NotExact(f"its {name} has another length")
    return values
