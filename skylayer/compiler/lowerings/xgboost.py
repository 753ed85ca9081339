"""XGBoost's scikit-learn interface, from its own JSON model.

It computes in float32, in a known order: margins are summed tree by tree, and the links are those of its
`src/common/math.h` (`Sigmoid`, `Softmax`), each step rounded to float32. Replayed step by step the answers are equal
in every bit wherever the C library's `expf` is correctly rounded; glibc's misses that for 1 float32 in 13,000.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from xgboost import XGBClassifier, XGBRegressor, XGBRFClassifier, XGBRFRegressor

from skylayer.compiler.classes import plain_classes
from skylayer.compiler.frame import RawColumn
from skylayer.compiler.prediction import Prediction
from skylayer.compiler.program import Arithmetic, Reduce, TreeFlag, Unary
from skylayer.compiler.responses import BINARY
from skylayer.compiler.tree_nodes import (
    CATEGORICAL,
    SplitsF64,
    emit_trees_f64,
)

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Slots

EXPECTILE = "reg:expectileerror"
IDENTITY = {
    "reg:squarederror",
    "reg:squaredlogerror",
    "reg:absoluteerror",
    "reg:pseudohubererror",
    "reg:quantileerror",
    EXPECTILE,
    "rank:map",
    "rank:ndcg",
    "rank:pairwise",
}
LOGARITHMIC = {"count:poisson", "reg:gamma", "reg:tweedie", "survival:aft", "survival:cox"}
LOGISTIC = {"binary:logistic", "reg:logistic"}
RAW = "binary:logitraw"  # whose margin is answered as a probability
HINGE = "binary:hinge"
LINEAR = "gblinear"
MULTICLASS = {"multi:softprob", "multi:softmax"}


def _sets(tree: Any) -> dict[int, list[int]]:
    """The categories that go right, by node."""
    nodes, starts, sizes = (tree[f"categories_{name}"] for name in ("nodes", "segments", "sizes"))
    return {
        node: tree["categories"][start : start + size]
        for node, start, size in zip(nodes, starts, sizes, strict=True)
    }


def _splits(builder: Builder, tree: Any, weight: float, codes: int, bitsets: list[int]) -> SplitsF64:
    """One tree, its leaves times `weight`; each categorical split knows the codes from 0 to `codes`."""
    if int(tree["tree_param"]["size_leaf_vector"]) > 1:
        builder.cannot("has several values in a leaf", "multi_strategy='multi_output_tree'")
    left = np.asarray(tree["left_children"], dtype=np.int64)
    right = np.asarray(tree["right_children"], dtype=np.int64)
    conditions = np.asarray(tree["split_conditions"], dtype=np.float32)
    categorical = np.asarray(tree["split_type"], dtype=bool)
    bits = np.zeros(len(left), dtype=np.uint64)
    length = codes // 32 + 1
    for node, members in _sets(tree).items():
        chosen = [sum(1 << (c % 32) for c in members if c // 32 == word) for word in range(length)]
        bits[node] = len(bitsets) | length << 32
        bitsets.extend(chosen + [0xFFFFFFFF] * length)
    return SplitsF64(
        # The kernel's categories go left where they are in the set, and XGBoost's right.
        left=np.where(categorical, right, left),
        right=np.where(categorical, left, right),
        feature=np.where(left < 0, 0, np.asarray(tree["split_indices"], dtype=np.int64)),
        # It goes left below the condition: up to the float32 before it.
        threshold=np.nextafter(conditions, np.float32(-np.inf)).astype(np.float64),
        missing_left=np.asarray(tree["default_left"], dtype=bool) != categorical,
        values=np.where(left < 0, conditions * np.float32(weight), 0).astype(np.float64)[:, None],
        words=np.where(categorical, CATEGORICAL, 0).astype(np.uint32),
        bits=bits,
    )


def categories_of(encoding: Any) -> list[Any]:
    """A column's categories in the order of their codes."""
    values = encoding["values"]
    if "offsets" not in encoding:
        return list(values)
    text = bytes(value & 0xFF for value in values)
    return [text[a:b].decode() for a, b in pairwise(encoding["offsets"])]


