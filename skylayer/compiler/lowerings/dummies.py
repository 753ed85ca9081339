"""Dummies that always answer the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor

from skylayer.compiler.classes import plain_classes
from skylayer.compiler.prediction import Prediction

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame


def predict_regressor(builder: Builder, estimator: Any, frame: Frame) -> Prediction:  # noqa: ARG001
    """The constant of each output."""
    constant = np.ravel(estimator.constant_)
    return Prediction(builder.constant(constant), integer=constant.dtype.kind in "iu")


def predict_classifier(builder: Builder, estimator: Any, frame: Frame) -> Prediction:  # noqa: ARG001
    """The same class and the same probabilities for every row."""
    if estimator.strategy not in {"most_frequent", "prior", "constant"}:
        builder.cannot("draws at random", f"strategy={estimator.strategy!r}")
    several = estimator.n_outputs_ > 1
    groups = list(estimator.classes_) if several else [estimator.classes_]
    priors = list(estimator.class_prior_) if several else [estimator.class_prior_]
    best = [int(np.argmax(p)) for p in priors]
    if estimator.strategy == "constant":
        wanted = np.ravel(estimator.constant)
        best = [int(np.flatnonzero(c == w)[0]) for c, w in zip(groups, wanted, strict=True)]
    shares = priors if estimator.strategy == "prior" else [
        np.eye(len(c))[b] for c, b in zip(groups, best, strict=True)
    ]  # fmt: skip
    return Prediction(
        builder.constant(best),
        plain_classes(builder, groups),
        tuple(builder.constant(s) for s in shares),
    )


PREDICTORS = {DummyClassifier: predict_classifier, DummyRegressor: predict_regressor}
