"""Logistic regression of several classes, one against the rest: a meta-estimator's since scikit-learn 1.8."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import LabelBinarizer

from skylayer.formats.pickles.objects import fitted, parameters

if TYPE_CHECKING:
    from skylayer.formats.pickles.versions.state import State


def replaced(kind: type, state: State) -> tuple[type, State]:
    """One against the rest is a meta-estimator's now; `multi_class` is gone (1.8)."""
    if kind.__name__ not in {"LogisticRegression", "LogisticRegressionCV"} or "coef_" not in state:
        return kind, state
    classes, multi_class = state["classes_"], state.pop("multi_class", "auto")
    solver = state.get("solver")
    # "warn" was one against the rest (0.20, 0.21); "auto" and "deprecated" choose by the solver (0.22, 1.5).
    rest = multi_class in {"ovr", "warn"} or (solver == "liblinear" and multi_class != "multinomial")
    if len(classes) == 2:  # noqa: PLR2004
        if multi_class == "multinomial":
            # The softmax of (-s, s) is the logistic function of 2 s.
            state |= {"coef_": 2 * state["coef_"], "intercept_": 2 * state["intercept_"]}
        return kind, state
    if not rest:
        return kind, state
    return OneVsRestClassifier, _one_against_the_rest(state)


def _one_against_the_rest(state: State) -> State:
    shared = {name: state[name] for name in parameters(LogisticRegression) if name in state}
    width = state["coef_"].shape[1]
    parts = [
        fitted(
            LogisticRegression,
            **shared,
            classes_=np.array([0, 1]),
            coef_=weights[None, :],
            intercept_=np.array([intercept]),
            n_features_in_=width,
            n_iter_=state.get("n_iter_"),
        )
        for weights, intercept in zip(state["coef_"], np.ravel(state["intercept_"]), strict=False)
    ]
    # The form in which OneVsRestClassifier binarizes: https://scikit-learn.org/stable/modules/multiclass.html
    binarizer = fitted(
        LabelBinarizer,
        sparse_output=True,
        y_type_="multiclass",
        sparse_input_=False,
        classes_=state["classes_"],
    )
    made: State = {
        "classes_": state["classes_"],
        "estimator": fitted(LogisticRegression, **shared),
        "n_jobs": None,
        "verbose": 0,
        "estimators_": parts,
        "label_binarizer_": binarizer,
        "n_features_in_": width,
    }
    return made | ({"feature_names_in_": state["feature_names_in_"]} if "feature_names_in_" in state else {})