def _inputs(builder: Builder, estimator: Any, frame: Frame, model: Any, codes: int) -> Slots:
    """As its predictor reads a row: in float32, categories by their codes, and what has no code as `codes`."""
    encodings = model.get("cats", {}).get("enc") or [{}] * len(frame)
    coded: list[RawColumn | int] = []
    for feature, encoding in zip(frame, encodings, strict=True):
        if isinstance(feature, RawColumn) and feature.dtype == "category" and encoding.get("values"):
            known = categories_of(encoding)
            detail = f"unknown category in column {feature.name!r}"
            numbers = [*map(float, range(len(known))), np.nan]
            coded.append(builder.codes(feature, [*known, np.nan], numbers, unknown=None, detail=detail))
        else:
            coded.append(feature)
    # Its in-place prediction doesn't look for infinity: what is infinite, in float32 at last, is compared as such.
    x = builder.numbers(tuple(coded), single=True)
    if builder.sparse:
        # It sees what is stored, and a zero isn't; what only float32 makes a zero is.
        read = sorted({int(k) for tree in model["trees"] for k in tree["split_indices"]})
        stored = dict(
            zip(read, builder.replace([x[k] for k in read], [np.nan] * len(read), 0.0), strict=True)
        )
        x = tuple(stored.get(k, slot) for k, slot in enumerate(x))
    x = _present(builder, estimator, x)
    split_on = {
        int(tree["split_indices"][node])
        for tree in model["trees"]
        for node in np.flatnonzero(tree["split_type"])
    }
    return tuple(_code(builder, slot, codes) if k in split_on else slot for k, slot in enumerate(x))


def _code(builder: Builder, slot: int, codes: int) -> int:
    beyond = builder.arithmetic(Arithmetic.GREATER_EQUAL, (slot,), float(codes))
    either = builder.combine(Arithmetic.MAXIMUM, builder.arithmetic(Arithmetic.LESS, (slot,), 0.0), beyond)
    whole = builder.unary(Unary.TRUNCATE, (slot,))
    return builder.select(either, builder.constant([float(codes)]), whole)[0]


def _learner(builder: Builder, estimator: Any) -> Any:
    """The model as JSON, cut at the best iteration."""
    if callable(estimator.objective):
        builder.cannot("a callable can't be compiled", "objective=<function>")
    booster = estimator.get_booster()
    best = getattr(estimator, "best_iteration", None)
    if best is not None and estimator.booster != LINEAR:  # which answers with its last weights
        booster = booster[: best + 1]
    return json.loads(booster.save_raw("json"))["learner"]


def _base(objective: str, learner: Any, outputs: int) -> np.ndarray[Any, Any]:
    """The margins before the first tree, linked in float32."""
    text = learner["learner_model_param"]["base_score"]
    score = np.asarray(json.loads(text) if text.startswith("[") else [float(text)], dtype=np.float32)
    # The logarithm in double and rounded: numpy's own of float32 differs from the C library's by an ulp.
    if objective in LOGISTIC:
        odds = np.float32(1) / score - np.float32(1)
        score = (-np.log(odds.astype(np.float64))).astype(np.float32)
    elif objective in LOGARITHMIC:
        score = np.log(score.astype(np.float64)).astype(np.float32)
    return np.broadcast_to(score, (outputs,)).astype(np.float64)


def _margins(builder: Builder, estimator: Any, frame: Frame) -> tuple[Slots, str]:
    learner = _learner(builder, estimator)
    objective = learner["objective"]["name"]
    model = learner["gradient_booster"]["model"]
    parameters = learner["learner_model_param"]
    outputs = max(1, int(parameters["num_class"]), int(parameters["num_target"]))
    if learner["gradient_booster"]["name"] == LINEAR:
        base = _base(objective, learner, outputs)
        return _linear_margins(builder, estimator, frame, model["weights"], base), objective
    codes = 1 + max((c for tree in model["trees"] for c in tree["categories"]), default=0)
    x = _inputs(builder, estimator, frame, model, codes)
    bitsets: list[int] = []
    weights = model.get("weight_drop", [1.0] * len(model["trees"]))
    splits = [
        _splits(builder, tree, weight, codes, bitsets)
        for tree, weight in zip(model["trees"], weights, strict=True)
    ]
    start = builder.constant(_base(objective, learner, outputs))
    return emit_trees_f64(
        builder, x, splits, model["tree_info"], start, bitsets, TreeFlag.FLOAT32_SUMS
    ), objective


