"""The learning curve: what more rows would bring."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import learning_curve

from skylayer.card.plots.canvas import Plot, canvas, legend, to_plot
from skylayer.train.scores import score_of

ROWS = 2000


def why_none(estimator: Any, rows: int) -> str:
    """Why no learning curve is drawn, as a sentence; empty where there is one."""
    if rows > ROWS:
        return f"No learning curve: it would take 15 more fits, which are done for up to {ROWS:,} rows."
    if hasattr(estimator, "best_estimator_"):
        return "No learning curve: each of its 15 fits would be a whole search."
    return ""


def draw_learning_curve(estimator: Any, data: Any, target: Any, task: str) -> Plot | None:
    """How the score grows with the rows, by 3-fold cross-validation; None if a fit fails on a part of them."""
    words, score = score_of(task)
    sizes, training, validation = learning_curve(
        clone(estimator),
        data,
        target,
        train_sizes=np.linspace(0.2, 1, 5),
        cv=3,
        scoring=score,
        shuffle=True,
        random_state=0,
        error_score=np.nan,
    )
    if not np.isfinite(validation).all():
        return None
    figure, axes = canvas("training rows", words)
    axes.plot(sizes, training.mean(axis=1), marker="o", label="rows that it was fitted on")
    axes.plot(sizes, validation.mean(axis=1), marker="o", label="rows that it has not seen")
    legend(figure, axes)
    ends = validation.mean(axis=1)
    said = f"The score on unseen rows is {ends[0]:.3f} with {sizes[0]:,} rows and {ends[-1]:.3f} with {sizes[-1]:,}."
    return to_plot("learning_curve", "Learning curve", said, figure)
