"""The plots of a model card: drawn by matplotlib and scikit-learn, as SVG that follows the reader's colours."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np

from skylayer.card.plots.canvas import SETTINGS, Holdout, Plot
from skylayer.card.plots.classification import draw_classification
from skylayer.card.plots.importance import draw_importance
from skylayer.card.plots.learning import draw_learning_curve, why_none
from skylayer.card.plots.regression import draw_regression
from skylayer.card.plots.unsupervised import draw_clusters, draw_outliers
from skylayer.train.scores import outputs_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skylayer.train.importance import Importance

__all__ = ["Holdout", "Plot", "draw", "draw_columns", "draw_learning"]


def draw(holdout: Holdout, task: str) -> list[Plot]:
    """The plots that suit a task; of several outputs, those of each."""
    with _drawing():
        if task == "clustering":
            return [*draw_clusters(holdout.estimator, holdout.data)]
        if task == "outlier_detection":
            return [*draw_outliers(holdout.estimator, holdout.data)]
        return [*_supervised(holdout, task)]


def draw_columns(found: Importance) -> Plot:
    """Which columns matter."""
    with _drawing():
        return draw_importance(found)


def draw_learning(estimator: Any, data: Any, target: Any, task: str) -> tuple[list[Plot], str]:
    """The learning curve, or none and a sentence on why."""
    reason = why_none(estimator, len(target))
    if reason:
        return [], reason
    with _drawing():
        plot = draw_learning_curve(estimator, data, target, task)
    if plot is None:
        return [], "No learning curve: the estimator can't be fitted on a part of the rows."
    return [plot], ""


def _supervised(holdout: Holdout, task: str) -> Iterator[Plot]:
    if np.size(holdout.estimator.predict(holdout.data)) != holdout.target.size:
        return  # several quantiles of one target
    several = holdout.target.ndim > 1
    columns = holdout.target if several else holdout.target.reshape(-1, 1)
    answered = outputs_of(holdout.estimator, holdout.data, columns.shape[1])
    for index, (each, target) in enumerate(zip(answered, columns.T, strict=True)):
        output = holdout.names[index] if holdout.names else "target"
        name, of = (f"_{index + 1}", f", {output}") if several else ("", "")
        if task == "classification":
            yield from draw_classification(each, target, name, of)
        else:
            yield from draw_regression(np.asarray(each.predictions), target, output, name, of)


@contextmanager
def _drawing() -> Iterator[None]:
    with mpl.rc_context(SETTINGS), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
