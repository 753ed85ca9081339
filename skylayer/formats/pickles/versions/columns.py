"""Pipelines, and which columns go to which step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.preprocessing import FunctionTransformer

from skylayer.formats.pickles.objects import fitted
from skylayer.formats.pickles.values import Refused

if TYPE_CHECKING:
    from skylayer.formats.pickles.versions.state import Rule, State, Version


def _columns(state: State, _: Version) -> State:
    if "transformers_" not in state:
        return state
    width = state.pop("_n_features", None)
    if width is not None:
        state.setdefault("n_features_in_", width)
    names = state.get("feature_names_in_", state.get("_df_columns"))
    if names is not None:
        state.setdefault("feature_names_in_", np.asarray(names, dtype=object))
        state.setdefault("n_features_in_", len(state["feature_names_in_"]))
    state["transformers_"] = [_column_step(state, *step) for step in state["transformers_"]]
    if "_transformer_to_input_indices" not in state:  # 0.24
        state["_transformer_to_input_indices"] = {
            name: _indices(columns, state) for name, _, columns in state["transformers_"]
        }
    state.setdefault("_columns", [columns for _, _, columns in state["transformers_"]])
    state.setdefault("_remainder", ("remainder", state.get("remainder", "drop"), []))
    state.setdefault("verbose_feature_names_out", True)
    state.setdefault("force_int_remainder_cols", True)
    state.setdefault("output_indices_", {})
    return state


def _column_step(state: State, name: str, step: Any, columns: Any) -> tuple[str, Any, Any]:
    """Since 1.1 what passes is a transformer, too."""
    if isinstance(step, str) and step != "passthrough":
        return name, step, columns
    indices = _indices(columns, state) if isinstance(step, str) or "feature_names_in_" in state else []
    if isinstance(step, str):
        step = fitted(
            FunctionTransformer,
            accept_sparse=True,
            check_inverse=False,
            feature_names_out="one-to-one",
            n_features_in_=len(indices),
        )
    if "feature_names_in_" in state:
        _name_inputs(step, np.asarray(state["feature_names_in_"], dtype=object)[indices])
    return name, step, columns


def _name_inputs(step: Any, names: Any) -> None:
    """Since 1.0 an estimator that was fitted on a frame knows its columns; the first step of a pipeline is asked."""
    while getattr(step, "steps", None):
        step = step.steps[0][1]
    if hasattr(step, "__dict__") and not isinstance(getattr(type(step), "feature_names_in_", None), property):
        vars(step).setdefault("feature_names_in_", names)


def _indices(columns: Any, state: State) -> list[int]:
    width = int(state.get("n_features_in_", 0))
    if isinstance(columns, slice):
        if columns.start is None or isinstance(columns.start, int):
            return list(range(width))[columns]
        raise Refused("a slice of column names")
    found = [columns] if isinstance(columns, str | int) else list(columns)
    names = [str(name) for name in state.get("feature_names_in_", ())]
    if found and all(isinstance(each, bool | np.bool_) for each in found):
        return [int(index) for index in np.flatnonzero(found)]
    return [names.index(each) if isinstance(each, str) else int(each) % max(width, 1) for each in found]


def _pipeline(state: State, _: Version) -> State:
    # A folder to keep fitted transformers in; no prediction uses it.
    state["memory"] = None
    return state


RULES: dict[str, tuple[Rule, ...]] = {
    "ColumnTransformer": (_columns,),
    "Pipeline": (_pipeline,),
}
