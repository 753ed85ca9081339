"""Estimators of other libraries with scikit-learn's interface."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from skylayer.formats.pickles.versions.state import Rule, State, Version


def _lightgbm(state: State, _: Version) -> State:
    """LightGBM 4.0 says what is not known yet by -1, and by a flag of its own that it is fitted."""
    for name in ("_n_classes", "_n_features", "_n_features_in", "_best_iteration"):
        if state.get(name) is None:
            state[name] = -1
    if state.get("_evals_result") is None:
        state["_evals_result"] = {}
    state["fitted_"] = state.get("_Booster") is not None
    return state


# https://github.com/microsoft/LightGBM/releases
RULES: dict[str, tuple[Rule, ...]] = {"LGBMModel": (_lightgbm,)}
