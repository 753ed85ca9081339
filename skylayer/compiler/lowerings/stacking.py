"""Stacking: the answers of some estimators are the features of the last one."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.ensemble import StackingClassifier, StackingRegressor

from skylayer.compiler.classes import plain_classes
from skylayer.compiler.responses import BINARY, label, probabilities, scores

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Prediction, Slots


def _columns(builder: Builder, stacking: Any, estimator: Any, prediction: Prediction, method: str) -> Slots:
    if method == "predict":
        return prediction.values if prediction.classes is None else (label(builder, estimator, prediction),)
    if method == "decision_function":
        return scores(builder, prediction)
    columns = probabilities(builder, prediction)
    return columns[1:] if len(stacking.classes_) == BINARY else columns


def _features(builder: Builder, stacking: Any, frame: Frame) -> Slots:
    names = [name for name, estimator in stacking.estimators if not isinstance(estimator, str)]
    columns: list[int] = []
    for name, estimator, method in zip(names, stacking.estimators_, stacking.stack_method_, strict=True):
        prediction = builder.predict(estimator, frame, name)
        columns.extend(_columns(builder, stacking, estimator, prediction, method))
    return (*columns, *builder.numbers(frame)) if stacking.passthrough else tuple(columns)


def predict_regressor(builder: Builder, stacking: Any, frame: Frame) -> Prediction:
    """The last estimator's answer."""
    features = _features(builder, stacking, frame)
    return builder.predict(stacking.final_estimator_, features, "final_estimator_")


def predict_classifier(builder: Builder, stacking: Any, frame: Frame) -> Prediction:
    """The last estimator's answer, its classes decoded."""
    if isinstance(stacking._label_encoder, list):  # noqa: SLF001
        builder.cannot("predicts several labels at once")
    prediction = predict_regressor(builder, stacking, frame)
    decoded = np.asarray(stacking.classes_)[stacking.final_estimator_.classes_]
    return dataclasses.replace(prediction, classes=plain_classes(builder, [decoded]))


PREDICTORS = {StackingClassifier: predict_classifier, StackingRegressor: predict_regressor}
