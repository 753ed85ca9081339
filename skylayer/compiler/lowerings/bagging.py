"""Bagging: the mean of estimators that see some of the features each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.ensemble import BaggingClassifier, BaggingRegressor

from skylayer.compiler.classes import plain_classes
from skylayer.compiler.prediction import Prediction
from skylayer.compiler.program import Arithmetic, Reduce
from skylayer.compiler.responses import add, as_array, label, probabilities

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Slots


def _members(builder: Builder, bagging: Any, frame: Frame) -> list[tuple[Any, Prediction]]:
    x = as_array(builder, frame)
    return [
        (estimator, builder.predict(estimator, tuple(x[int(i)] for i in features), f"estimators_[{k}]"))
        for k, (estimator, features) in enumerate(
            zip(bagging.estimators_, bagging.estimators_features_, strict=True)
        )
    ]


def _shares(builder: Builder, total: list[int], estimator: Any, prediction: Prediction) -> None:
    """Add an estimator's probabilities, or its vote if it has none, to the classes that it knows."""
    if hasattr(estimator, "predict_proba"):
        columns = probabilities(builder, prediction)
        known = range(len(total)) if len(columns) == len(total) else map(int, estimator.classes_)
    else:
        columns = builder.one_hot(label(builder, estimator, prediction), len(total))
        known = range(len(total))
    chosen = list(known)
    added = builder.combine(Arithmetic.ADD, [total[k] for k in chosen], columns)
    for k, slot in zip(chosen, added, strict=True):
        total[k] = slot


def _scores(builder: Builder, members: list[tuple[Any, Prediction]]) -> Slots | None:
    parts = [p.scores for _, p in members]
    if any(part is None or len(part) != len(parts[0] or ()) for part in parts):
        return None
    total = add(builder, [part for part in parts if part is not None])
    return builder.arithmetic(Arithmetic.DIVIDE, total, float(len(parts)))


def predict_classifier(builder: Builder, bagging: Any, frame: Frame) -> Prediction:
    """The first class with the largest mean probability."""
    members = _members(builder, bagging, frame)
    total = list(builder.constant(np.zeros(bagging.n_classes_)))
    for estimator, prediction in members:
        _shares(builder, total, estimator, prediction)
    shares = builder.arithmetic(Arithmetic.DIVIDE, total, float(bagging.n_estimators))
    best = builder.reduce(Reduce.ARGMAX, shares)
    classes = plain_classes(builder, [bagging.classes_])
    return Prediction((best,), classes, (shares,), _scores(builder, members))


def predict_regressor(builder: Builder, bagging: Any, frame: Frame) -> Prediction:
    """The mean."""
    members = _members(builder, bagging, frame)
    total = add(builder, [p.values for _, p in members])
    mean = builder.arithmetic(Arithmetic.DIVIDE, total, float(bagging.n_estimators))
    return Prediction(mean, vector=members[0][1].vector)


PREDICTORS = {BaggingClassifier: predict_classifier, BaggingRegressor: predict_regressor}
