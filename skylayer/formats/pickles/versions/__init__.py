"""From the state that an older scikit-learn wrote to the state that the installed one reads.

RULES is the table: a class, and what to rename, add or convert in its state. Each rule looks at what the state holds
rather than at the version that it names, and leaves a state of the installed version as it is; the version decides
only what a state can't tell. The change is in scikit-learn's notes of the version named beside it
(https://scikit-learn.org/stable/whats_new.html). What an older version answered otherwise from the same state is
refused by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skylayer.formats.pickles.objects import parameters
from skylayer.formats.pickles.versions import (
    columns,
    ensembles,
    libraries,
    losses,
    predictors,
    transformers,
)
from skylayer.formats.pickles.versions.features import count_features
from skylayer.formats.pickles.versions.logistic import replaced
from skylayer.formats.pickles.versions.state import version_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from skylayer.formats.pickles.versions.state import Rule, State

__all__ = ["COMPLETED", "RULES", "adapted", "complete", "version_of"]

# Private attributes became public or the other way round, or were named after what they are.
RENAMED = {
    "base_estimator": "estimator",  # 1.2
    "base_estimator_": "estimator_",  # 1.2
    "n_features_": "n_features_in_",  # 1.0
    "n_input_features_": "n_features_in_",  # 1.0
    "n_support_": "_n_support",  # 0.22
    "probA_": "_probA",  # 0.22
    "probB_": "_probB",  # 0.22
    "baseline_prediction_": "_baseline_prediction",  # 0.22
    "predictors_": "_predictors",  # 0.22
    "numerical_thresholds_": "bin_thresholds_",
    "calibrators_": "calibrators",  # 0.24
    "_necessary_X_": "X_thresholds_",  # 0.24
    "_necessary_y_": "y_thresholds_",  # 0.24
    "bin_mapper_": "_bin_mapper",  # 0.22
    "sigma_": "var_",  # 1.0, GaussianNB
    "y_train_mean": "_y_train_mean",  # 0.23
}
RULES: dict[str, tuple[Rule, ...]] = (
    columns.RULES | ensembles.RULES | libraries.RULES | losses.RULES | predictors.RULES | transformers.RULES
)


def adapted(kind: type, state: State, written: str | None) -> tuple[type, State]:
    """The class and state that answer as `kind` did where `state` was written.

    Raises:
        Refused: That version answered otherwise from the same state.
        Damaged: The state contradicts itself.
    """
    version = version_of(written)
    for old, new in RENAMED.items():
        if old in state and new not in state:
            state[new] = state.pop(old)
    for parent in kind.__mro__:
        for rule in RULES.get(parent.__name__, ()):
            state = rule(state, version)
    for name, default in parameters(kind).items():
        # A parameter that came later does by default what was done before.
        state.setdefault(name, default)
    count_features(kind, state)
    return replaced(kind, state)


def complete(estimator: Any) -> Any:
    """An estimator with the parts that it makes of its own state when it is fitted or opened."""
    for parent in type(estimator).__mro__:
        if parent.__name__ in COMPLETED:
            COMPLETED[parent.__name__](estimator)
    return estimator


def _make_function(estimator: Any) -> None:
    if hasattr(estimator, "X_thresholds_"):
        estimator._build_f(estimator.X_thresholds_, estimator.y_thresholds_)  # noqa: SLF001


COMPLETED: dict[str, Callable[[Any], None]] = losses.COMPLETED | {"IsotonicRegression": _make_function}
