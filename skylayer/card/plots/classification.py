"""The plots of a classifier's output: confusion matrix, ROC, precision and recall, calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn import metrics
from sklearn.calibration import calibration_curve

from skylayer.card.numbers import rows
from skylayer.card.plots.canvas import COLOURS, INK, Plot, canvas, draw_cell, legend, short, to_plot
from skylayer.train.scores import alike, are_distributions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skylayer.train.scores import Answered

_MOST_CLASSES = len(COLOURS)
_MOST_COUNTS = 12  # classes, beyond which counts don't fit into the cells
_MOST_LABELS = 30
_LEVEL_LABELS = 4

Curve = tuple[str, Any, Any]


def draw_classification(answered: Answered, target: Any, name: str, of: str) -> Iterator[Plot]:
    """The plots of one output.

    Args:
        answered: What the estimator said of the holdout.
        target: What is true, shape (rows,).
        name: Behind the name of each file, empty where there is one output only.
        of: Behind the title of each plot, likewise.
    """
    predicted = answered.predictions
    target = alike(target, predicted)
    known = np.unique(np.concatenate([predicted, target]))
    classes = known if answered.classes_ is None else np.asarray(answered.classes_)
    yield _confusion(target, predicted, classes, name, of)
    probabilities = answered.predict_proba(slice(None))
    if probabilities is None or len(classes) > _MOST_CLASSES:
        return
    shown = [1] if len(classes) == 2 else range(len(classes))  # noqa: PLR2004 - the other class mirrors it
    curves = [(short(classes[index]), target == classes[index], probabilities[:, index]) for index in shown]
    curves = [curve for curve in curves if 0 < curve[1].sum() < len(target)]
    if curves:
        yield _roc(curves, name, of)
        yield _precision_recall(curves, name, of)
        if are_distributions(probabilities):
            yield _calibration(curves, name, of)


def _confusion(target: Any, predicted: Any, classes: Any, name: str, of: str) -> Plot:
    counts = metrics.confusion_matrix(target, predicted, labels=classes)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, axes = canvas("predicted", "true", numbers="")
    for row, of_row in enumerate(shares):
        for column, share in enumerate(of_row):
            count = f"{counts[row, column]:,}" if len(classes) <= _MOST_COUNTS else ""
            draw_cell(axes, column, row, share, count)
    axes.set(xlim=(0, len(classes)), ylim=(len(classes), 0))
    ticks = np.arange(len(classes)) + 0.5 if len(classes) <= _MOST_LABELS else np.empty(0)
    labels = [short(each) for each in classes][: len(ticks)]
    level = len(classes) <= _LEVEL_LABELS and max(map(len, labels), default=0) <= 40 // len(classes)
    axes.set_xticks(ticks, labels, rotation=0 if level else 45, ha="center" if level else "right")
    axes.set_yticks(ticks, labels)
    right = int(np.trace(counts))
    said = (
        f"Of {rows(int(counts.sum()))} of the holdout {right:,} are on the diagonal, predicted as they are."
    )
    return to_plot(f"confusion_matrix{name}", f"Confusion matrix{of}", said, figure)


def _roc(curves: list[Curve], name: str, of: str) -> Plot:
    figure, axes = canvas("false positive rate", "true positive rate")
    axes.plot([0, 1], [0, 1], color=INK, linewidth=1, linestyle=":")
    areas = []
    for label, truth, probability in curves:
        false_rate, true_rate, _ = metrics.roc_curve(truth, probability)
        areas.append(f"{label}: {metrics.auc(false_rate, true_rate):.3f}")
        axes.plot(false_rate, true_rate, label=areas[-1])
    legend(figure, axes, "area under the curve")
    against = "each class against the rest" if len(curves) > 1 else f"{curves[0][0]} against the rest"
    said = f"Areas under the curves: {', '.join(areas)}."
    return to_plot(f"roc{name}", f"ROC, {against}{of}", said, figure)


def _precision_recall(curves: list[Curve], name: str, of: str) -> Plot:
    figure, axes = canvas("recall", "precision")
    averages = []
    for label, truth, probability in curves:
        precision, recall, _ = metrics.precision_recall_curve(truth, probability)
        averages.append(f"{label}: {metrics.average_precision_score(truth, probability):.3f}")
        axes.plot(recall, precision, label=averages[-1])
    axes.set_ylim(0, 1.03)
    legend(figure, axes, "average precision")
    said = f"Average precision: {', '.join(averages)}."
    return to_plot(f"precision_recall{name}", f"Precision and recall{of}", said, figure)


def _calibration(curves: list[Curve], name: str, of: str) -> Plot:
    figure, axes = canvas("predicted probability", "share that is so")
    axes.plot([0, 1], [0, 1], color=INK, linewidth=1, linestyle=":")
    errors = []
    for label, truth, probability in curves:
        observed, expected = calibration_curve(truth, probability, n_bins=6, strategy="quantile")
        errors.append(f"{label}: {np.abs(observed - expected).mean():.3f}")
        axes.plot(expected, observed, marker="o", label=errors[-1])
    legend(figure, axes, "mean distance from the diagonal")
    said = f"Mean distance from the diagonal: {', '.join(errors)}."
    return to_plot(f"calibration{name}", f"Calibration{of}", said, figure)
