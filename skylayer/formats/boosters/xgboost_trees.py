"""The `gradient_booster` of XGBoost's documents: trees, dropped trees (DART) and linear weights, checked."""

from __future__ import annotations

from typing import Any

import numpy as np

from skylayer.formats.boosters.documents import floats, integers, items, member, whole
from skylayer.formats.boosters.errors import Damaged, NotServed
from skylayer.formats.boosters.structure import reached

_LINEAR, _DART = "gblinear", "dart"
_BYTES = (-128, 255)
_NO_PARENT = 2**31 - 1
_NUMBERS = ("base_weights", "loss_changes", "split_conditions", "sum_hessian")
_MAXIMUM_CATEGORY = 2**24


def checked(booster: Any, features: int, outputs: int) -> tuple[dict[str, Any], int]:
    """The booster with the fields that XGBoost reads, and how many rounds it was trained for.

    Args:
        booster: `learner.gradient_booster`.
        features: How many the model has.
        outputs: How many it gives.

    Raises:
        Damaged: A field isn't what the format says.
        NotServed: It has several values in a leaf.
    """
    name = member(booster, "name")
    if name == _LINEAR:
        return _linear(booster, features, outputs)
    if name == _DART:
        inner, rounds = checked(member(booster, "gbtree"), features, outputs)
        weights = floats(booster, "weight_drop", len(inner["model"]["trees"])).tolist()
        return {"name": _DART, "gbtree": inner, "weight_drop": weights}, rounds
    if name != "gbtree":
        raise Damaged(f"{str(name)[:40]!r} is no booster of XGBoost's")
    model = member(booster, "model")
    trees = items(model, "trees")
    given = member(model, "gbtree_model_param")
    whole(given, "num_trees", len(trees), len(trees))
    parallel = whole(given, "num_parallel_tree", 0, max(len(trees), 1)) if "num_parallel_tree" in given else 1
    kept = {
        "gbtree_model_param": {"num_parallel_tree": str(parallel), "num_trees": str(len(trees))},
        "tree_info": integers(model, "tree_info", len(trees), high=outputs - 1).tolist(),
        "trees": [_tree(tree, features) for tree in trees],
    }
    rounds = len(trees) // (outputs * max(parallel, 1))
    if "iteration_indptr" in model:
        starts = integers(model, "iteration_indptr", high=len(trees))
        if not len(starts) or starts[0] != 0 or starts[-1] != len(trees) or (np.diff(starts) < 0).any():
            raise Damaged("iteration_indptr doesn't divide the trees")
        kept["iteration_indptr"], rounds = starts.tolist(), len(starts) - 1
    if "weight_drop" in model:
        kept["weight_drop"] = floats(model, "weight_drop", len(trees)).tolist()
    if "cats" in model:
        kept["cats"] = _categories(model["cats"], features)
    return {"name": name, "model": kept}, rounds


def _linear(booster: Any, features: int, outputs: int) -> tuple[dict[str, Any], int]:
    model = member(booster, "model")
    weights = floats(model, "weights", (features + 1) * outputs)
    if not np.isfinite(weights).all():
        raise Damaged("weights holds what is no finite number")
    kept: dict[str, Any] = {"weights": weights.tolist()}
    rounds = 0
    if "boosted_rounds" in model:
        kept["boosted_rounds"] = rounds = whole(model, "boosted_rounds", 0, 2**31 - 1)
    return {"name": _LINEAR, "model": kept}, rounds


