"""A classifier under other labels: the same numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from skylayer.compiler.classes import plain_classes
from skylayer.compiler.relabelled import Relabelled

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Prediction


def predict(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """What the classifier answers, its classes by their labels."""
    answer = builder.predict(estimator.model, frame, "model")
    return replace(answer, classes=plain_classes(builder, [estimator.classes_]))


PREDICTORS = {Relabelled: predict}
