"""CalibratedClassifierCV: scores bent into probabilities, averaged over the folds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.calibration import CalibratedClassifierCV, _SigmoidCalibration

from skylayer.compiler.classes import plain_classes
from skylayer.compiler.prediction import Prediction
from skylayer.compiler.program import Arithmetic, Reduce, Unary
from skylayer.compiler.responses import BINARY, mean, response

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Slots

METHODS = ("decision_function", "predict_proba")
SMALLEST = 1e-12  # what scikit-learn adds to a probability before its logarithm


def _calibrate(builder: Builder, calibrator: Any, score: int) -> int:
    if type(calibrator) is not _SigmoidCalibration:
        return builder.predict(calibrator, (score,)).values[0]
    line = builder.arithmetic(Arithmetic.MULTIPLY, (score,), float(calibrator.a_))
    line = builder.arithmetic(Arithmetic.ADD, line, float(calibrator.b_))
    return builder.unary(Unary.EXPIT, builder.unary(Unary.NEGATE, line))[0]


def _temperature(builder: Builder, calibrator: Any, columns: Slots, method: str) -> Slots:
    columns = builder.check(columns)
    if method == "predict_proba":
        shares = builder.complement(columns[0]) if len(columns) == 1 else columns
        shifted = builder.arithmetic(Arithmetic.ADD, shares, SMALLEST)
        logits = builder.unary(Unary.LOG, shifted)
    elif len(columns) == 1:
        logits = (*builder.unary(Unary.NEGATE, columns), *columns)
    else:
        logits = columns
    return builder.softmax(builder.arithmetic(Arithmetic.MULTIPLY, logits, float(calibrator.beta_)))


def _fold(builder: Builder, fold: Any, frame: Frame, name: str) -> Slots:
    prediction = builder.predict(fold.estimator, frame, name)
    columns, method = response(builder, fold.estimator, prediction, METHODS)
    count = len(fold.classes)
    if fold.method == "temperature":
        shares = _temperature(builder, fold.calibrators[0], columns, method)
    else:
        found = list(builder.constant(np.zeros(count)))
        places = np.searchsorted(fold.classes, fold.estimator.classes_)
        for place, column, calibrator in zip(places, columns, fold.calibrators, strict=False):
            found[int(place) + (count == BINARY)] = _calibrate(builder, calibrator, column)
        shares = builder.complement(found[1]) if count == BINARY else builder.normalise(found)
    return builder.arithmetic(Arithmetic.MINIMUM, shares, 1.0)


def predict_calibrated(builder: Builder, calibrated: Any, frame: Frame) -> Prediction:
    """The first class with the largest mean probability."""
    folds = [
        _fold(builder, fold, frame, f"calibrated_classifiers_[{k}]")
        for k, fold in enumerate(calibrated.calibrated_classifiers_)
    ]
    shares = mean(builder, folds)
    best = builder.reduce(Reduce.ARGMAX, shares)
    return Prediction((best,), plain_classes(builder, [calibrated.classes_]), (shares,))


PREDICTORS = {CalibratedClassifierCV: predict_calibrated}
