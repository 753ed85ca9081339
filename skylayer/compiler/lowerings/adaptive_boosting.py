"""AdaBoost: weighted votes, or the weighted median of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.ensemble import AdaBoostClassifier, AdaBoostRegressor

from skylayer.compiler.classes import plain_classes
from skylayer.compiler.prediction import Prediction
from skylayer.compiler.program import Arithmetic, Reduce, Unary
from skylayer.compiler.responses import BINARY, add, as_array

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Slots


def _members(builder: Builder, boosting: Any, frame: Frame) -> list[Prediction]:
    x = as_array(builder, frame, allow_nan=False)
    return [builder.predict(e, x, f"estimators_[{k}]") for k, e in enumerate(boosting.estimators_)]


def _votes(builder: Builder, boosting: Any, frame: Frame) -> Slots:
    count = boosting.n_classes_
    parts = []
    members = _members(builder, boosting, frame)
    for estimator, weight, member in zip(
        boosting.estimators_, boosting.estimator_weights_, members, strict=False
    ):
        chosen = estimator.classes_[:, None] == boosting.classes_[None, :]
        votes = np.where(chosen, weight, -1 / (count - 1) * weight)
        parts.append(builder.gather(member.values[0], votes, votes[0]))
    total = boosting.estimator_weights_.sum()
    return builder.arithmetic(Arithmetic.DIVIDE, add(builder, parts), float(total))


def predict_classifier(builder: Builder, boosting: Any, frame: Frame) -> Prediction:
    """The class with the most weight; probabilities are a softmax of the votes."""
    count = boosting.n_classes_
    if count < BINARY:
        builder.cannot("knows one class only")
    votes = _votes(builder, boosting, frame)
    classes = plain_classes(builder, [boosting.classes_])
    if count > BINARY:
        shares = builder.softmax(builder.arithmetic(Arithmetic.DIVIDE, votes, float(count - 1)))
        return Prediction((builder.reduce(Reduce.ARGMAX, votes),), classes, (shares,), votes)
    negative = builder.arithmetic(Arithmetic.MULTIPLY, votes[:1], -1.0)
    score = (builder.reduce(Reduce.PAIRWISE_SUM, (*negative, votes[1])),)
    both = (*builder.unary(Unary.NEGATE, score), *score)
    shares = builder.softmax(builder.arithmetic(Arithmetic.DIVIDE, both, 2.0))
    return Prediction(builder.arithmetic(Arithmetic.GREATER, score, 0.0), classes, (shares,), score)


def predict_regressor(builder: Builder, boosting: Any, frame: Frame) -> Prediction:
    """The weighted median of the estimators' values."""
    values = [p.values[0] for p in _members(builder, boosting, frame)]
    weights = boosting.estimator_weights_[: len(values)]
    return Prediction((builder.weighted_median(values, weights),))


PREDICTORS = {AdaBoostClassifier: predict_classifier, AdaBoostRegressor: predict_regressor}
