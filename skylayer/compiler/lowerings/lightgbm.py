"""LightGBM's scikit-learn interface, from the text of its own model file (Tree::Predict in its tree.h)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from lightgbm import LGBMClassifier, LGBMRegressor

from skylayer.compiler.classes import plain_classes
from skylayer.compiler.frame import RawColumn
from skylayer.compiler.prediction import Prediction
from skylayer.compiler.program import Arithmetic, Reduce, Unary
from skylayer.compiler.responses import BINARY
from skylayer.compiler.tree_nodes import (
    CATEGORICAL,
    NAN_IS_ZERO,
    ZERO_IS_MISSING,
    SplitsF64,
    emit_trees_f64,
)

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Slots

ZERO = float(np.float32(1e-35))  # what is as small as this counts as zero
IS_CATEGORICAL, DEFAULT_LEFT, MISSING_SHIFT = 1, 2, 2  # of a node's decision_type
ZERO_MISSING, NAN_MISSING = 1, 2
OWN = "custom"  # an objective of the user's own, of which a file says nothing: the answer is the raw score
IDENTITY = {
    "regression", "regression_l1", "huber", "fair", "quantile", "mape", "lambdarank", "rank_xendcg", OWN,
}  # fmt: skip
LOGARITHMIC = {"poisson", "gamma", "tweedie"}

Fields = dict[str, str]


def _sections(estimator: Any) -> tuple[Fields, list[Fields]]:
    """The model file's header and its trees, up to the best iteration."""
    text = estimator.booster_.model_to_string().partition("\nend of trees")[0]
    header, *trees = text.split("\nTree=")
    return _fields(header), [_fields(tree) for tree in trees]


def _fields(section: str) -> Fields:
    lines = [line.partition("=") for line in section.splitlines()]
    return {name: value for name, _, value in lines}


def _numbers(tree: Fields, name: str, dtype: Any) -> np.ndarray[Any, Any]:
    return np.array(tree.get(name, "").split(), dtype=dtype)


def _splits(builder: Builder, tree: Fields, bitsets: list[int]) -> SplitsF64:
    if tree.get("is_linear", "0") != "0":
        builder.cannot("its leaves are linear models", "linear_tree=True")
    inner, leaves = int(tree["num_leaves"]) - 1, int(tree["num_leaves"])
    kinds = _numbers(tree, "decision_type", np.int64)
    threshold = _numbers(tree, "threshold", np.float64)
    categorical = (kinds & IS_CATEGORICAL) != 0
    missing = kinds >> MISSING_SHIFT
    words = np.where(categorical, CATEGORICAL, np.where(missing == NAN_MISSING, 0, NAN_IS_ZERO))
    words |= np.where(~categorical & (missing == ZERO_MISSING), ZERO_IS_MISSING, 0)
    bits = np.zeros(inner + leaves, dtype=np.uint64)
    bounds, sets = _numbers(tree, "cat_boundaries", np.int64), _numbers(tree, "cat_threshold", np.int64)
    for node in np.flatnonzero(categorical):
        chosen = sets[bounds[int(threshold[node])] : bounds[int(threshold[node]) + 1]].tolist()
        bits[node] = len(bitsets) | len(chosen) << 32
        bitsets.extend(chosen + [0] * len(chosen))  # whatever isn't among them goes right, known or not

    def children(name: str) -> np.ndarray[Any, Any]:
        links = _numbers(tree, name, np.int64)
        return np.concatenate([np.where(links < 0, inner + ~links, links), np.full(leaves, -1)])

    def padded(values: Any) -> np.ndarray[Any, Any]:
        return np.concatenate([values, np.zeros(leaves, dtype=values.dtype)])

    return SplitsF64(
        left=children("left_child"),
        right=children("right_child"),
        feature=padded(_numbers(tree, "split_feature", np.int64)),
        threshold=padded(threshold),
        missing_left=padded(~categorical & ((kinds & DEFAULT_LEFT) != 0)),
        values=np.concatenate([np.zeros(inner), _numbers(tree, "leaf_value", np.float64)])[:, None],
        words=padded(words).astype(np.uint32),
        bits=bits,
    )


