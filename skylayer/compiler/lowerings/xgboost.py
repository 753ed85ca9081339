"""XGBoost's scikit-learn interface, from its own JSON model; it computes in float32."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from xgboost import XGBClassifier, XGBRegressor, XGBRFClassifier, XGBRFRegressor

from skylayer.compiler.builder import Prediction
from skylayer.compiler.classes import plain_classes
from skylayer.compiler.program import Arithmetic, Reduce, Unary
from skylayer.compiler.responses import BINARY
from skylayer.compiler.tree_nodes import FLOAT32_SUM, WideSplits, emit_wide_trees

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder, Slots
    from skylayer.compiler.frame import Frame

IDENTITY = {"reg:squarederror", "reg:absoluteerror", "reg:pseudohubererror", "reg:quantileerror"}
LOGARITHMIC = {"count:poisson", "reg:gamma", "reg:tweedie"}
LOGISTIC = {"binary:logistic", "reg:logistic"}
MULTICLASS = {"multi:softprob", "multi:softmax"}


def _splits(builder: Builder, tree: Any) -> WideSplits:
    if any(tree["split_type"]):
        builder.cannot("splits by category", "enable_categorical=True")
    if int(tree["tree_param"]["size_leaf_vector"]) > 1:
        builder.cannot("has several values in a leaf", "multi_strategy='multi_output_tree'")
    left = np.asarray(tree["left_children"], dtype=np.int64)
    conditions = np.asarray(tree["split_conditions"], dtype=np.float32)
    return WideSplits(
        left=left,
        right=np.asarray(tree["right_children"], dtype=np.int64),
        feature=np.where(left < 0, 0, np.asarray(tree["split_indices"], dtype=np.int64)),
        # It goes left below the condition: up to the float32 before it.
        threshold=np.nextafter(conditions, np.float32(-np.inf)).astype(np.float64),
        missing_left=np.asarray(tree["default_left"], dtype=bool),
        values=np.where(left < 0, conditions, 0).astype(np.float64)[:, None],
    )


def _learner(builder: Builder, estimator: Any) -> Any:
    """The model as JSON, cut at the best iteration."""
    if estimator.missing is not None and not np.isnan(estimator.missing):
        builder.cannot("takes a number for a missing value", f"missing={estimator.missing}")
    if callable(estimator.objective):
        builder.cannot("a callable can't be compiled", "objective=<function>")
    booster = estimator.get_booster()
    best = getattr(estimator, "best_iteration", None) if estimator.early_stopping_rounds else None
    if best is not None:
        booster = booster[: best + 1]
    learner = json.loads(booster.save_raw("json"))["learner"]
    if learner["gradient_booster"]["name"] != "gbtree":
        builder.cannot("isn't made of plain trees", f"booster={learner['gradient_booster']['name']!r}")
    return learner


def _base(objective: str, learner: Any, outputs: int) -> np.ndarray[Any, Any]:
    """The margins before the first tree, linked in float32."""
    text = learner["learner_model_param"]["base_score"]
    score = np.asarray(json.loads(text) if text.startswith("[") else [float(text)], dtype=np.float32)
    one = np.float32(1)
    if objective in LOGISTIC:
        score = -np.log(one / score - one)
    elif objective in LOGARITHMIC:
        score = np.log(score)
    return np.broadcast_to(score, (outputs,)).astype(np.float64)


def _margins(builder: Builder, estimator: Any, frame: Frame) -> tuple[Slots, str]:
    learner = _learner(builder, estimator)
    objective = learner["objective"]["name"]
    model = learner["gradient_booster"]["model"]
    parameters = learner["learner_model_param"]
    outputs = max(1, int(parameters["num_class"]), int(parameters["num_target"]))
    # Infinity is refused as it comes; what becomes infinite in float32 is compared as such.
    x = builder.round32(builder.check(frame, allow_nan=True))
    splits = [_splits(builder, tree) for tree in model["trees"]]
    start = builder.constant(_base(objective, learner, outputs))
    return emit_wide_trees(builder, x, splits, model["tree_info"], start, flags=FLOAT32_SUM), objective


def predict_regressor(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """The margin, or what its link makes of it."""
    margins, objective = _margins(builder, estimator, frame)
    if objective in LOGARITHMIC:
        margins = builder.round32(builder.unary(Unary.EXP, margins))
    elif objective in LOGISTIC:
        margins = builder.round32(builder.unary(Unary.EXPIT, margins))
    elif objective not in IDENTITY:
        builder.cannot("the objective has no native equivalent", f"objective={objective!r}")
    return Prediction(margins)


def predict_classifier(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """Above one half, or the first class with the largest probability."""
    margins, objective = _margins(builder, estimator, frame)
    classes = plain_classes(builder, [estimator.classes_])
    if objective in LOGISTIC and len(estimator.classes_) == BINARY:
        share = builder.round32(builder.unary(Unary.EXPIT, margins))
        above = builder.arithmetic(Arithmetic.GREATER, share, 0.5)
        return Prediction(above, classes, (builder.round32(builder.complement(share[0])),))
    if objective not in MULTICLASS:
        builder.cannot("the objective has no native equivalent", f"objective={objective!r}")
    shares = builder.round32(builder.softmax(margins))
    return Prediction((builder.reduce(Reduce.ARGMAX, shares),), classes, (shares,))


PREDICTORS = {
    XGBRegressor: predict_regressor,
    XGBRFRegressor: predict_regressor,
    XGBClassifier: predict_classifier,
    XGBRFClassifier: predict_classifier,
}
