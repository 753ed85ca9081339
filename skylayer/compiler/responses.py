"""What a nested estimator answers, as the estimator around it asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import is_classifier, is_regressor

from skylayer.compiler.frame import RawColumn
from skylayer.compiler.program import Arithmetic, Unary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Prediction, Slots

BINARY = 2


def as_array(builder: Builder, frame: Frame, *, allow_nan: bool = True) -> Frame:
    """The frame as `validate_data` would hand it on: numbers in one array, or objects only."""
    raw = [f for f in frame if isinstance(f, RawColumn)]
    if all(f.numeric for f in raw):
        return builder.numbers(frame) if allow_nan else builder.check(frame)
    if len(raw) < len(frame) or any(f.numeric for f in raw):
        builder.cannot("turns numbers and texts into one array of objects")
    if not allow_nan:
        builder.cannot("checks columns of objects for missing values")
    return frame


def recode(builder: Builder, slot: int, codes: Sequence[float]) -> int:
    """The number that stands for a class, given the class's index."""
    values = np.asarray(codes, dtype=np.float64)
    if np.array_equal(values, np.arange(len(values))):
        return slot
    return builder.gather(slot, values[:, None], [0.0])[0]


def label(builder: Builder, estimator: Any, prediction: Prediction) -> int:
    """A single predicted value as a number; a class must be one."""
    (slot,) = prediction.values if len(prediction.values) == 1 else builder.cannot("has several outputs")
    if prediction.classes is None:
        return slot
    classes = np.asarray(estimator.classes_)
    if classes.dtype.kind not in "iufb":
        builder.cannot("predicts classes that aren't numbers, where numbers are needed")
    return recode(builder, slot, classes.astype(np.float64).tolist())


def scores(builder: Builder, prediction: Prediction) -> Slots:
    """Columns of decision_function."""
    if prediction.scores is None:
        builder.cannot("its decision_function has no native equivalent")
    return prediction.scores


def probabilities(builder: Builder, prediction: Prediction) -> Slots:
    """Columns of predict_proba."""
    if prediction.probabilities is None or len(prediction.probabilities) != 1:
        builder.cannot("its predict_proba has no native equivalent, or one for several outputs")
    return prediction.probabilities[0]


def binary_score(builder: Builder, estimator: Any, prediction: Prediction) -> int:
    """sklearn.multiclass._predict_binary: one number that rises with the positive class."""
    if is_regressor(estimator):
        return label(builder, estimator, prediction)
    if hasattr(estimator, "decision_function"):
        (score,) = scores(builder, prediction)
        return score
    return probabilities(builder, prediction)[1]


def binary_threshold(estimator: Any) -> float:
    """sklearn.multiclass._threshold_for_binary_predict."""
    return 0.0 if hasattr(estimator, "decision_function") and is_classifier(estimator) else 0.5


def response(
    builder: Builder, estimator: Any, prediction: Prediction, methods: Any, positive: Any = None
) -> tuple[Slots, str]:
    """sklearn.utils._response._get_response_values: the columns, and the method that gave them.

    `positive` is the class whose score or probability a binary classifier answers, by default the last.
    """
    names = [methods] if isinstance(methods, str) else list(methods)
    method = next((name for name in names if hasattr(estimator, name)), None)
    if method is None:
        builder.cannot(f"its estimator has no {' or '.join(names)}")
    if not is_classifier(estimator) or method == "predict":
        return (label(builder, estimator, prediction),), method
    binary = len(estimator.classes_) == BINARY
    wanted = estimator.classes_[-1] if positive is None else positive
    if method == "predict_proba":
        columns = probabilities(builder, prediction)
        return (columns[int(np.flatnonzero(estimator.classes_ == wanted)[0])],) if binary else columns, method
    if method == "predict_log_proba":
        columns, _ = response(builder, estimator, prediction, "predict_proba", positive)
        return builder.unary(Unary.LOG, columns), method
    columns = scores(builder, prediction)
    if binary and wanted == estimator.classes_[0]:
        columns = builder.arithmetic(Arithmetic.MULTIPLY, columns, -1.0)
    return columns, method


def add(builder: Builder, parts: Sequence[Slots]) -> Slots:
    """Vectors added one after the other."""
    total = parts[0]
    for part in parts[1:]:
        total = builder.combine(Arithmetic.ADD, total, part)
    return total


def mean(builder: Builder, parts: Sequence[Slots], weights: Sequence[float] | None = None) -> Slots:
    """numpy.average of vectors, added in order."""
    if weights is None:
        return builder.arithmetic(Arithmetic.DIVIDE, add(builder, parts), float(len(parts)))
    weighted = [
        builder.arithmetic(Arithmetic.MULTIPLY, part, float(weight))
        for part, weight in zip(parts, weights, strict=True)
    ]
    return builder.arithmetic(Arithmetic.DIVIDE, add(builder, weighted), float(np.sum(np.asarray(weights))))
