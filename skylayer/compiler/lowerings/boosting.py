"""GradientBoosting: float32 splits, leaves scaled by the learning rate, a link at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

from skylayer.compiler.classes import plain_classes
from skylayer.compiler.compositions import best_of
from skylayer.compiler.prediction import Prediction
from skylayer.compiler.program import Arithmetic, Reduce, Unary
from skylayer.compiler.responses import BINARY, probabilities
from skylayer.compiler.tree_nodes import SklearnTree, emit_trees

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Slots

# Families that answer in double precision though they are trained on float32 features.
IN_DOUBLE = ("sklearn.tree.", "sklearn.ensemble._forest")


def _start(builder: Builder, estimator: Any, x: Slots) -> Slots:
    """Raw scores before the first tree: constants, unless a model of the user's own predicts them."""
    first = estimator.init_
    constant = type(first) is DummyRegressor or (type(first) is DummyClassifier and first.strategy == "prior")
    if not constant and not isinstance(first, str):
        return _own_start(builder, estimator, x)
    # Asked of the estimator itself, so that the link is applied by its own code.
    return builder.constant(estimator._raw_predict_init(np.zeros((1, estimator.n_features_in_)))[0])  # noqa: SLF001


def _own_start(builder: Builder, estimator: Any, x: Slots) -> Slots:
    """What a model of the user's own predicts from the features as float32, through the loss's link."""
    first = estimator.init_
    if not type(first).__module__.startswith(IN_DOUBLE):
        builder.cannot("computes in float32", f"init=<{type(first).__name__}>")
    prediction = builder.predict(first, builder.round32(x), "init_")
    if isinstance(estimator, GradientBoostingRegressor):
        return prediction.values
    binary = len(estimator.classes_) == BINARY
    shares = probabilities(builder, prediction)[1:] if binary else probabilities(builder, prediction)
    epsilon = float(np.finfo(np.float64).eps)
    shares = builder.arithmetic(Arithmetic.MAXIMUM, shares, epsilon)
    shares = builder.arithmetic(Arithmetic.MINIMUM, shares, 1.0 - epsilon)
    if not binary:
        logs = builder.unary(Unary.LOG, shares)
        mean = builder.arithmetic(Arithmetic.DIVIDE, (builder.reduce(Reduce.SUM, logs),), float(len(logs)))
        return builder.combine(Arithmetic.SUBTRACT, logs, mean)
    log_odds = _log_odds(builder, shares)
    return builder.arithmetic(Arithmetic.MULTIPLY, log_odds, 0.5 if estimator.loss == "exponential" else 1.0)


def _log_odds(builder: Builder, shares: Slots) -> Slots:
    """log(p / (1 - p)), without cancellation around one half."""
    odds = builder.combine(
        Arithmetic.DIVIDE, shares, builder.arithmetic(Arithmetic.REVERSE_SUBTRACT, shares, 1.0)
    )
    distance = builder.arithmetic(Arithmetic.SUBTRACT, shares, 0.5)
    double = builder.arithmetic(Arithmetic.MULTIPLY, distance, 2.0)
    middle = builder.combine(
        Arithmetic.SUBTRACT,
        builder.unary(Unary.LOG1P, double),
        builder.unary(Unary.LOG1P, builder.unary(Unary.NEGATE, double)),
    )
    near = builder.arithmetic(Arithmetic.LESS, builder.unary(Unary.ABSOLUTE, distance), 0.15)
    return builder.select(near, middle, builder.unary(Unary.LOG, odds))


def raw_scores(builder: Builder, estimator: Any, frame: Frame) -> Slots:
    """One slot per class, or one in all for two classes and for regression."""
    x = builder.check(frame, float32=True)
    trees, outputs = [], []
    for stage in estimator.estimators_:
        for k, regressor in enumerate(stage):
            tree = regressor.tree_
            trees.append(SklearnTree(tree, estimator.learning_rate * tree.value[:, 0, :1]))
            outputs.append(k)
    return emit_trees(builder, x, trees, outputs, _start(builder, estimator, x))


def predict_regressor(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """The raw score."""
    return Prediction(raw_scores(builder, estimator, frame))


def predict_classifier(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """The sign of a binary raw score (0 is the second class), else the first best."""
    scores = raw_scores(builder, estimator, frame)
    classes = plain_classes(builder, [estimator.classes_])
    if len(scores) > 1:
        return best_of(builder, scores, classes)
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
