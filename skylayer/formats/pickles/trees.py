"""Trees out of a pickle, from arrays that were checked to be trees: each child stands behind its parent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE
from sklearn.tree._tree import NODE_DTYPE, Tree

from skylayer.formats.pickles.objects import fitted
from skylayer.formats.pickles.records import Damaged

if TYPE_CHECKING:
    from collections.abc import Callable

    from skylayer.formats.pickles.records import Made
    from skylayer.formats.pickles.values import Values

LEAF = -1
BITSET_WORDS = 8


def tree(values: Values, made: Made) -> Tree:
    """A tree of scikit-learn's, its nodes in the layout of the installed version.

    Raises:
        Damaged: Its arrays are no tree, or not of its numbers of features, outputs and classes.
    """
    features, classes, outputs = (values.value(argument) for argument in made.arguments)
    state = values.apart(made.state)
    nodes, leaves = (
        current(state["nodes"], NODE_DTYPE),
        np.ascontiguousarray(state["values"], dtype=np.float64),
    )
    count = len(nodes)
    classes = np.ascontiguousarray(np.atleast_1d(classes), dtype=np.intp)
    if not (
        0 < features < 2**31
        and len(classes) == outputs > 0
        and leaves.shape == (count, outputs, classes.max())
    ):
        raise Damaged("a tree has not as many values as nodes, outputs and classes")
    leaf = nodes["left_child"] == LEAF
    check(nodes["left_child"], nodes["right_child"], nodes["feature"], leaf, int(features))
    built = Tree(int(features), classes, int(outputs))
    built.__setstate__(
        {"max_depth": int(state["max_depth"]), "node_count": count, "nodes": nodes, "values": leaves}
    )
    made.state = None  # its bytes are in the tree now, and a forest of 100 MB shouldn't take them twice
    return built


def with_fractions(held: Tree) -> Tree:
    """A classifier's tree whose leaves hold the share of each class, as since 1.4, and not weighted counts."""
    state = held.__getstate__()
    totals = state["values"].sum(axis=2, keepdims=True)
    if np.allclose(totals, 1.0, rtol=1e-9, atol=0.0):
        return held
    state["values"] = state["values"] / np.where(totals == 0, 1.0, totals)
    # Only __reduce__ gives the numbers that the constructor takes.
    made = Tree(*held.__reduce__()[1])
    made.__setstate__(state)
    return made


def check(left: Any, right: Any, feature: Any, leaf: Any, features: int) -> None:
    """Let only trees pass: no walk leaves the arrays, or comes to a node twice.

    Raises:
        Damaged: A child stands before its parent or beyond the last node, or a feature does not exist.
    """
    own = np.arange(len(leaf))
    inner = ~leaf
    for children in (left.astype(np.int64), right.astype(np.int64)):
        if np.any(inner & ((children <= own) | (children >= len(leaf)))):
            raise Damaged("the nodes of a tree are no tree")
    if len(leaf) == 0 or np.any(inner & ((feature < 0) | (feature >= features))):
        raise Damaged("a tree asks for a feature that does not exist")


def current(nodes: Any, layout: np.dtype[Any]) -> Any:
    """Nodes in the layout of the installed version; what an older one did not know is 0."""
    if nodes.dtype.names is None or nodes.ndim != 1:
        raise Damaged("the nodes of a tree are no nodes")
    made = np.zeros(len(nodes), dtype=layout)
    # 0.21 and 0.22 called the threshold of a histogram's split so.
    old = {"num_threshold": "threshold"}
    for name in layout.names or ():
        source = name if name in nodes.dtype.names else old.get(name)
        if source in nodes.dtype.names:
            made[name] = nodes[source]
    return made


def histogram_tree(state: dict[str, Any], features: int) -> dict[str, Any]:
    """The state of a TreePredictor in the layout of the installed version. Raises Damaged as `tree` does."""
    nodes = current(state["nodes"], PREDICTOR_RECORD_DTYPE)
    check(nodes["left"], nodes["right"], nodes["feature_idx"], nodes["is_leaf"].astype(bool), features)
    made: dict[str, Any] = {"nodes": nodes}
    for name in ("binned_left_cat_bitsets", "raw_left_cat_bitsets"):
        bitsets = np.ascontiguousarray(state.get(name, np.zeros((0, BITSET_WORDS))), dtype=np.uint32)
        categorical = nodes["is_categorical"].astype(bool) & ~nodes["is_leaf"].astype(bool)
        if bitsets.shape[1:] != (BITSET_WORDS,) or np.any(nodes["bitset_idx"][categorical] >= len(bitsets)):
            raise Damaged("a split by categories has no categories")
        made[name] = bitsets
    return made


def _prior(state: dict[str, Any]) -> DummyClassifier:
    """What gradient boosting began with before 0.21: the share of each class, and not its logarithm.

    Its logarithm is taken now, and a constant makes no difference to the softmax.
    """
    return _classes(np.exp(np.asarray(state["priors"], dtype=np.float64) - 2))


def _classes(priors: Any) -> DummyClassifier:
    return fitted(
        DummyClassifier,
        _strategy="prior",
        class_prior_=priors,
        classes_=np.arange(len(priors)),
        n_classes_=len(priors),
        n_outputs_=1,
    )


def _odds(state: dict[str, Any]) -> DummyClassifier:
    positive = 1 / (1 + np.exp(-float(state["prior"])))
    return _classes(np.array([1 - positive, positive]))


def _mean(state: dict[str, Any]) -> DummyRegressor:
    value = float(state.get("mean", state.get("quantile", 0.0)))
    return fitted(DummyRegressor, constant_=np.array([[value]]), n_outputs_=1)


# https://scikit-learn.org/stable/whats_new/v0.21.html: gradient boosting takes an estimator of scikit-learn's as init.
INITIAL: dict[str, Callable[[dict[str, Any]], Any]] = {
    "PriorProbabilityEstimator": _prior,
    "LogOddsEstimator": _odds,
    "MeanEstimator": _mean,
    "QuantileEstimator": _mean,
}
