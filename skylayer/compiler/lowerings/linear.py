"""Linear models: a product with the coefficients, then a link or a decision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn import linear_model as models

from skylayer.compiler.classes import plain_classes
from skylayer.compiler.compositions import dense
from skylayer.compiler.prediction import Prediction
from skylayer.compiler.program import Arithmetic, Reduce, Unary

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Slots


def product(builder: Builder, estimator: Any, frame: Frame) -> Slots:
    """coef_ times the row plus intercept_."""
    return builder.matrix(builder.check(frame), dense(estimator.coef_), estimator.intercept_)


def predict_regressor(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """One product per target."""
    # A target given as a column of a matrix comes back as one.
    return Prediction(product(builder, estimator, frame), vector=np.ndim(estimator.coef_) > 1)


def decide(builder: Builder, scores: Slots) -> int:
    """LinearClassifierMixin.predict: a positive binary score is the second class, else the first best."""
    if len(scores) == 1:
        return builder.arithmetic(Arithmetic.GREATER, scores, 0.0)[0]
    return builder.reduce(Reduce.ARGMAX, scores)


def predict_classifier(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """Scores and the class that they decide for."""
    scores = product(builder, estimator, frame)
    return Prediction((decide(builder, scores),), plain_classes(builder, [estimator.classes_]), scores=scores)


def predict_ridge_classifier(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """As `predict_classifier`; several labels at once are decided one by one."""
    if not estimator._label_binarizer.y_type_.startswith("multilabel"):  # noqa: SLF001
        return predict_classifier(builder, estimator, frame)
    scores = product(builder, estimator, frame)
    above = builder.arithmetic(Arithmetic.GREATER, scores, 0.0)
    return Prediction(above, ((0, 1),) * len(scores), scores=scores, vector=True)


def predict_logistic(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """Binary: the logistic function; otherwise softmax."""
    scores = product(builder, estimator, frame)
    if len(scores) == 1:
        probabilities = builder.complement(builder.unary(Unary.EXPIT, scores)[0])
    else:
        probabilities = builder.softmax(scores)
    classes = plain_classes(builder, [estimator.classes_])
    return Prediction((decide(builder, scores),), classes, (probabilities,), scores)


def predict_log_linear(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """A generalised linear model: exp after the product, or nothing."""
    link = type(estimator._base_loss.link).__name__  # noqa: SLF001
    if link not in {"LogLink", "IdentityLink"}:
        builder.cannot("the link function has no native equivalent", f"link={link}")
    values = product(builder, estimator, frame)
    return Prediction(builder.unary(Unary.EXP, values) if link == "LogLink" else values)


def predict_gradient_descent(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """SGDClassifier: probabilities after two of its losses, normalised over one classifier per class."""
    answer = predict_classifier(builder, estimator, frame)
    scores = answer.scores or ()
    if estimator.loss == "log_loss":
        shares = builder.unary(Unary.EXPIT, scores)
    elif estimator.loss == "modified_huber":
        clipped = builder.arithmetic(Arithmetic.MINIMUM, scores, 1.0)
        clipped = builder.arithmetic(Arithmetic.MAXIMUM, clipped, -1.0)
        shifted = builder.arithmetic(Arithmetic.ADD, clipped, 1.0)
        shares = builder.arithmetic(Arithmetic.DIVIDE, shifted, 2.0)
    else:
        return answer
    probabilities = builder.complement(shares[0]) if len(shares) == 1 else builder.normalise(shares)
    return Prediction(answer.values, answer.classes, (probabilities,), scores)


def predict_consensus(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """RANSAC: the estimator that was fitted on the inliers."""
    return builder.predict(estimator.estimator_, builder.check(frame), "estimator_")


PREDICTORS = {
    models.GammaRegressor: predict_log_linear,
    models.PassiveAggressiveClassifier: predict_classifier,
    models.PoissonRegressor: predict_log_linear,
    models.RANSACRegressor: predict_consensus,
    models.SGDClassifier: predict_gradient_descent,
    models.TweedieRegressor: predict_log_linear,
    models.LogisticRegression: predict_logistic,
    models.LogisticRegressionCV: predict_logistic,
    models.Perceptron: predict_classifier,
    models.RidgeClassifier: predict_ridge_classifier,
    models.RidgeClassifierCV: predict_ridge_classifier,
} | dict.fromkeys(
    (
        models.ARDRegression,
        models.BayesianRidge,
        models.ElasticNet,
        models.ElasticNetCV,
        models.HuberRegressor,
        models.Lars,
        models.LarsCV,
        models.Lasso,
        models.LassoCV,
        models.LassoLars,
        models.LassoLarsCV,
        models.LassoLarsIC,
        models.LinearRegression,
        models.MultiTaskElasticNet,
        models.MultiTaskElasticNetCV,
        models.MultiTaskLasso,
        models.MultiTaskLassoCV,
        models.OrthogonalMatchingPursuit,
        models.OrthogonalMatchingPursuitCV,
        models.PassiveAggressiveRegressor,
        models.QuantileRegressor,
        models.Ridge,
        models.RidgeCV,
        models.SGDRegressor,
        models.TheilSenRegressor,
    ),
    predict_regressor,
)