def _coded(builder: Builder, frame: Frame, categories: list[list[Any]]) -> Frame:
    """Columns of pandas categories by the codes that they had in training; others are missing values."""
    left = iter(categories)
    result: list[RawColumn | int] = []
    for feature in frame:
        if isinstance(feature, RawColumn) and feature.dtype == "category":
            known = next(left)
            codes = list(map(float, range(len(known))))
            result.append(builder.codes(feature, known, codes, unknown=np.nan, detail=""))
        else:
            result.append(feature)
    return tuple(result)


def _features(builder: Builder, frame: Frame, categorical: set[int]) -> Slots:
    """As its predictor reads a row: almost zero is zero unless the matrix is sparse, and categories are integers."""
    x = builder.numbers(frame, single=True)
    if not builder.sparse:
        tiny = builder.arithmetic(Arithmetic.LESS_EQUAL, builder.unary(Unary.ABSOLUTE, x), ZERO)
        x = builder.select(tiny, builder.constant([0.0]) * len(x), x)
    return tuple(builder.unary(Unary.TRUNCATE, (s,))[0] if k in categorical else s for k, s in enumerate(x))


def _raw_scores(builder: Builder, estimator: Any, frame: Frame) -> tuple[Slots, list[str]]:
    """One slot per class, or one in all, and the words of the objective."""
    if callable(estimator.objective_):
        builder.cannot("a callable can't be compiled", "objective=<function>")
    frame = _coded(builder, frame, estimator.booster_.pandas_categorical or [])
    header, trees = _sections(estimator)
    outputs = int(header["num_tree_per_iteration"])
    bitsets: list[int] = []
    splits = [_splits(builder, tree, bitsets) for tree in trees]
    categorical = {
        int(f)
        for split in splits
        for f, word in zip(split.feature, split.words if split.words is not None else (), strict=True)
        if word & CATEGORICAL
    }
    x = _features(builder, frame, categorical)
    places = [k % outputs for k in range(len(splits))]
    start = builder.constant(np.zeros(outputs))
    scores = emit_trees_f64(builder, x, splits, places, start, bitsets)
    if "average_output" in header:
        scores = builder.arithmetic(Arithmetic.DIVIDE, scores, float(len(splits) // outputs))
    return scores, header.get("objective", OWN).split()


def _option(words: list[str], name: str) -> float:
    return next((float(w.partition(":")[2]) for w in words if w.startswith(f"{name}:")), 1.0)


def predict_regressor(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """The raw score, or its exponential."""
    scores, (objective, *options) = _raw_scores(builder, estimator, frame)
    if options and "sqrt" in options:
        builder.cannot("was trained on square roots", "reg_sqrt=True")
    if objective in LOGARITHMIC:
        return Prediction(builder.unary(Unary.EXP, scores))
    if objective == "cross_entropy":
        return Prediction(builder.unary(Unary.EXPIT, scores))
    if objective not in IDENTITY:
        builder.cannot("the objective has no native equivalent", f"objective={objective!r}")
    return Prediction(scores)


def predict_classifier(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """The first class with the largest probability."""
    if estimator.get_params().get("pred_early_stop"):
        builder.cannot("leaves out the trees behind a clear answer", "pred_early_stop=True")
    scores, (objective, *options) = _raw_scores(builder, estimator, frame)
    if estimator.n_classes_ < BINARY:
        builder.cannot("knows one class only")
    slope = builder.arithmetic(Arithmetic.MULTIPLY, scores, _option(options, "sigmoid"))
    if objective == "binary":
        shares = builder.complement(builder.unary(Unary.EXPIT, slope)[0])
    elif objective == "multiclassova":
        shares = builder.unary(Unary.EXPIT, slope)
    elif objective == "multiclass":
        shares = builder.softmax(scores)
    else:
        builder.cannot("the objective has no native equivalent", f"objective={objective!r}")
    best = builder.reduce(Reduce.ARGMAX, shares)
    return Prediction((best,), plain_classes(builder, [estimator.classes_]), (shares,))


PREDICTORS = {LGBMRegressor: predict_regressor, LGBMClassifier: predict_classifier}
