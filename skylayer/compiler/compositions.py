"""Compositions of operations that several families share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer.compiler.prediction import Prediction
from skylayer.compiler.program import Arithmetic, Reduce, Unary

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from skylayer.compiler.builder import Builder
    from skylayer.compiler.prediction import Slots


def dense(matrix: Any) -> np.ndarray[Any, Any]:
    """A fitted array as numpy, whether it was stored sparse or not."""
    return np.asarray(matrix.toarray() if hasattr(matrix, "toarray") else matrix, dtype=np.float64)


def log_sum_exp(builder: Builder, slots: Slots) -> int:
    """The logarithm of the row's sum of exponentials, shifted by the largest."""
    top = (builder.reduce(Reduce.MAXIMUM, slots),)
    powers = builder.unary(Unary.EXP, builder.combine(Arithmetic.SUBTRACT, slots, top))
    logarithm = builder.unary(Unary.LOG, (builder.reduce(Reduce.PAIRWISE_SUM, powers),))
    return builder.combine(Arithmetic.ADD, logarithm, top)[0]


def from_log_likelihoods(builder: Builder, slots: Slots) -> Slots:
    """exp(x - logsumexp(x)): joint log-likelihoods become probabilities."""
    relative = builder.combine(Arithmetic.SUBTRACT, slots, (log_sum_exp(builder, slots),))
    return builder.unary(Unary.EXP, relative)


def without_own_norm(builder: Builder, slots: Slots, rows: ArrayLike) -> Slots:
    """|r|² - 2 x·r for each stored row r: orders rows by Euclidean distance, as scikit-learn computes it."""
    stored = dense(rows)
    return builder.matrix(slots, -2.0 * stored, np.einsum("ij,ij->i", stored, stored))


def squared_distances(builder: Builder, slots: Slots, rows: ArrayLike) -> Slots:
    """|x|² - 2 x·r + |r|², at least 0: a far row's own norm swallows the rest, as it does in scikit-learn."""
    stored = dense(rows)
    own = builder.sum_in_some_order(builder.unary(Unary.SQUARE, slots), by_einsum=True)
    products = builder.arithmetic(Arithmetic.MULTIPLY, builder.matrix(slots, stored), -2.0)
    squares = builder.combine(Arithmetic.ADD, products, (own,))
    squares = builder.arithmetic(Arithmetic.ADD, squares, np.einsum("ij,ij->i", stored, stored))
    return builder.arithmetic(Arithmetic.MAXIMUM, squares, 0.0)


def nearest(builder: Builder, slots: Slots, rows: ArrayLike) -> int:
    """sklearn.metrics.pairwise_distances_argmin: the nearest stored row, the first of equals."""
    return builder.reduce(Reduce.ARGMIN, squared_distances(builder, slots, rows))


def euclidean_distances(builder: Builder, slots: Slots, rows: ArrayLike) -> Slots:
    """sklearn.metrics.pairwise.euclidean_distances, which expands the square."""
    return builder.unary(Unary.SQUARE_ROOT, squared_distances(builder, slots, rows))


def best_of(builder: Builder, scores: Slots, classes: tuple[tuple[Any, ...], ...]) -> Prediction:
    """The class of the largest score, the first of equals, and the scores' softmax."""
    best = builder.reduce(Reduce.ARGMAX, scores)
    return Prediction((best,), classes, (builder.softmax(scores),), scores)


def outliers(
    builder: Builder, score: int, *, inside: Arithmetic = Arithmetic.GREATER_EQUAL, border: float = 0.0
) -> Prediction:
    """1 where the score stands `inside` the border, else -1."""
    within = builder.arithmetic(inside, (score,), border)
    one, minus_one = builder.constant([1.0, -1.0])
    return Prediction(builder.select(within, (one,), (minus_one,)), scores=(score,), integer=True)


def one_vs_one_scores(builder: Builder, decisions: Slots, classes: int) -> Slots:
    """sklearn.utils.multiclass._ovr_decision_function: votes, and a share of the summed confidences.

    `decisions`: positive where the first class of each pair (0, 1), (0, 2), … (1, 2), … wins.
    """
    pairs = [(i, j) for i in range(classes) for j in range(i + 1, classes)]
    lost = builder.arithmetic(Arithmetic.LESS, decisions, 0.0)
    won = builder.arithmetic(Arithmetic.REVERSE_SUBTRACT, lost, 1.0)
    confidence, votes = np.zeros((2, classes, len(pairs)))
    lost_votes = np.zeros((classes, len(pairs)))
    for k, (i, j) in enumerate(pairs):
        confidence[i, k], confidence[j, k] = 1.0, -1.0
        votes[i, k] = lost_votes[j, k] = 1.0
    total = builder.matrix(decisions, confidence)
    size = builder.arithmetic(Arithmetic.ADD, builder.unary(Unary.ABSOLUTE, total), 1.0)
    share = builder.combine(Arithmetic.DIVIDE, total, builder.arithmetic(Arithmetic.MULTIPLY, size, 3.0))
    counted = builder.matrix((*won, *lost), np.hstack([votes, lost_votes]))
    return builder.combine(Arithmetic.ADD, counted, share)
