"""An estimator per output, side by side or each fed the answers of those before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, MultiOutputRegressor, RegressorChain

from skylayer.compiler.classes import plain_classes
from skylayer.compiler.prediction import Prediction
from skylayer.compiler.responses import label, probabilities, response

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Slots


def _members(builder: Builder, several: Any, frame: Frame) -> list[tuple[Any, Prediction]]:
    return [(e, builder.predict(e, frame, f"estimators_[{k}]")) for k, e in enumerate(several.estimators_)]


def predict_regressors(builder: Builder, several: Any, frame: Frame) -> Prediction:
    """A number per output."""
    members = _members(builder, several, frame)
    return Prediction(tuple(label(builder, e, p) for e, p in members), vector=True)


def predict_classifiers(builder: Builder, several: Any, frame: Frame) -> Prediction:
    """A class per output."""
    if len(several.estimators_) == 1:
        builder.cannot("answers a list of one output")
    members = _members(builder, several, frame)
    values = tuple(p.values[0] for _, p in members)
    classes = plain_classes(builder, [e.classes_ for e, _ in members])
    shares = None
    if all(hasattr(e, "predict_proba") for e, _ in members):
        shares = tuple(probabilities(builder, p) for _, p in members)
    return Prediction(values, classes, shares, vector=True)


def _chain(builder: Builder, chain: Any, frame: Frame) -> list[tuple[Any, Prediction]]:
    """Each estimator after the first also sees the answers before it; in the order of the outputs."""
    x = builder.check(frame)
    method = getattr(chain, "chain_method_", "predict")
    answers: list[int] = []
    members = []
    for k, estimator in enumerate(chain.estimators_):
        prediction = builder.predict(estimator, (*x, *answers), f"estimators_[{k}]")
        members.append((estimator, prediction))
        (column,) = response(builder, estimator, prediction, method)[0]
        answers.append(column)
    return [members[int(k)] for k in np.argsort(chain.order_)]


def _columns(builder: Builder, members: list[tuple[Any, Prediction]], method: str) -> Slots | None:
    if not all(hasattr(e, method) for e, _ in members):
        return None
    columns = [response(builder, e, p, method)[0] for e, p in members]
    if any(len(c) > 1 for c in columns):
        builder.cannot(f"has no {method} of more than two classes")
    return tuple(c for (c,) in columns)


def predict_chain(builder: Builder, chain: Any, frame: Frame) -> Prediction:
    """A number per output."""
    members = _chain(builder, chain, frame)
    return Prediction(tuple(label(builder, e, p) for e, p in members), vector=True)


def predict_classifier_chain(builder: Builder, chain: Any, frame: Frame) -> Prediction:
    """A class per output, which scikit-learn answers as a float, and the probability of its last class."""
    members = _chain(builder, chain, frame)
    values = tuple(label(builder, e, p) for e, p in members)
    shares = _columns(builder, members, "predict_proba")
    scores = _columns(builder, members, "decision_function")
    return Prediction(values, None, None if shares is None else (shares,), scores, vector=True)


PREDICTORS = {
    MultiOutputRegressor: predict_regressors,
    MultiOutputClassifier: predict_classifiers,
    RegressorChain: predict_chain,
    ClassifierChain: predict_classifier_chain,
}
