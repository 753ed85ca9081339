"""Estimators that were trained in a special way and answer as the one that came out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.linear_model import RANSACRegressor
from sklearn.semi_supervised import SelfTrainingClassifier

from skylayer.compiler.responses import as_array

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Prediction


def predict_inner(builder: Builder, outer: Any, frame: Frame) -> Prediction:
    """The fitted estimator's answer to the data as one array."""
    return builder.predict(outer.estimator_, as_array(builder, frame), "estimator_")


PREDICTORS = {RANSACRegressor: predict_inner, SelfTrainingClassifier: predict_inner}
