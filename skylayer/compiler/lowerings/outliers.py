"""Outlier detectors: isolation forest and elliptic envelope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.covariance import EllipticEnvelope
from sklearn.ensemble import IsolationForest
from sklearn.ensemble._iforest import _average_path_length
from sklearn.linear_model import SGDOneClassSVM

from skylayer.compiler.compositions import outliers
from skylayer.compiler.program import Arithmetic, Unary
from skylayer.compiler.tree_nodes import SklearnTree, emit_trees

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Prediction


def predict_isolation(builder: Builder, forest: Any, frame: Frame) -> Prediction:
    """2 to the power of minus the mean depth, normalised (Liu et al. 2008); every value is accepted."""
    trees = []
    for k, (estimator, features) in enumerate(
        zip(forest.estimators_, forest.estimators_features_, strict=True)
    ):
        lengths = forest._decision_path_lengths[k] + forest._average_path_length_per_tree[k] - 1.0  # noqa: SLF001
        tree = SklearnTree(estimator.tree_, lengths[:, np.newaxis])
        tree.feature = np.asarray(features)[estimator.tree_.feature]
        trees.append(tree)
    depths = emit_trees(builder, builder.numbers(frame), trees)
    longest = len(trees) * _average_path_length([forest._max_samples])[0]  # noqa: SLF001
    relative = builder.arithmetic(Arithmetic.DIVIDE, depths, longest) if longest else builder.constant([1.0])
    powers = builder.combine(Arithmetic.POWER, builder.constant([2.0]), builder.unary(Unary.NEGATE, relative))
    negated = builder.unary(Unary.NEGATE, powers)
    return outliers(builder, builder.arithmetic(Arithmetic.SUBTRACT, negated, forest.offset_)[0])


def predict_envelope(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """Minus the squared Mahalanobis distance, less the offset."""
    centred = builder.arithmetic(Arithmetic.SUBTRACT, builder.check(frame), estimator.location_)
    turned = builder.matrix(centred, estimator.get_precision())
    square = builder.sum_in_some_order(builder.combine(Arithmetic.MULTIPLY, centred, turned))
    distance = builder.unary(Unary.SQUARE_ROOT, (square,))
    negated = builder.unary(Unary.NEGATE, builder.unary(Unary.SQUARE, distance))
    return outliers(builder, builder.arithmetic(Arithmetic.SUBTRACT, negated, estimator.offset_)[0])


def predict_linear(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """Coefficients times the row, less the offset."""
    return outliers(
        builder, builder.matrix(builder.check(frame), estimator.coef_, -np.asarray(estimator.offset_))[0]
    )


PREDICTORS = {
    EllipticEnvelope: predict_envelope,
    IsolationForest: predict_isolation,
    SGDOneClassSVM: predict_linear,
}
