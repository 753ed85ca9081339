"""HistGradientBoosting: double splits, a learned way for missing values, categories as bitsets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from skylayer.compiler.classes import plain_classes
from skylayer.compiler.compositions import best_of
from skylayer.compiler.prediction import Prediction
from skylayer.compiler.program import Arithmetic, Unary
from skylayer.compiler.tree_nodes import CATEGORICAL, SplitsF64, emit_trees_f64

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Slots

BITSET_WORDS = 8  # scikit-learn's, for at most 255 categories


def _features(builder: Builder, estimator: Any, frame: Frame) -> Slots:
    """Categories encoded, in front of the numbers, as its own preprocessor puts them; infinity is welcome."""
    if (preprocessor := estimator._preprocessor) is None:  # noqa: SLF001
        return builder.numbers(frame, single=True)
    encoder = preprocessor.named_transformers_["encoder"]
    categorical = preprocessor.transformers_[0][2]
    encoded = tuple(f for f, is_category in zip(frame, categorical, strict=True) if is_category)
    others = tuple(f for f, is_category in zip(frame, categorical, strict=True) if not is_category)
    return (
        *builder.numbers(builder.transform(encoder, encoded, "categorical_features")),
        *builder.numbers(others, single=True),
    )


def _splits(predictor: Any, known: np.ndarray[Any, Any], positions: Any, bitsets: list[int]) -> SplitsF64:
    nodes = predictor.nodes
    leaf = nodes["is_leaf"].astype(bool)
    words = np.zeros(len(nodes), dtype=np.uint32)
    bits = np.zeros(len(nodes), dtype=np.uint64)
    for index in np.flatnonzero(nodes["is_categorical"].astype(bool) & ~leaf):
        words[index] = CATEGORICAL
        bits[index] = len(bitsets) | BITSET_WORDS << 32
        bitsets.extend(map(int, predictor.raw_left_cat_bitsets[nodes["bitset_idx"][index]]))
        bitsets.extend(map(int, known[positions[nodes["feature_idx"][index]]]))
    return SplitsF64(
        left=np.where(leaf, -1, nodes["left"].astype(np.int64)),
        right=np.where(leaf, -1, nodes["right"].astype(np.int64)),
        feature=np.where(leaf, 0, nodes["feature_idx"]),
        threshold=nodes["num_threshold"],
        missing_left=nodes["missing_go_to_left"].astype(bool),
        values=np.ascontiguousarray(nodes["value"])[:, None],
        words=words,
        bits=bits,
    )


def raw_scores(builder: Builder, estimator: Any, frame: Frame) -> Slots:
    """One slot per class, or one in all for two classes and for regression."""
    x = _features(builder, estimator, frame)
    known, positions = estimator._bin_mapper.make_known_categories_bitsets()  # noqa: SLF001
    bitsets: list[int] = []
    trees, outputs = [], []
    for stage in estimator._predictors:  # noqa: SLF001
        for k, predictor in enumerate(stage):
            trees.append(_splits(predictor, known, positions, bitsets))
            outputs.append(k)
    start = builder.constant(estimator._baseline_prediction)  # noqa: SLF001
    return emit_trees_f64(builder, x, trees, outputs, start, bitsets) if trees else start


def predict_regressor(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """The raw score through the loss's inverse link."""
    scores = raw_scores(builder, estimator, frame)
    logarithmic = estimator.loss in ("poisson", "gamma")
    return Prediction(builder.unary(Unary.EXP, scores) if logarithmic else scores)


def predict_classifier(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """The sign of a binary raw score (0 is the first class), else the first best."""
    scores = raw_scores(builder, estimator, frame)
    classes = plain_classes(builder, [estimator.classes_])
    if len(scores) > 1:
        return best_of(builder, scores, classes)
    values = builder.arithmetic(Arithmetic.GREATER, scores, 0.0)
    return Prediction(values, classes, (builder.complement(builder.unary(Unary.EXPIT, scores)[0]),), scores)


PREDICTORS = {
    HistGradientBoostingClassifier: predict_classifier,
    HistGradientBoostingRegressor: predict_regressor,
}
