"""Voting: the most voted class, or the mean of probabilities or of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.ensemble import VotingClassifier, VotingRegressor

from skylayer.compiler.classes import plain_classes
from skylayer.compiler.prediction import Prediction
from skylayer.compiler.program import Arithmetic, Reduce
from skylayer.compiler.responses import add, label, mean, probabilities

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame


def _members(builder: Builder, voting: Any, frame: Frame) -> list[tuple[Any, Prediction]]:
    names = [name for name, estimator in voting.estimators if not isinstance(estimator, str)]
    return [(e, builder.predict(e, frame, n)) for n, e in zip(names, voting.estimators_, strict=True)]


def predict_classifier(builder: Builder, voting: Any, frame: Frame) -> Prediction:
    """The first best class by votes (hard) or by mean probability (soft)."""
    members = _members(builder, voting, frame)
    weights = voting._weights_not_none  # noqa: SLF001
    classes = plain_classes(builder, [voting.classes_])
    if voting.voting == "soft":
        shares = mean(builder, [probabilities(builder, p) for _, p in members], weights)
        return Prediction((builder.reduce(Reduce.ARGMAX, shares),), classes, (shares,))
    votes = []
    for position, (estimator, prediction) in enumerate(members):
        vote = builder.one_hot(label(builder, estimator, prediction), len(voting.classes_))
        weight = 1.0 if weights is None else float(weights[position])
        votes.append(builder.arithmetic(Arithmetic.MULTIPLY, vote, weight))
    return Prediction((builder.reduce(Reduce.ARGMAX, add(builder, votes)),), classes)


def predict_regressor(builder: Builder, voting: Any, frame: Frame) -> Prediction:
    """The weighted mean."""
    values = [p.values for _, p in _members(builder, voting, frame)]
    return Prediction(mean(builder, values, voting._weights_not_none))  # noqa: SLF001


PREDICTORS = {VotingClassifier: predict_classifier, VotingRegressor: predict_regressor}
