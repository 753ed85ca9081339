"""Searches answer as their best estimator; thresholds move a binary decision."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - makes the halving searches importable
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
)

from skylayer.compiler.classes import plain_classes
from skylayer.compiler.program import Arithmetic
from skylayer.compiler.responses import BINARY, response

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Prediction


def _best(builder: Builder, search: Any) -> Any:
    if not hasattr(search, "best_estimator_"):
        builder.cannot("has no best estimator to predict with", "refit=False")
    return search.best_estimator_


def predict_search(builder: Builder, search: Any, frame: Frame) -> Prediction:
    """The best estimator's answer."""
    return builder.predict(_best(builder, search), frame, "best_estimator_")


def transform_search(builder: Builder, search: Any, frame: Frame) -> Frame:
    """The best estimator's output."""
    return builder.transform(_best(builder, search), frame, "best_estimator_")


def _decide(builder: Builder, classifier: Any, frame: Frame, threshold: Any, positive: Any) -> Prediction:
    estimator = getattr(classifier, "estimator_", classifier.estimator)
    prediction = builder.predict(estimator, frame, "estimator_")
    if len(estimator.classes_) != BINARY:
        builder.cannot("decides between two classes only")
    methods = classifier._get_response_method()  # noqa: SLF001
    columns, method = response(builder, estimator, prediction, methods, positive)
    if threshold == "auto":
        threshold = 0.5 if method == "predict_proba" else 0.0
    above = builder.arithmetic(Arithmetic.GREATER_EQUAL, columns, float(threshold))
    classes = classifier.classes_
    if positive is not None and classes[0] == positive:
        above = builder.arithmetic(Arithmetic.REVERSE_SUBTRACT, above, 1.0)
    return dataclasses.replace(
        prediction, values=above, classes=plain_classes(builder, [np.asarray(classes)])
    )


def predict_fixed(builder: Builder, classifier: Any, frame: Frame) -> Prediction:
    """The positive class from the given threshold upwards."""
    return _decide(builder, classifier, frame, classifier.threshold, classifier.pos_label)


def predict_tuned(builder: Builder, classifier: Any, frame: Frame) -> Prediction:
    """The positive class from the best threshold upwards."""
    positive = classifier._curve_scorer._get_pos_label()  # noqa: SLF001
    return _decide(builder, classifier, frame, classifier.best_threshold_, positive)


_SEARCHES = (GridSearchCV, RandomizedSearchCV, HalvingGridSearchCV, HalvingRandomSearchCV)
TRANSFORMERS = dict.fromkeys(_SEARCHES, transform_search)
PREDICTORS = {
    **dict.fromkeys(_SEARCHES, predict_search),
    FixedThresholdClassifier: predict_fixed,
    TunedThresholdClassifierCV: predict_tuned,
}
