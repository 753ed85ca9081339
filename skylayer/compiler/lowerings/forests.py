"""Forests of other libraries' files, in the precision in which their library computes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer.compiler.classes import plain_classes
from skylayer.compiler.forests.estimators import ForeignForestClassifier, ForeignForestRegressor
from skylayer.compiler.prediction import Prediction
from skylayer.compiler.program import Arithmetic, Reduce, TreeFlag, Unary
from skylayer.compiler.tree_nodes import SplitsF64, emit_trees_f64

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.forests.forest import Forest, Input
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Slots


def _rounded(builder: Builder, forest: Forest, slots: Slots) -> Slots:
    return builder.round32(slots) if forest.single else slots


def _features(builder: Builder, forest: Forest, frame: Frame) -> Slots:
    if forest.inputs is None:
        return _numbers(builder, forest, frame)
    return tuple(_input(builder, forest, source, frame) for source in forest.inputs)


def _numbers(builder: Builder, forest: Forest, frame: Frame) -> Slots:
    if forest.finite or forest.complete:
        x = builder.check(frame, allow_nan=not forest.complete, float32=forest.finite)
    else:
        x = builder.numbers(frame, single=forest.single or forest.narrow)
    if forest.single or forest.narrow:
        x = builder.round32(x)
    for step in forest.before:
        offset, scale = (np.broadcast_to(v, (len(x),)).astype(float) for v in (step.offset, step.scale))
        x = builder.round32(builder.arithmetic(Arithmetic.SUBTRACT, x, offset))
        x = builder.round32(builder.arithmetic(Arithmetic.MULTIPLY, x, scale))
    return x


def _input(builder: Builder, forest: Forest, source: Input, frame: Frame) -> int:
    feature = frame[source.column]
    if source.values is not None:
        codes = [float(value in source.values) for value in source.known]
        detail = f"unknown category in column {getattr(feature, 'name', source.column)!r}"
        return builder.codes(feature, source.known, codes, unknown=None, detail=detail)
    (x,) = _numbers(builder, forest, (feature,))
    for how, number in source.steps:
        (x,) = builder.arithmetic(_STEPS[how], (x,), number)
    return x


_STEPS = {
    "+": Arithmetic.ADD, "-": Arithmetic.SUBTRACT, "*": Arithmetic.MULTIPLY, "/": Arithmetic.DIVIDE
}  # fmt: skip


def _sums(builder: Builder, forest: Forest, frame: Frame) -> Slots:
    x = _features(builder, forest, frame)
    trees = [
        SplitsF64(
            left=tree.left,
            right=tree.right,
            feature=np.where(tree.left < 0, 0, tree.feature),
            threshold=tree.threshold,
            missing_left=tree.missing_left,
            values=tree.values,
        )
        for tree in forest.trees
    ]
    total = builder.constant(np.zeros(forest.outputs))
    flags = TreeFlag.FLOAT32_SUMS if forest.single else 0
    if trees:
        total = emit_trees_f64(builder, x, trees, [t.output for t in forest.trees], total, flags=flags)
    if forest.weights is not None:
        total = builder.combine(Arithmetic.ADD, total, builder.matrix(x, forest.weights, None))
    for how, value in ((Arithmetic.DIVIDE, forest.divisor), (Arithmetic.MULTIPLY, forest.scale)):
        if np.any(np.asarray(value) != 1.0):
            total = _rounded(builder, forest, builder.arithmetic(how, total, value))
    return _rounded(builder, forest, builder.arithmetic(Arithmetic.ADD, total, forest.bias))


def _linked(builder: Builder, forest: Forest, values: Slots) -> Slots:
    """The link step by step, each one rounded as the forest's library rounds it."""
    if forest.link == "identity":
        return values
    if forest.link == "exponential":
        return _rounded(builder, forest, builder.unary(Unary.EXP, values))
    if forest.link == "softmax":
        largest = (builder.reduce(Reduce.MAXIMUM, values),)
        apart = _rounded(builder, forest, builder.combine(Arithmetic.SUBTRACT, values, largest))
        powers = _rounded(builder, forest, builder.unary(Unary.EXP, apart))
        total = powers[:1]
        for place in range(1, len(powers)):
            added = builder.combine(Arithmetic.ADD, total, powers[place : place + 1])
            total = _rounded(builder, forest, added)
        return _rounded(builder, forest, builder.combine(Arithmetic.DIVIDE, powers, total))
    positive = forest.link == "logistic"
    size = builder.unary(Unary.NEGATE, builder.unary(Unary.ABSOLUTE, values) if positive else values)
    smaller = _rounded(builder, forest, builder.unary(Unary.EXP, size))
    more = _rounded(builder, forest, builder.arithmetic(Arithmetic.ADD, smaller, 1.0))
    share = _rounded(builder, forest, builder.arithmetic(Arithmetic.REVERSE_DIVIDE, more, 1.0))
    if not positive:
        return share
    rest = _rounded(builder, forest, builder.arithmetic(Arithmetic.REVERSE_SUBTRACT, share, 1.0))
    return builder.select(builder.arithmetic(Arithmetic.LESS, values, 0.0), rest, share)


def predict_classifier(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """One output: above the threshold is the second class; several: the first best."""
    forest = estimator.forest
    values = _sums(builder, forest, frame)
    share = _linked(builder, forest, values)
    decided = values if forest.plain else share
    classes = plain_classes(builder, [estimator.classes_])
    if forest.outputs > 1:
        return Prediction((builder.reduce(Reduce.ARGMAX, decided),), classes, (share,))
    above = builder.arithmetic(Arithmetic.GREATER, decided, forest.threshold)
    if forest.negated:
        first = _linked(builder, forest, builder.unary(Unary.NEGATE, values))
    else:
        first = _rounded(builder, forest, builder.arithmetic(Arithmetic.REVERSE_SUBTRACT, share, 1.0))
    return Prediction(above, classes, ((*first, *share),))


def predict_regressor(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """The linked sums."""
    return Prediction(_linked(builder, estimator.forest, _sums(builder, estimator.forest, frame)))


PREDICTORS = {
    ForeignForestClassifier: predict_classifier,
    ForeignForestRegressor: predict_regressor,
}
