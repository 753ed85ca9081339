"""One-vs-rest, one-vs-one and output codes: many binary estimators, one decision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.multiclass import (
    OneVsOneClassifier,
    OneVsRestClassifier,
    OutputCodeClassifier,
    _ConstantPredictor,
)

from skylayer.compiler.classes import plain_classes
from skylayer.compiler.prediction import Prediction
from skylayer.compiler.program import Arithmetic, Pairwise, Reduce, Unary
from skylayer.compiler.responses import (
    BINARY,
    as_array,
    binary_score,
    binary_threshold,
    label,
    probabilities,
    scores,
)

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Slots


def predict_constant(builder: Builder, constant: Any, _: Frame) -> Prediction:
    """The one class that a binary estimator was shown."""
    value = float(np.ravel(constant.y_)[0])
    (slot,) = builder.constant([value])
    return Prediction((slot,), probabilities=(builder.constant([1 - value, value]),), scores=(slot,))


def _members(builder: Builder, several: Any, frame: Frame) -> list[tuple[Any, Prediction]]:
    return [(e, builder.predict(e, frame, f"estimators_[{k}]")) for k, e in enumerate(several.estimators_)]


def _rest_probabilities(builder: Builder, rest: Any, members: list[tuple[Any, Prediction]]) -> Slots:
    positive = tuple(probabilities(builder, p)[1] for _, p in members)
    shares = builder.complement(positive[0]) if len(positive) == 1 else positive
    if rest.multilabel_:
        return shares
    total = (builder.sum_in_some_order(shares),)
    empty = builder.arithmetic(Arithmetic.EQUAL, total, 0.0)
    return builder.combine(Arithmetic.DIVIDE, shares, builder.select(empty, builder.constant([1.0]), total))


def predict_rest(builder: Builder, rest: Any, frame: Frame) -> Prediction:
    """The class whose estimator is surest; with several labels each that is above the threshold."""
    members = _members(builder, rest, frame)
    found = tuple(binary_score(builder, e, p) for e, p in members)
    estimator = rest.estimators_[0]
    shares = (_rest_probabilities(builder, rest, members),) if hasattr(estimator, "predict_proba") else None
    decisions = (
        tuple(scores(builder, p)[0] for _, p in members) if hasattr(estimator, "decision_function") else None
    )
    if rest.label_binarizer_.y_type_ == "multiclass":
        best = builder.reduce(Reduce.ARGMAX, found)
        return Prediction((best,), plain_classes(builder, [rest.classes_]), shares, decisions)
    above = builder.arithmetic(Arithmetic.GREATER, found, binary_threshold(estimator))
    if rest.multilabel_:
        return Prediction(above, None, shares, decisions, vector=True, integer=True)
    return Prediction(above, plain_classes(builder, [rest.classes_]), shares, decisions)


def _duels(builder: Builder, one: Any, frame: Frame) -> Slots:
    """sklearn.utils.multiclass._ovr_decision_function: votes, ties broken by the sum of confidences."""
    x = as_array(builder, frame)
    count = len(one.classes_)
    zero = builder.constant([0.0])[0]
    votes, sums = [zero] * count, [zero] * count
    duels = [(i, j) for i in range(count) for j in range(i + 1, count)]
    for k, ((i, j), estimator) in enumerate(zip(duels, one.estimators_, strict=True)):
        columns = x if one.pairwise_indices_ is None else tuple(x[int(c)] for c in one.pairwise_indices_[k])
        prediction = builder.predict(estimator, columns, f"estimators_[{k}]")
        winner = (label(builder, estimator, prediction),)
        confidence = (binary_score(builder, estimator, prediction),)
        sums[i] = builder.combine(Arithmetic.SUBTRACT, (sums[i],), confidence)[0]
        sums[j] = builder.combine(Arithmetic.ADD, (sums[j],), confidence)[0]
        for index, side in ((i, 0.0), (j, 1.0)):
            vote = builder.arithmetic(Arithmetic.EQUAL, winner, side)
            votes[index] = builder.combine(Arithmetic.ADD, (votes[index],), vote)[0]
    size = builder.arithmetic(Arithmetic.ADD, builder.unary(Unary.ABSOLUTE, sums), 1.0)
    size = builder.arithmetic(Arithmetic.MULTIPLY, size, 3.0)
    return builder.combine(Arithmetic.ADD, votes, builder.combine(Arithmetic.DIVIDE, sums, size))


def predict_one(builder: Builder, one: Any, frame: Frame) -> Prediction:
    """The class that wins most duels."""
    found = _duels(builder, one, frame)
    classes = plain_classes(builder, [one.classes_])
    if one.n_classes_ > BINARY:
        return Prediction((builder.reduce(Reduce.ARGMAX, found),), classes, scores=found)
    above = builder.arithmetic(Arithmetic.GREATER, found[1:], binary_threshold(one.estimators_[0]))
    return Prediction(above, classes, scores=found[1:])


def predict_code(builder: Builder, code: Any, frame: Frame) -> Prediction:
    """The class whose code lies nearest to the estimators' answers."""
    found = builder.check(tuple(binary_score(builder, e, p) for e, p in _members(builder, code, frame)))
    nearest = builder.pairwise(Pairwise.SQUARED_EUCLIDEAN, found, code.code_book_)
    return Prediction((builder.reduce(Reduce.ARGMIN, nearest),), plain_classes(builder, [code.classes_]))


PREDICTORS = {
    OneVsRestClassifier: predict_rest,
    OneVsOneClassifier: predict_one,
    OutputCodeClassifier: predict_code,
    _ConstantPredictor: predict_constant,
}