def _linear_margins(
    builder: Builder, estimator: Any, frame: Frame, weights: Any, base: np.ndarray[Any, Any]
) -> Slots:
    """GBLinear::Pred of its gblinear.cc: bias and base, then each product in turn, each step rounded to float32.

    Args:
        builder: Of the program.
        estimator: Fitted.
        frame: What flows in.
        weights: Of the features and, at the end, the biases, shape ((features + 1) * outputs,).
        base: What the margins start from, shape (outputs,).
    """
    x = _present(builder, estimator, builder.check(frame, allow_nan=True, float32=True))
    x = builder.replace(x, np.zeros(len(x)))  # what is missing adds nothing
    weights = np.asarray(weights, dtype=np.float32).reshape(len(x) + 1, -1)
    margins: list[int] = []
    biases = weights[-1] + base.astype(np.float32)
    for of_features, bias in zip(weights[:-1].T, biases, strict=True):
        products = builder.round32(builder.arithmetic(Arithmetic.MULTIPLY, x, of_features))
        total = builder.constant([float(bias)])
        for product in products:
            total = builder.round32(builder.combine(Arithmetic.ADD, total, (product,)))
        margins += total
    return tuple(margins)


def _present(builder: Builder, estimator: Any, slots: Slots) -> Slots:
    """In float32, NaN where the value is the one that stands for a missing one."""
    x = builder.round32(slots)
    if estimator.missing is not None and not np.isnan(estimator.missing):
        x = builder.replace(x, [np.nan] * len(x), float(np.float32(estimator.missing)))
    return x


def _exponential(builder: Builder, margins: Slots) -> Slots:
    return builder.round32(builder.unary(Unary.EXP, margins))


def _sigmoid(builder: Builder, margins: Slots) -> Slots:
    """`Sigmoid` of its math.h, shape (rows, margins): 1 / (expf(min(-x, 88.7)) + 1 + 1e-16) in float32."""
    # The 1e-16 is lost in float32 beside the 1.
    limit = builder.arithmetic(
        Arithmetic.MINIMUM, builder.arithmetic(Arithmetic.MULTIPLY, margins, -1.0), float(np.float32(88.7))
    )
    denominator = builder.arithmetic(Arithmetic.ADD, _exponential(builder, limit), 1.0)
    return builder.round32(builder.arithmetic(Arithmetic.REVERSE_DIVIDE, builder.round32(denominator), 1.0))


def _softmax(builder: Builder, margins: Slots) -> Slots:
    """`Softmax` of its math.h, shape (rows, classes): float32 but for the sum, which is taken in double."""
    largest = (builder.reduce(Reduce.MAXIMUM, margins),)
    powers = _exponential(builder, builder.round32(builder.combine(Arithmetic.SUBTRACT, margins, largest)))
    total = builder.round32((builder.reduce(Reduce.SUM, powers),))
    return builder.round32(builder.combine(Arithmetic.DIVIDE, powers, total))


def predict_regressor(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """The margin, or what its link makes of it."""
    margins, objective = _margins(builder, estimator, frame)
    if objective in LOGARITHMIC:
        margins = _exponential(builder, margins)
    elif objective in LOGISTIC:
        margins = _sigmoid(builder, margins)
    elif objective not in IDENTITY or (objective == EXPECTILE and len(margins) > 1):
        # Several expectiles are answered as sums, so that none crosses another.
        builder.cannot("the objective has no native equivalent", f"objective={objective!r}")
    return Prediction(margins)


def predict_classifier(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """Above one half, or the first class with the largest probability."""
    margins, objective = _margins(builder, estimator, frame)
    if objective in LOGISTIC and len(margins) > 1:
        shares = _sigmoid(builder, margins)
        above = builder.arithmetic(Arithmetic.GREATER, shares, 0.5)
        return Prediction(above, None, (shares,), vector=True, integer=True)
    classes = plain_classes(builder, [estimator.classes_])
    if objective in LOGISTIC and len(estimator.classes_) == BINARY:
        share = _sigmoid(builder, margins)
        above = builder.arithmetic(Arithmetic.GREATER, share, 0.5)
        return Prediction(above, classes, (builder.round32(builder.complement(share[0])),))
    if objective in {RAW, HINGE} and len(estimator.classes_) == BINARY:
        above = builder.arithmetic(Arithmetic.GREATER, margins, 0.5 if objective == RAW else 0.0)
        (shown,) = margins if objective == RAW else above
        return Prediction(above, classes, (builder.round32(builder.complement(shown)),))
    if objective not in MULTICLASS:
        builder.cannot("the objective has no native equivalent", f"objective={objective!r}")
    # multi:softmax has its label by the margins, and its probabilities by scipy's softmax of float32, whose exp
    # differs between processors.
    shares = _softmax(builder, margins)
    label = builder.reduce(Reduce.ARGMAX, margins if objective == "multi:softmax" else shares)
    return Prediction((label,), classes, (shares,))


PREDICTORS = {
    XGBRegressor: predict_regressor,
    XGBRFRegressor: predict_regressor,
    XGBClassifier: predict_classifier,
    XGBRFClassifier: predict_classifier,
}
