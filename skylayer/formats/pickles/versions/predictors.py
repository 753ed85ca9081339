"""Predictors that stand alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.neighbors import BallTree, KDTree

from skylayer.formats.pickles.records import Damaged
from skylayer.formats.pickles.values import Refused

if TYPE_CHECKING:
    from skylayer.formats.pickles.versions.state import Rule, State, Version


def _support_vectors(state: State, _: Version) -> State:
    """0.22 made the fitted numbers private."""
    if "support_vectors_" not in state:
        return state
    coefficients = state["dual_coef_"]
    state.setdefault("_dual_coef_", -coefficients if _is_binary(state) else coefficients)
    state.setdefault("_intercept_", -state["intercept_"] if _is_binary(state) else state["intercept_"])
    state.setdefault("_probA", np.empty(0))
    state.setdefault("_probB", np.empty(0))
    state.setdefault("_sparse", False)
    state.setdefault("fit_status_", 0)
    if "n_iter_" not in state:
        state["n_iter_"] = np.zeros(1, dtype=np.int32)
    if state["_n_support"].dtype != np.int32:
        state["_n_support"] = state["_n_support"].astype(np.int32)
    if "classes_" not in state:
        # 0.23: the number of support vectors of a regression, twice.
        state["_n_support"] = np.array([state["support_vectors_"].shape[0]] * 2, dtype=np.int32)
    if not hasattr(state["support_vectors_"], "indptr") and state["support_vectors_"].ndim != 2:  # noqa: PLR2004
        raise Damaged("support vectors that are no rows")
    return state


def _is_binary(state: State) -> bool:
    return "classes_" in state and len(state["classes_"]) == 2  # noqa: PLR2004


def _neighbours(state: State, _: Version) -> State:
    """The search tree is built anew from the rows, in the way that the version that fitted it did."""
    rows = state.get("_fit_X")
    if rows is None:
        return state
    state.setdefault("n_samples_fit_", rows.shape[0])
    builder = {"kd_tree": KDTree, "ball_tree": BallTree}.get(state.get("_fit_method", ""))
    state["_tree"] = builder and builder(
        rows, state["leaf_size"], metric=state["effective_metric_"], **state["effective_metric_params_"]
    )
    return state


def _gaussian_process(state: State, _: Version) -> State:
    if "X_train_" in state:
        state.setdefault("_y_train_mean", 0.0)
        state.setdefault("_y_train_std", np.ones_like(state["_y_train_mean"]))  # 0.23
    return state


def _centroids(state: State, _: Version) -> State:
    if "centroids_" in state:
        shape = state["centroids_"].shape
        state.setdefault("true_classes_", None)
        state.setdefault("class_prior_", np.full(shape[0], 1 / shape[0]))
    return state


def _clusters(state: State, _: Version) -> State:
    if "cluster_centers_" in state:
        state["_n_threads"] = 1
    return state


def _network(state: State, _: Version) -> State:
    state.pop("_optimizer", None)
    state.pop("_random_state", None)
    return state


def _ridge(state: State, _: Version) -> State:
    if "_label_binarizer" in state:
        state.setdefault("classes_", state["_label_binarizer"].classes_)  # 1.9
    return state


def _one_vs_rest(state: State, _: Version) -> State:
    if "label_binarizer_" in state:
        state.setdefault("classes_", state["label_binarizer_"].classes_)  # 1.9
    return state


def _discriminant(state: State, version: Version) -> State:
    if version < (0, 21) and len(state.get("classes_", ())) > 2:  # noqa: PLR2004
        raise Refused(
            "LinearDiscriminantAnalysis of scikit-learn before 0.21, whose probabilities were different"
        )
    return state


def _dummy(state: State, _: Version) -> State:
    if "n_outputs_" in state:
        state.setdefault("_strategy", state.get("strategy", "prior"))  # 0.24
    return state


RULES: dict[str, tuple[Rule, ...]] = {
    "BaseLibSVM": (_support_vectors,),
    "NeighborsBase": (_neighbours,),
    "GaussianProcessRegressor": (_gaussian_process,),
    "NearestCentroid": (_centroids,),
    "_BaseKMeans": (_clusters,),
    "BaseMultilayerPerceptron": (_network,),
    "RidgeClassifier": (_ridge,),
    "RidgeClassifierCV": (_ridge,),
    "OneVsRestClassifier": (_one_vs_rest,),
    "DummyClassifier": (_dummy,),
    "LinearDiscriminantAnalysis": (_discriminant,),
}
