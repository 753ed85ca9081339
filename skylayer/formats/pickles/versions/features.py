"""How many features an estimator takes, which each knows since scikit-learn 0.24."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from skylayer.formats.pickles.versions.state import State


def count_features(kind: type, state: State) -> None:
    """Since 0.24 each estimator knows how many features it takes."""
    if "n_features_in_" in state or isinstance(getattr(kind, "n_features_in_", None), property):
        return
    widths = (
        ("coef_", -1), ("mean_", -1), ("scale_", -1), ("statistics_", -1), ("support_vectors_", -1),
        ("cluster_centers_", -1), ("components_", -1), ("theta_", -1), ("var_", -1), ("_fit_X", -1), ("data_min_", -1),
        ("max_abs_", -1), ("quantiles_", -1), ("lambdas_", -1), ("centroids_", -1), ("means_", -1), ("variances_", -1),
        ("feature_log_prob_", -1), ("scores_", -1), ("X_train_", -1), ("coefs_", 0), ("center_", -1), ("n_bins_", -1),
    )  # fmt: skip
    if isinstance(state.get("categories_"), list):
        state["n_features_in_"] = len(state["categories_"])
        return
    for name, axis in widths:
        value: Any = state.get(name)
        if name == "coefs_" and isinstance(value, list) and value:
            value = value[0]
        if hasattr(value, "shape") and len(value.shape) > 0:
            state["n_features_in_"] = int(value.shape[axis])
            return
    nested: Any = state.get("estimators_", ())
    parts: Any = np.ravel(np.asarray(nested, dtype=object)) if len(nested) else ()
    for part in parts:
        if hasattr(part, "n_features_in_"):
            state["n_features_in_"] = part.n_features_in_
            return
