"""GradientBoosting: float32 splits, leaves scaled by the learning rate, a link at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

from skylayer.compiler.builder import Prediction
from skylayer.compiler.classes import plain_classes
from skylayer.compiler.program import Arithmetic, Reduce, Unary
from skylayer.compiler.tree_nodes import SklearnTree, emit_trees

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder, Slots
    from skylayer.compiler.frame import Frame


def _start(builder: Builder, estimator: Any) -> Slots:
    """Raw scores before the first tree: constants, unless a model of the user's own predicts them."""
    first = estimator.init_
    constant = type(first) is DummyRegressor or (type(first) is DummyClassifier and first.strategy == "prior")
    if not constant and not isinstance(first, str):
        builder.cannot("starts from a model of its own", f"init=<{type(first).__name__}>")
    # Asked of the estimator itself, so that the link is applied by its own code.
    return builder.constant(estimator._raw_predict_init(np.zeros((1, estimator.n_features_in_)))[0])  # noqa: SLF001


def raw_scores(builder: Builder, estimator: Any, frame: Frame) -> Slots:
    """One slot per class, or one in all for two classes and for regression."""
    x = builder.check(frame, float32=True)
    trees, outputs = [], []
    for stage in estimator.estimators_:
        for k, regressor in enumerate(stage):
            tree = regressor.tree_
            trees.append(SklearnTree(tree, estimator.learning_rate * tree.value[:, 0, :1]))
            outputs.append(k)
    return emit_trees(builder, x, trees, outputs, _start(builder, estimator))


def predict_regressor(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """The raw score."""
    return Prediction(raw_scores(builder, estimator, frame))


def predict_classifier(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """The sign of a binary raw score (0 is the second class), else the first best."""
    scores = raw_scores(builder, estimator, frame)
    classes = plain_classes(builder, [estimator.classes_])
    if len(scores) > 1:
        best = builder.reduce(Reduce.ARGMAX, scores)
        return Prediction((best,), classes, (builder.softmax(scores),), scores)
    values = builder.arithmetic(Arithmetic.GREATER_EQUAL, scores, 0.0)
    # The exponential loss is linked by half the log odds.
    log_odds = builder.arithmetic(
        Arithmetic.MULTIPLY, scores, 2.0 if estimator.loss == "exponential" else 1.0
    )
    return Prediction(values, classes, (builder.complement(builder.unary(Unary.EXPIT, log_odds)[0]),), scores)


PREDICTORS = {
    GradientBoostingClassifier: predict_classifier,
    GradientBoostingRegressor: predict_regressor,
}
