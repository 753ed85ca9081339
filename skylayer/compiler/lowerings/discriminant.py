"""Linear and quadratic discriminant analysis, and the nearest centroid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.neighbors import NearestCentroid

from skylayer.compiler.classes import plain_classes
from skylayer.compiler.compositions import euclidean_distances, nearest
from skylayer.compiler.lowerings.linear import predict_logistic
from skylayer.compiler.prediction import Prediction
from skylayer.compiler.program import Arithmetic, Pairwise, Reduce, Unary

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Slots


def _decide(builder: Builder, estimator: Any, scores: Slots) -> Prediction:
    """DiscriminantAnalysisPredictionMixin: the best score, and probabilities after a shift by it."""
    top = (builder.reduce(Reduce.MAXIMUM, scores),)
    shifted = builder.combine(Arithmetic.SUBTRACT, scores, top)
    total = builder.reduce(Reduce.PAIRWISE_SUM, builder.unary(Unary.EXP, shifted))
    logarithm = builder.unary(Unary.LOG, (total,))
    probabilities = builder.unary(Unary.EXP, builder.combine(Arithmetic.SUBTRACT, shifted, logarithm))
    binary = len(scores) == 2  # noqa: PLR2004 - the only case with one score
    decisions = builder.combine(Arithmetic.SUBTRACT, scores[1:], scores[:1]) if binary else scores
    best = builder.reduce(Reduce.ARGMAX, scores)
    classes = plain_classes(builder, [estimator.classes_])
    return Prediction((best,), classes, (probabilities,), decisions)


def predict_quadratic(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """Per class the log density of a normal distribution of its own."""
    x = builder.check(frame)
    norms: list[int] = []
    for mean, rotation, scaling in zip(
        estimator.means_, estimator.rotations_, estimator.scalings_, strict=True
    ):
        centred = builder.arithmetic(Arithmetic.SUBTRACT, x, mean)
        rotated = builder.matrix(centred, (rotation * scaling**-0.5).T)
        norms.append(builder.reduce(Reduce.PAIRWISE_SUM, builder.unary(Unary.SQUARE, rotated)))
    volumes = [np.sum(np.log(s)) for s in estimator.scalings_]
    scores = builder.arithmetic(Arithmetic.ADD, tuple(norms), volumes)
    scores = builder.arithmetic(Arithmetic.MULTIPLY, scores, -0.5)
    scores = builder.arithmetic(Arithmetic.ADD, scores, np.log(estimator.priors_))
    return _decide(builder, estimator, scores)


def predict_centroid(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """The nearest centroid; with unequal priors, the best discriminant score."""
    if estimator.metric not in {"euclidean", "manhattan"}:
        builder.cannot("the metric has no native equivalent", f"metric={estimator.metric!r}")
    x = builder.check(frame)
    euclidean = estimator.metric == "euclidean"
    scale = np.where(estimator.within_class_std_dev_ != 0, estimator.within_class_std_dev_, 1.0)
    scaled, centroids = builder.arithmetic(Arithmetic.DIVIDE, x, scale), estimator.centroids_ / scale
    if euclidean:
        scaled = builder.check(scaled)  # scikit-learn checks again what it has scaled
        distances = euclidean_distances(builder, scaled, centroids)
    else:
        distances = builder.pairwise(Pairwise.MANHATTAN, scaled, centroids)
    negated = builder.unary(Unary.NEGATE, builder.unary(Unary.SQUARE, distances))
    scores = builder.arithmetic(Arithmetic.ADD, negated, 2.0 * np.log(estimator.class_prior_))
    answer = _decide(builder, estimator, scores)
    values = answer.values
    if np.isclose(estimator.class_prior_, 1 / len(estimator.classes_)).all():
        if euclidean:
            values = (nearest(builder, x, estimator.centroids_),)
        else:
            unscaled = builder.pairwise(Pairwise.MANHATTAN, x, estimator.centroids_)
            values = (builder.reduce(Reduce.ARGMIN, unscaled),)
    if not euclidean:
        return Prediction(values, answer.classes)
    return Prediction(values, answer.classes, answer.probabilities, answer.scores)


def transform_linear(builder: Builder, estimator: Any, frame: Frame) -> Frame:
    """The projection onto the directions that part the classes."""
    x = builder.check(frame)
    if estimator.solver == "svd":
        x = builder.arithmetic(Arithmetic.SUBTRACT, x, estimator.xbar_)
    return builder.matrix(x, estimator.scalings_.T[: estimator._max_components])  # noqa: SLF001


TRANSFORMERS = {LinearDiscriminantAnalysis: transform_linear}
PREDICTORS = {
    LinearDiscriminantAnalysis: predict_logistic,
    QuadraticDiscriminantAnalysis: predict_quadratic,
    NearestCentroid: predict_centroid,
}
