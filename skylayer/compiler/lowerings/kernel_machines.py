"""Kernel ridge regression and label propagation: sums of kernels with the training rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics.pairwise import KERNEL_PARAMS
from sklearn.semi_supervised import LabelPropagation, LabelSpreading

from skylayer.compiler.classes import plain_classes
from skylayer.compiler.kernels import kernel_values
from skylayer.compiler.prediction import Prediction
from skylayer.compiler.program import Arithmetic, Reduce

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame


def predict_ridge(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """The weighted sum of the kernel."""
    taken = KERNEL_PARAMS.get(estimator.kernel, ()) if isinstance(estimator.kernel, str) else ()
    parameters = {name: getattr(estimator, name) for name in ("gamma", "degree", "coef0") if name in taken}
    values = kernel_values(builder, estimator.kernel, builder.check(frame), estimator.X_fit_, **parameters)
    weights = np.asarray(estimator.dual_coef_)
    return Prediction(builder.matrix(values, weights.T), vector=weights.ndim > 1)


def predict_labels(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """Training rows' label distributions, weighted by the kernel."""
    if estimator.kernel != "rbf":
        name = estimator.kernel if isinstance(estimator.kernel, str) else "<function>"
        builder.cannot("only the rbf kernel has a native equivalent", f"kernel={name!r}")
    values = kernel_values(builder, "rbf", builder.check(frame), estimator.X_, gamma=estimator.gamma)
    weighted = builder.matrix(values, estimator.label_distributions_.T)
    total = builder.reduce(Reduce.PAIRWISE_SUM, weighted)
    shares = builder.combine(Arithmetic.DIVIDE, weighted, (total,))
    best = builder.reduce(Reduce.ARGMAX, shares)
    return Prediction((best,), plain_classes(builder, [estimator.classes_]), (shares,))


PREDICTORS = {
    KernelRidge: predict_ridge,
    LabelPropagation: predict_labels,
    LabelSpreading: predict_labels,
}
