"""Support vector machines of libsvm and liblinear."""

from __future__ import annotations

import dataclasses
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn import svm

from skylayer.compiler.classes import plain_classes
from skylayer.compiler.compositions import dense, one_vs_one_scores, outliers
from skylayer.compiler.kernels import kernel_values
from skylayer.compiler.lowerings.linear import predict_classifier as predict_linear_classifier
from skylayer.compiler.lowerings.linear import predict_regressor as predict_linear_regressor
from skylayer.compiler.prediction import Prediction
from skylayer.compiler.program import Arithmetic, Reduce, Unary

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Slots


LEAST = 1e-7  # libsvm's least probability of a pair


def kernel(builder: Builder, estimator: Any, frame: Frame) -> Slots:
    """The kernel of the row with every support vector."""
    return kernel_values(
        builder, estimator.kernel, builder.check(frame), dense(estimator.support_vectors_),
        gamma=estimator._gamma, degree=estimator.degree, coef0=estimator.coef0,  # noqa: SLF001
    )  # fmt: skip


def _decisions(builder: Builder, estimator: Any, values: Slots) -> Slots:
    """Libsvm's decision of each pair of classes; positive: the first one."""
    coefficients, bias = dense(estimator._dual_coef_), estimator._intercept_
    ends = np.cumsum(estimator._n_support)  # noqa: SLF001
    groups = [range(end - n, end) for end, n in zip(ends, estimator._n_support, strict=True)]  # noqa: SLF001
    result: list[int] = []
    for k, (i, j) in enumerate(combinations(range(len(groups)), 2)):
        vectors = [*groups[i], *groups[j]]
        weights = np.concatenate([coefficients[j - 1, groups[i]], coefficients[i, groups[j]]])
        result += builder.matrix([values[v] for v in vectors], weights, [bias[k]])
    return tuple(result)


def predict_classifier(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """One vote for each pair of classes; the class with most votes, the first of equals."""
    decisions = _decisions(builder, estimator, kernel(builder, estimator, frame))
    answer = _decide(builder, estimator, decisions)
    if not hasattr(estimator, "predict_proba"):
        return answer
    return dataclasses.replace(answer, probabilities=(_probabilities(builder, estimator, decisions),))


def _probabilities(builder: Builder, estimator: Any, decisions: Slots) -> Slots:
    """Platt's sigmoid of each pair's decision, cut off near 0 and 1, and the pairs brought together."""
    slopes, offsets = estimator._probA, estimator._probB  # noqa: SLF001
    line = builder.arithmetic(Arithmetic.MULTIPLY, decisions, slopes)
    line = builder.arithmetic(Arithmetic.ADD, line, offsets)
    pairs = builder.unary(Unary.EXPIT, builder.unary(Unary.NEGATE, line))
    pairs = builder.arithmetic(Arithmetic.MAXIMUM, pairs, LEAST)
    pairs = builder.arithmetic(Arithmetic.MINIMUM, pairs, 1 - LEAST)
    return builder.coupling(pairs, len(estimator.classes_))


def _decide(builder: Builder, estimator: Any, decisions: Slots) -> Prediction:
    classes = plain_classes(builder, [estimator.classes_])
    count = len(classes[0])
    if count == 2:  # noqa: PLR2004 - the only case with one score
        second = builder.arithmetic(Arithmetic.LESS_EQUAL, decisions, 0.0)
        return Prediction(second, classes, scores=builder.unary(Unary.NEGATE, decisions))
    first = builder.arithmetic(Arithmetic.GREATER, decisions, 0.0)
    second = builder.arithmetic(Arithmetic.REVERSE_SUBTRACT, first, 1.0)
    votes = np.zeros((2, count, len(decisions)))
    for k, (i, j) in enumerate(combinations(range(count), 2)):
        votes[0, i, k] = votes[1, j, k] = 1.0
    counted = builder.matrix((*first, *second), np.hstack([votes[0], votes[1]]))
    best = builder.reduce(Reduce.ARGMAX, counted)
    if estimator.decision_function_shape == "ovo":
        return Prediction((best,), classes, scores=decisions)
    scores = one_vs_one_scores(builder, decisions, count)
    if estimator.break_ties:
        best = builder.reduce(Reduce.ARGMAX, scores)
    return Prediction((best,), classes, scores=scores)


def _value(builder: Builder, estimator: Any, frame: Frame) -> Slots:
    values = kernel(builder, estimator, frame)
    return builder.matrix(values, dense(estimator._dual_coef_), estimator._intercept_)


def predict_regressor(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """The weighted sum of the kernel."""
    return Prediction(_value(builder, estimator, frame))


def predict_outliers(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """Inside where the weighted sum of the kernel is positive."""
    return outliers(builder, _value(builder, estimator, frame)[0], inside=Arithmetic.GREATER)


PREDICTORS = {
    svm.SVC: predict_classifier,
    svm.NuSVC: predict_classifier,
    svm.SVR: predict_regressor,
    svm.NuSVR: predict_regressor,
    svm.OneClassSVM: predict_outliers,
    svm.LinearSVC: predict_linear_classifier,
    svm.LinearSVR: predict_linear_regressor,
}
