"""Trees, and what is made of several estimators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.ensemble._iforest import _average_path_length
from sklearn.preprocessing import LabelEncoder

from skylayer.formats.pickles import trees
from skylayer.formats.pickles.objects import fitted
from skylayer.formats.pickles.values import Refused
from skylayer.formats.pickles.versions.losses import loss_name

if TYPE_CHECKING:
    from skylayer.formats.pickles.versions.state import Rule, State, Version


def _fractions(state: State, _: Version) -> State:
    """Since 1.4 a tree holds the share of each class instead of weighted counts."""
    if "tree_" in state:
        state["tree_"] = trees.with_fractions(state["tree_"])
    return state


def _tree_features(state: State, _: Version) -> State:
    if "tree_" in state:
        state.setdefault("n_features_in_", state["tree_"].n_features)
    return state


def _histogram(state: State, _: Version) -> State:
    """Layouts of nodes, and what later versions know beside them."""
    if "_predictors" not in state:
        return state
    thresholds = getattr(state["_bin_mapper"], "bin_thresholds_", ())
    width = state.setdefault("n_features_in_", len(thresholds))
    for iteration in state["_predictors"]:
        for predictor in iteration:
            held = trees.histogram_tree(vars(predictor), int(width))
            vars(predictor).clear()
            vars(predictor).update(held)
    state.setdefault("n_trees_per_iteration_", len(state["_predictors"][0]) if state["_predictors"] else 1)
    # 1.1: a score for each tree of an iteration, as a row.
    state["_baseline_prediction"] = np.reshape(
        np.asarray(state["_baseline_prediction"], dtype=np.float64), (1, -1)
    )
    state.setdefault("is_categorical_", None)
    # 1.4: categories are encoded before they are binned; before it, the binning knew them.
    state.setdefault("_preprocessor", None)
    state.setdefault("_is_categorical_remapped", state["is_categorical_"])
    return state


def _mapper(state: State, _: Version) -> State:
    width = len(state.get("bin_thresholds_", ()))
    state.setdefault("is_categorical_", np.zeros(width, dtype=np.uint8))
    if state["is_categorical_"] is None:
        state["is_categorical_"] = np.zeros(width, dtype=np.uint8)
    if state.get("n_bins_non_missing_") is None and "actual_n_bins_" in state:
        state["n_bins_non_missing_"] = state.pop("actual_n_bins_")
    state.setdefault("n_bins", 256)
    # Before 0.22 there was no bin for missing values.
    state.setdefault("missing_values_bin_idx_", state["n_bins"] - 1)
    return state


def _boosting(state: State, _: Version) -> State:
    state.pop("loss_", None)
    if "estimators_" in state:
        state.setdefault("n_trees_per_iteration_", state["estimators_"].shape[1])
        if "classes_" in state:
            state.setdefault("n_classes_", len(state["classes_"]))
        first = state["estimators_"].flat[0]
        state.setdefault("n_features_in_", getattr(first, "n_features_in_", None))
        # Before 0.21 it began with an object of its own, which knew nothing of classes.
        start: Any = state.get("init_")
        if hasattr(start, "class_prior_"):
            start.n_features_in_ = state["n_features_in_"]
    return state


def _isolation(state: State, _: Version) -> State:
    """1.3 keeps what it computed at each prediction; 0.22 took the old offset away."""
    if "estimators_" not in state:
        return state
    state.pop("n_features_in_", None)
    state.setdefault("n_features_in_", state["estimators_"][0].n_features_in_)
    state.setdefault(
        "estimators_features_",
        [np.arange(state["n_features_in_"]) for _ in state["estimators_"]],
    )
    samples = state.setdefault("_max_samples", state.get("max_samples_"))
    state.setdefault("max_samples_", samples)
    if "_decision_path_lengths" not in state:
        held = [part.tree_ for part in state["estimators_"]]
        state["_average_path_length_per_tree"] = [_average_path_length(each.n_node_samples) for each in held]
        state["_decision_path_lengths"] = [each.compute_node_depths() for each in held]
    if state.get("behaviour") == "old" or "offset_" not in state:
        raise Refused("IsolationForest of scikit-learn before 0.22, whose scores had another offset")
    return state


def _ada_boost(state: State, version: Version) -> State:
    """1.6 removed SAMME.R, whose answers the same state can't give any more."""
    algorithm = state.pop("algorithm", "SAMME")
    if version < (1, 4):
        raise Refused("AdaBoostClassifier of scikit-learn before 1.4, whose scores were different")
    if version < (1, 6) and algorithm == "SAMME.R":
        raise Refused("AdaBoostClassifier(algorithm='SAMME.R'), which scikit-learn 1.6 removed")
    return state


def _ensemble(state: State, _: Version) -> State:
    if "estimators_" in state and len(state["estimators_"]):
        first = state["estimators_"][0]
        if hasattr(first, "n_features_in_") and "estimators_features_" not in state:
            state.setdefault("n_features_in_", first.n_features_in_)
    return state


def _stacking(state: State, _: Version) -> State:
    if "classes_" in state and "_label_encoder" not in state:  # 1.2
        encoder = state.pop("_le", None)
        if encoder is None:
            encoder = fitted(LabelEncoder, classes_=state["classes_"])
        state["_label_encoder"] = encoder
    return state


def _calibrated(state: State, _: Version) -> State:
    for part in state.get("calibrated_classifiers_", ()):
        held = vars(part)
        held.setdefault("classes", state["classes_"])
        if held["classes"] is None:
            held["classes"] = state["classes_"]
    return state


RULES: dict[str, tuple[Rule, ...]] = {
    "BaseDecisionTree": (_tree_features,),
    "DecisionTreeClassifier": (_fractions,),
    "BaseHistGradientBoosting": (_histogram, loss_name),
    "_BinMapper": (_mapper,),
    "BaseGradientBoosting": (_boosting, loss_name),
    "IsolationForest": (_isolation,),
    "AdaBoostClassifier": (_ada_boost,),
    "BaseEnsemble": (_ensemble,),
    "StackingClassifier": (_stacking,),
    "CalibratedClassifierCV": (_calibrated,),
}
