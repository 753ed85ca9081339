"""The trees of LightGBM's text, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skylayer.formats.boosters.errors import Damaged, NotServed
from skylayer.formats.boosters.lightgbm_fields import MOST, integers, joined, numbers, whole
from skylayer.formats.boosters.structure import reached

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skylayer.formats.boosters.lightgbm_fields import Fields

_IS_CATEGORICAL, _MISSING_KINDS, _MISSING = 1, 12, {0, 4, 8}  # of decision_type


def checked_tree(tree: Fields, features: int) -> Fields:
    """A tree with the fields that LightGBM reads.

    Args:
        tree: Its fields.
        features: How many the model has.

    Raises:
        Damaged: A field isn't what the format says.
        NotServed: Its leaves are linear models.
    """
    if tree.get("is_linear", "0") != "0":
        raise NotServed("its leaves are linear models (linear_tree=True)")
    leaves = whole(tree, "num_leaves", 1, 2**30)
    inner, sets = leaves - 1, whole(tree, "num_cat", 0, MOST)
    kept = {"num_leaves": f"{leaves}", "num_cat": f"{sets}"}
    split = integers(tree, "split_feature", inner, high=features - 1)
    kinds = integers(tree, "decision_type", inner, high=15)
    left, right = (
        integers(tree, name, inner, low=-leaves, high=max(inner - 1, 0))
        for name in ("left_child", "right_child")
    )
    _check_links(left, right, leaves)
    if not set((kinds & _MISSING_KINDS).tolist()) <= _MISSING:
        raise Damaged("decision_type has a kind of missing value that there isn't")
    thresholds = numbers(tree, "threshold", inner, infinite=True)
    places = np.asarray(thresholds.split(), dtype=float)[(kinds & _IS_CATEGORICAL) != 0]
    if not ((places >= 0) & (places < sets) & (places % 1 == 0)).all():
        raise Damaged("a categorical split has no categories")
    if inner:
        gains = tree.get("split_gain") or " ".join(["0"] * inner)
        kept |= {
            "split_feature": joined(split),
            "split_gain": numbers({"split_gain": gains}, "split_gain", inner),
            "threshold": thresholds,
            "decision_type": joined(kinds),
            "left_child": joined(left),
            "right_child": joined(right),
        }
    kept["leaf_value"] = numbers(tree, "leaf_value", leaves)
    for name, count in (("leaf_weight", leaves), ("internal_value", inner), ("internal_weight", inner)):
        if tree.get(name):
            kept[name] = numbers(tree, name, count)
    for name, count in (("leaf_count", leaves), ("internal_count", inner)):
        if tree.get(name):
            kept[name] = joined(integers(tree, name, count, high=2**62))
    kept |= _sets(tree, sets)
    kept["is_linear"] = "0"
    kept["shrinkage"] = numbers({"shrinkage": tree.get("shrinkage", "1")}, "shrinkage", 1)
    return kept


def _sets(tree: Fields, count: int) -> Fields:
    """The sets of categories that go left, as bits."""
    if not count:
        return {}
    bounds = integers(tree, "cat_boundaries", count + 1)
    words = integers(tree, "cat_threshold", None, high=2**32 - 1)
    if bounds[0] != 0 or bounds[-1] != len(words) or (np.diff(bounds) < 0).any():
        raise Damaged("cat_boundaries doesn't divide cat_threshold")
    return {"cat_boundaries": joined(bounds), "cat_threshold": joined(words)}


def _check_links(left: NDArray[np.int64], right: NDArray[np.int64], leaves: int) -> None:
    """Of a tree whose leaves are numbered by themselves, as ~number."""
    inner = len(left)
    ends = np.full(leaves, -1)
    links = [np.concatenate([np.where(side < 0, inner + ~side, side), ends]) for side in (left, right)]
    if not reached(*links).all():
        raise Damaged("a node of a tree is in no branch of it")
