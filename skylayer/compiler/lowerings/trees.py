"""Decision trees and forests of them, in every bit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
)

from skylayer.compiler.classes import plain_classes
from skylayer.compiler.prediction import Prediction
from skylayer.compiler.program import Arithmetic, Reduce
from skylayer.compiler.tree_nodes import SklearnTree, emit_trees

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Slots


def classes_of(estimator: Any) -> list[Any]:
    """One array of classes per output."""
    return list(estimator.classes_) if estimator.n_outputs_ > 1 else [estimator.classes_]


def _leaf_probabilities(estimator: Any, tree: Any) -> np.ndarray[Any, Any]:
    """(nodes, sum of classes): what predict_proba answers at each node, outputs side by side."""
    counts = [len(c) for c in classes_of(estimator)]
    return np.hstack([tree.value[:, k, :n] for k, n in enumerate(counts)])


def _trees(estimator: Any) -> Sequence[Any]:
    trees: Sequence[Any] = getattr(estimator, "estimators_", [estimator])
    return trees


def _mean(builder: Builder, estimator: Any, total: Slots) -> Slots:
    if not hasattr(estimator, "estimators_"):
        return total
    return builder.arithmetic(Arithmetic.DIVIDE, total, float(len(estimator.estimators_)))


def check_features(builder: Builder, estimator: Any, frame: Frame) -> Slots:
    """Numbers as float32 can hold them; missing ones if the splitter knows a way for them."""
    first = _trees(estimator)[0]
    allow_nan = bool(first.__sklearn_tags__().input_tags.allow_nan)
    return builder.check(frame, allow_nan=allow_nan, float32=True)


def predict_classifier(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """The mean of the trees' leaf probabilities, summed in their order; the first best class."""
    x = check_features(builder, estimator, frame)
    trees = [SklearnTree(t.tree_, _leaf_probabilities(estimator, t.tree_)) for t in _trees(estimator)]
    shares = _mean(builder, estimator, emit_trees(builder, x, trees))
    classes, probabilities, start = classes_of(estimator), [], 0
    for group in classes:
        probabilities.append(shares[start : start + len(group)])
        start += len(group)
    values = tuple(builder.reduce(Reduce.ARGMAX, p) for p in probabilities)
    return Prediction(values, plain_classes(builder, classes), tuple(probabilities))


def predict_regressor(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """The mean of the trees' leaf values."""
    x = check_features(builder, estimator, frame)
    trees = [SklearnTree(t.tree_, t.tree_.value[:, :, 0]) for t in _trees(estimator)]
    return Prediction(_mean(builder, estimator, emit_trees(builder, x, trees)))


PREDICTORS = {
    DecisionTreeClassifier: predict_classifier,
    ExtraTreeClassifier: predict_classifier,
    RandomForestClassifier: predict_classifier,
    ExtraTreesClassifier: predict_classifier,
    DecisionTreeRegressor: predict_regressor,
    ExtraTreeRegressor: predict_regressor,
    RandomForestRegressor: predict_regressor,
    ExtraTreesRegressor: predict_regressor,
}
