"""Naive Bayes: joint log-likelihoods, the first best, and probabilities by logsumexp."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn import naive_bayes as models

from skylayer.compiler.classes import plain_classes
from skylayer.compiler.compositions import from_log_likelihoods
from skylayer.compiler.prediction import Prediction
from skylayer.compiler.program import Arithmetic, Reduce, Unary

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Slots


def _decide(builder: Builder, estimator: Any, likelihoods: Slots) -> Prediction:
    best = builder.reduce(Reduce.ARGMAX, likelihoods)
    probabilities = from_log_likelihoods(builder, likelihoods)
    return Prediction((best,), plain_classes(builder, [estimator.classes_]), (probabilities,))


def predict_gaussian(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """Per class the log density of independent normal features."""
    x = builder.check(frame)
    theta, variance = estimator.theta_, estimator.var_
    classes, width = theta.shape
    squares = builder.arithmetic(Arithmetic.SUBTRACT, x * classes, theta.ravel())
    squares = builder.unary(Unary.SQUARE, squares)
    squares = builder.arithmetic(Arithmetic.DIVIDE, squares, variance.ravel())
    sums = tuple(builder.sum_in_some_order(squares[k * width : (k + 1) * width]) for k in range(classes))
    halves = builder.arithmetic(Arithmetic.MULTIPLY, sums, 0.5)
    norms = [-0.5 * np.sum(np.log(2.0 * np.pi * variance[k])) for k in range(classes)]
    densities = builder.arithmetic(Arithmetic.REVERSE_SUBTRACT, halves, norms)
    likelihoods = builder.arithmetic(Arithmetic.ADD, densities, np.log(estimator.class_prior_))
    return _decide(builder, estimator, likelihoods)


def predict_multinomial(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """Counts times log-probabilities, plus the log prior."""
    x = builder.check(frame)
    likelihoods = builder.matrix(x, estimator.feature_log_prob_, estimator.class_log_prior_)
    return _decide(builder, estimator, likelihoods)


def predict_complement(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """Counts times the weights of the complement; the prior counts only where there is one class."""
    prior = estimator.class_log_prior_ if len(estimator.classes_) == 1 else None
    return _decide(
        builder, estimator, builder.matrix(builder.check(frame), estimator.feature_log_prob_, prior)
    )


def predict_bernoulli(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """Indicators times the difference of the log-probabilities of 1 and 0."""
    x = builder.check(frame)
    if estimator.binarize is not None:
        x = builder.arithmetic(Arithmetic.GREATER, x, estimator.binarize)
    absent = np.log(1 - np.exp(estimator.feature_log_prob_))
    bias = estimator.class_log_prior_ + absent.sum(axis=1)
    return _decide(builder, estimator, builder.matrix(x, estimator.feature_log_prob_ - absent, bias))


def predict_categorical(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """Per feature the log-probability of its category, an integer; unseen ones are refused."""
    codes = builder.unary(Unary.TRUNCATE, builder.check(frame))
    codes = builder.check(codes, not_negative=True)
    terms = []
    for code, logarithms in zip(codes, estimator.feature_log_prob_, strict=True):
        detail = f"CategoricalNB knows the categories 0 to {logarithms.shape[1] - 1} of this feature"
        terms.append(builder.gather(code, logarithms.T, None, detail))
    sums = tuple(builder.reduce(Reduce.SUM, tuple(group)) for group in zip(*terms, strict=True))
    return _decide(builder, estimator, builder.arithmetic(Arithmetic.ADD, sums, estimator.class_log_prior_))


PREDICTORS = {
    models.GaussianNB: predict_gaussian,
    models.MultinomialNB: predict_multinomial,
    models.ComplementNB: predict_complement,
    models.BernoulliNB: predict_bernoulli,
    models.CategoricalNB: predict_categorical,
}
