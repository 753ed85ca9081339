"""Partial least squares and canonical correlation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.cross_decomposition import CCA, PLSCanonical, PLSRegression

from skylayer.compiler.prediction import Prediction
from skylayer.compiler.program import Arithmetic

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame


def predict_projection(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """Coefficients times the centred row, plus the intercept."""
    centred = builder.arithmetic(Arithmetic.SUBTRACT, builder.check(frame), estimator._x_mean)  # noqa: SLF001
    values = builder.matrix(centred, estimator.coef_, estimator.intercept_)
    return Prediction(values, vector=not estimator._predict_1d)  # noqa: SLF001


PREDICTORS = dict.fromkeys((CCA, PLSCanonical, PLSRegression), predict_projection)
