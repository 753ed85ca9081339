"""Transformers of numbers, categories and texts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse  # type: ignore[import-untyped]
from sklearn.preprocessing import PolynomialFeatures

from skylayer.formats.pickles.values import Refused

if TYPE_CHECKING:
    from skylayer.formats.pickles.versions.state import Rule, State, Version


def _imputer(state: State, _: Version) -> State:
    if "statistics_" in state:
        kind = np.asarray(state["statistics_"]).dtype
        state.setdefault("_fit_dtype", kind)  # 0.24
        state.setdefault("_fill_dtype", state["_fit_dtype"])  # 1.5
        indicator = state.setdefault("indicator_", None)  # 0.21
        if indicator is not None:
            indicator._precomputed = True  # noqa: SLF001 - 0.24: it is given the mask
    return state


def _indicator(state: State, _: Version) -> State:
    if "_precomputed" not in state and "features_" in state:
        state["_precomputed"] = False
    return state


def _one_hot(state: State, _: Version) -> State:
    of_indices = "categories_" not in state and ("feature_indices_" in state or "_feature_indices_" in state)
    if of_indices or ("categories_" in state and state.get("_legacy_mode")):
        raise Refused("OneHotEncoder of whole numbers as scikit-learn before 0.22 encoded them (n_values)")
    if "categories_" not in state:
        return state
    # 1.2 named it so, and 1.4 took the old name away.
    if "sparse_output" not in state and "sparse" in state:
        state["sparse_output"] = state.pop("sparse")
    drop = state.setdefault("drop_idx_", None)  # 0.21
    state.setdefault("_infrequent_enabled", False)  # 1.1
    state.setdefault("_drop_idx_after_grouping", drop)  # 1.1
    state["_n_features_outs"] = state.get("_n_features_outs") or [
        len(categories) - (drop is not None and drop[index] is not None)
        for index, categories in enumerate(state["categories_"])
    ]
    state.setdefault("feature_name_combiner", "concat")
    return state


def _ordinal(state: State, _: Version) -> State:
    if "categories_" in state:
        state.setdefault("_infrequent_enabled", False)  # 1.3
        state.setdefault(
            "_missing_indices",
            {
                index: len(categories) - 1
                for index, categories in enumerate(state["categories_"])
                if len(categories) and _is_missing(categories[-1])
            },
        )  # 1.1
    return state


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and np.isnan(value))


def _tfidf(state: State, _: Version) -> State:
    """The weights alone are kept now, and no diagonal matrix of them."""
    diagonal = state.pop("_idf_diag", None)
    if diagonal is not None and "idf_" not in state:
        state["idf_"] = np.ravel(scipy.sparse.csr_matrix(diagonal).diagonal())
    return state


def _discretizer(state: State, _: Version) -> State:
    encoder = state.get("_encoder")
    if encoder is not None:
        state.setdefault("n_features_in_", len(state["bin_edges_"]))
    return state


def _powers(state: State, _: Version) -> State:
    degree = state.get("degree", 2)
    low, high = (0, degree) if isinstance(degree, int) else degree
    state.setdefault("_min_degree", low)  # 1.0
    state.setdefault("_max_degree", high)  # 1.0
    if "n_features_in_" in state:
        count = partial(
            PolynomialFeatures._num_combinations,  # noqa: SLF001
            n_features=int(state["n_features_in_"]), max_degree=high,
            interaction_only=state.get("interaction_only", False), include_bias=state.get("include_bias", True),
        )  # fmt: skip
        state["n_output_features_"] = count(min_degree=low)
        state["_n_out_full"] = count(min_degree=0)  # 1.1
    return state


def _quantiles(state: State, version: Version) -> State:
    if version < (0, 21):
        raise Refused("QuantileTransformer of scikit-learn before 0.21, which rounded its ends differently")
    return state


RULES: dict[str, tuple[Rule, ...]] = {
    "SimpleImputer": (_imputer,),
    "MissingIndicator": (_indicator,),
    "OneHotEncoder": (_one_hot,),
    "OrdinalEncoder": (_ordinal,),
    "TfidfTransformer": (_tfidf,),
    "KBinsDiscretizer": (_discretizer,),
    "PolynomialFeatures": (_powers,),
    "QuantileTransformer": (_quantiles,),
}
