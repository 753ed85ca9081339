"""Losses: their names, and the objects that an estimator makes of them when it is fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from skylayer.formats.pickles.versions.state import Rule, State, Version

# 1.0 and 1.1 named losses alike everywhere; 1.3 removed the old names.
LOSSES = {
    "ls": "squared_error", "least_squares": "squared_error", "mse": "squared_error", "lad": "absolute_error",
    "least_absolute_deviation": "absolute_error", "mae": "absolute_error", "deviance": "log_loss",
    "binary_crossentropy": "log_loss", "categorical_crossentropy": "log_loss", "auto": "log_loss", "log": "log_loss",
    "squared_loss": "squared_error",
}  # fmt: skip


def loss_name(state: State, _: Version) -> State:
    """The state with the loss's present name."""
    if state.get("loss") in LOSSES:
        state["loss"] = LOSSES[state["loss"]]
    return state


def _make_loss(estimator: Any) -> None:
    if hasattr(estimator, "n_trees_per_iteration_"):
        estimator._loss = estimator._get_loss(sample_weight=None)  # noqa: SLF001


def _make_base_loss(estimator: Any) -> None:
    if hasattr(estimator, "coef_"):
        estimator._base_loss = estimator._get_loss()  # noqa: SLF001


RULES: dict[str, tuple[Rule, ...]] = {"BaseSGD": (loss_name,)}
COMPLETED: dict[str, Callable[[Any], None]] = {
    "BaseHistGradientBoosting": _make_loss,
    "BaseGradientBoosting": _make_loss,
    "_GeneralizedLinearRegressor": _make_base_loss,
}