def _tree(tree: Any, features: int) -> dict[str, Any]:
    """One tree with its fields; nodes that pruning has removed are no part of it."""
    given = member(tree, "tree_param")
    if whole(given, "size_leaf_vector", 0, 2**31 - 1) > 1:
        raise NotServed("its leaves hold several values (multi_strategy='multi_output_tree')")
    nodes = whole(given, "num_nodes", 1, 2**31 - 1)
    left = integers(tree, "left_children", nodes, low=-1)
    right = integers(tree, "right_children", nodes, low=-1)
    parents = integers(tree, "parents", nodes, low=-1)
    met = reached(left, right)
    inner = np.flatnonzero(met & (left >= 0))
    if (parents[left[inner]] != inner).any() or (parents[right[inner]] != inner).any():
        raise Damaged("a node of a tree has another parent than its parent says")
    split = integers(tree, "split_indices", nodes)
    if (split[inner] >= features).any():
        raise Damaged("a tree splits on a feature that doesn't exist")
    numbers = {name: floats(tree, name, nodes) for name in _NUMBERS}
    conditions = numbers["split_conditions"]
    if np.isnan(conditions[inner]).any() or not np.isfinite(conditions[met & (left < 0)]).all():
        raise Damaged("a tree has a condition or a leaf that is no number")
    kinds = integers(tree, "split_type", nodes, high=1) if "split_type" in tree else np.zeros(nodes, np.int64)
    kept: dict[str, Any] = {
        "id": whole(tree, "id", 0, 2**31 - 1) if "id" in tree else 0,
        "tree_param": {
            "num_deleted": str(whole(given, "num_deleted", 0, nodes) if "num_deleted" in given else 0),
            "num_feature": str(features),
            "num_nodes": str(nodes),
            "size_leaf_vector": "1",
        },
        "left_children": left.tolist(),
        "right_children": right.tolist(),
        "parents": [_NO_PARENT, *parents[1:].tolist()],
        "split_indices": split.tolist(),
        "split_type": kinds.tolist(),
        "default_left": integers(tree, "default_left", nodes, high=1).tolist(),
    }
    kept |= {name: values.tolist() for name, values in numbers.items()}
    return kept | _sets(tree, np.flatnonzero(met & (left >= 0) & (kinds == 1)))


def _sets(tree: dict[str, Any], categorical: Any) -> dict[str, list[int]]:
    """The sets of categories, one for each categorical split."""
    if "categories" not in tree:
        if len(categorical):
            raise Damaged("a categorical split has no categories")
        return {
            name: [] for name in ("categories", "categories_nodes", "categories_segments", "categories_sizes")
        }
    members = integers(tree, "categories", high=_MAXIMUM_CATEGORY)
    nodes = integers(tree, "categories_nodes")
    starts = integers(tree, "categories_segments", len(nodes), high=len(members))
    sizes = integers(tree, "categories_sizes", len(nodes), high=len(members))
    if (starts + sizes > len(members)).any() or (np.diff(nodes) <= 0).any():
        raise Damaged("the categories of a tree don't fit its nodes")
    if not np.isin(categorical, nodes).all():
        raise Damaged("a categorical split has no categories")
    return {
        "categories": members.tolist(),
        "categories_nodes": nodes.tolist(),
        "categories_segments": starts.tolist(),
        "categories_sizes": sizes.tolist(),
    }


def _categories(given: Any, features: int) -> dict[str, Any]:
    """What the categories of each column were called in training, in the order of their codes."""
    encodings = items(given, "enc")
    if len(encodings) not in {0, features}:
        raise Damaged("the categories aren't those of the features")
    kept, counts = [], []
    for encoding in encodings:
        if "offsets" in encoding:
            values = integers(encoding, "values", low=_BYTES[0], high=_BYTES[1])
            offsets = integers(encoding, "offsets", high=len(values))
            if len(offsets) and (
                offsets[0] != 0 or offsets[-1] != len(values) or (np.diff(offsets) < 0).any()
            ):
                raise Damaged("the names of categories don't fit their places")
            if not len(offsets) and len(values):
                raise Damaged("the names of categories don't fit their places")
            _check_utf8(values, offsets)
            kept.append({"offsets": offsets.tolist(), "values": values.tolist()})
            counts.append(max(len(offsets) - 1, 0))
        else:
            numbers = floats(encoding, "values")
            kept.append({"type": whole(encoding, "type", 0, 255), "values": list(encoding["values"])})
            counts.append(len(numbers))
    ends = [0, *np.cumsum(counts).tolist()] if encodings else []
    if integers(given, "feature_segments").tolist() != ends:
        raise Damaged("feature_segments doesn't count the categories")
    order = integers(given, "sorted_idx", sum(counts), high=max(*counts, 1) - 1 if counts else 0)
    for first, count in zip(ends, counts, strict=False):
        if len(set(order[first : first + count].tolist())) < count:
            raise Damaged("sorted_idx isn't an order of the categories")
    return {"enc": kept, "feature_segments": ends, "sorted_idx": order.tolist()}


def _check_utf8(values: Any, offsets: Any) -> None:
    letters = (values & 0xFF).astype(np.uint8).tobytes()
    try:
        for first, last in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
            letters[first:last].decode()
    except UnicodeDecodeError:
        raise Damaged("the name of a category is no UTF-8") from None
