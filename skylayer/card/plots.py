"""The plots of a model card: drawn by matplotlib and scikit-learn, as SVG that follows the reader's colours."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from cycler import cycler
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from sklearn import metrics
from sklearn.base import clone
from sklearn.calibration import calibration_curve
from sklearn.inspection import permutation_importance
from sklearn.model_selection import learning_curve

from skylayer.train.scores import are_distributions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes

COLOURS = ("#3b82d6", "#e0803a", "#35a37c", "#b566c9", "#d9574f", "#8d8f2e", "#5b6bd0", "#c2679a")
# Written by matplotlib wherever it draws text and axes, and replaced by the page's own colour.
_INK = "#123456"
_STYLE = """<style>svg { color: #2b3440 } text { font-family: system-ui, "DejaVu Sans", sans-serif }
@media (prefers-color-scheme: dark) { svg { color: #d5dce6 } }</style>"""
_SETTINGS: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "skylayer",
    "font.size": 11.0,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.prop_cycle": cycler(color=COLOURS),
    "lines.linewidth": 2.0,
    "text.color": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "legend.frameon": False,
}
_MOST_CLASSES = len(COLOURS)
_MOST_COLUMNS = 60
_SHOWN_COLUMNS = 12
_MOST_POINTS = 1500
_LEARNING_ROWS = 2000
_SIZE = (5.2, 3.9)


@dataclass(frozen=True)
class Plot:
    """One picture: a file name, a title, what it shows in words for those who can't see it, and its SVG."""

    name: str
    title: str
    description: str
    svg: str


@dataclass(frozen=True)
class Holdout:
    """What is drawn: a fitted estimator, rows that it has never seen in its container, and their targets."""

    estimator: Any
    data: Any
    target: Any
    names: tuple[str, ...]


def draw(holdout: Holdout, task: str) -> list[Plot]:
    """The plots that suit a task; of several outputs, none."""
    if holdout.target is None or holdout.target.ndim > 1:
        return []
    with mpl.rc_context(_SETTINGS), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if task == "classification":
            return [*_classification(holdout), *_importance(holdout)]
        if np.size(holdout.estimator.predict(holdout.data)) != holdout.target.size:
            return []  # several quantiles of one target
        return [*_regression(holdout), *_importance(holdout)] if task == "regression" else []


def draw_learning_curve(estimator: Any, data: Any, target: Any, task: str) -> list[Plot]:
    """How the score grows with the rows, by 3-fold cross-validation; only where the data are small."""
    if task not in {"classification", "regression"} or target is None or target.ndim > 1:
        return []
    if len(target) > _LEARNING_ROWS or hasattr(estimator, "best_estimator_"):
        return []
    with mpl.rc_context(_SETTINGS), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shares = np.linspace(0.2, 1, 5)
        sizes, training, validation = learning_curve(
            clone(estimator),
            data,
            target,
            train_sizes=shares,
            cv=3,
            shuffle=True,
            random_state=0,
            error_score=np.nan,
        )
        if not np.isfinite(validation).all():
            return []
        figure, axes = _canvas("training rows", "accuracy" if task == "classification" else "R²")
        axes.plot(sizes, training.mean(axis=1), marker="o", label="rows that it was fitted on")
        axes.plot(sizes, validation.mean(axis=1), marker="o", label="rows that it has not seen")
        axes.legend()
        ends = validation.mean(axis=1)
        said = f"The score on unseen rows is {ends[0]:.3f} with {sizes[0]} rows and {ends[-1]:.3f} with {sizes[-1]}."
        return [_plot("learning_curve", "Learning curve", said, figure)]


def _classification(holdout: Holdout) -> Iterator[Plot]:
    predicted = np.asarray(holdout.estimator.predict(holdout.data))
    target = holdout.target.astype(predicted.dtype)
    classes = np.asarray(holdout.estimator.classes_)
    yield _confusion(target, predicted, classes)
    if not hasattr(holdout.estimator, "predict_proba") or len(classes) > _MOST_CLASSES:
        return
    probabilities = np.asarray(holdout.estimator.predict_proba(holdout.data))
    shown = [1] if len(classes) == 2 else range(len(classes))  # noqa: PLR2004 - the other class mirrors it
    curves = [(str(classes[index]), target == classes[index], probabilities[:, index]) for index in shown]
    curves = [curve for curve in curves if 0 < curve[1].sum() < len(target)]
    if curves:
        yield _roc(curves)
        yield _precision_recall(curves)
        if are_distributions(probabilities):
            yield _calibration(curves)


def _confusion(target: Any, predicted: Any, classes: Any) -> Plot:
    counts = metrics.confusion_matrix(target, predicted, labels=classes)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, axes = _canvas("predicted", "true")
    few = len(classes) <= 12  # noqa: PLR2004 - beyond it numbers don't fit
    for row, of_row in enumerate(shares):
        for column, share in enumerate(of_row):
            axes.add_patch(Rectangle((column, row), 1, 1, facecolor=COLOURS[0], alpha=0.85 * share))
            if few:
                axes.text(column + 0.5, row + 0.5, str(counts[row, column]), ha="center", va="center")
    ticks = np.arange(len(classes)) + 0.5
    axes.set(xlim=(0, len(classes)), ylim=(len(classes), 0))
    axes.set_xticks(ticks, map(str, classes), rotation=0 if len(classes) <= 4 else 45, ha="center")  # noqa: PLR2004
    axes.set_yticks(ticks, map(str, classes))
    right = int(np.trace(counts))
    said = f"Of {counts.sum()} holdout rows {right} are on the diagonal, predicted as they are."
    return _plot("confusion_matrix", "Confusion matrix", said, figure)


def _roc(curves: list[tuple[str, Any, Any]]) -> Plot:
    figure, axes = _canvas("false positive rate", "true positive rate")
    axes.plot([0, 1], [0, 1], color=_INK, linewidth=1, linestyle=":")
    areas = []
    for name, truth, probability in curves:
        false_rate, true_rate, _ = metrics.roc_curve(truth, probability)
        areas.append(f"{name} {metrics.auc(false_rate, true_rate):.3f}")
        axes.plot(false_rate, true_rate, label=areas[-1])
    axes.legend(title="area under the curve", loc="lower right")
    return _plot(
        "roc", "ROC, each class against the rest", f"Areas under the curves: {', '.join(areas)}.", figure
    )


def _precision_recall(curves: list[tuple[str, Any, Any]]) -> Plot:
    figure, axes = _canvas("recall", "precision")
    averages = []
    for name, truth, probability in curves:
        precision, recall, _ = metrics.precision_recall_curve(truth, probability)
        averages.append(f"{name} {metrics.average_precision_score(truth, probability):.3f}")
        axes.plot(recall, precision, label=averages[-1])
    axes.set_ylim(0, 1.03)
    axes.legend(title="average precision", loc="lower left")
    said = f"Average precision: {', '.join(averages)}."
    return _plot("precision_recall", "Precision and recall", said, figure)


def _calibration(curves: list[tuple[str, Any, Any]]) -> Plot:
    figure, axes = _canvas("predicted probability", "share that is so")
    axes.plot([0, 1], [0, 1], color=_INK, linewidth=1, linestyle=":")
    errors = []
    for name, truth, probability in curves:
        observed, expected = calibration_curve(truth, probability, n_bins=6, strategy="quantile")
        errors.append(f"{name} {np.abs(observed - expected).mean():.3f}")
        axes.plot(expected, observed, marker="o", label=name)
    axes.legend(loc="upper left")
    said = f"Mean distance from the diagonal: {', '.join(errors)}."
    return _plot("calibration", "Calibration", said, figure)


def _regression(holdout: Holdout) -> Iterator[Plot]:
    predicted = np.asarray(holdout.estimator.predict(holdout.data), dtype=float).reshape(-1)[:_MOST_POINTS]
    target = holdout.target.astype(float)[:_MOST_POINTS]
    name = holdout.names[0] if holdout.names else "target"
    figure, axes = _canvas(f"true {name}", f"predicted {name}")
    ends = [min(target.min(), predicted.min()), max(target.max(), predicted.max())]
    axes.plot(ends, ends, color=_INK, linewidth=1, linestyle=":")
    axes.scatter(target, predicted, s=14, alpha=0.6, linewidths=0)
    said = f"Correlation of {np.corrcoef(target, predicted)[0, 1]:.3f} over {len(target)} holdout rows."
    yield _plot("predicted", "Predicted and true values", said, figure)
    residuals = target - predicted
    figure, axes = _canvas(f"predicted {name}", "residual, true less predicted")
    axes.axhline(0, color=_INK, linewidth=1, linestyle=":")
    axes.scatter(predicted, residuals, s=14, alpha=0.6, linewidths=0)
    low, middle, high = np.percentile(residuals, [10, 50, 90])
    said = f"Half of the residuals lie below {middle:.4g}, eight in ten between {low:.4g} and {high:.4g}."
    yield _plot("residuals", "Residuals", said, figure)


def _importance(holdout: Holdout) -> Iterator[Plot]:
    columns = getattr(holdout.data, "columns", None)
    if columns is None and getattr(holdout.data, "ndim", 0) == 2:  # noqa: PLR2004 - an array of columns
        columns = [f"x{index}" for index in range(holdout.data.shape[1])]
    if columns is None or len(columns) > _MOST_COLUMNS:
        return
    found = permutation_importance(
        holdout.estimator, holdout.data, holdout.target, n_repeats=5, random_state=0, n_jobs=1
    )
    order = np.argsort(found.importances_mean, kind="stable")[-_SHOWN_COLUMNS:]
    names = [str(columns[index]) for index in order]
    figure, axes = _canvas("loss of score when the column is shuffled", "")
    axes.barh(
        names, found.importances_mean[order], xerr=found.importances_std[order], ecolor=_INK, height=0.65
    )
    axes.axvline(0, color=_INK, linewidth=1)
    said = f"Most important first: {', '.join(reversed(names[-5:]))}."
    yield _plot("permutation_importance", "Permutation importance", said, figure)


def _canvas(x: str, y: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=_SIZE, layout="constrained")
    axes = figure.subplots()
    axes.set(xlabel=x, ylabel=y)
    return figure, axes


def _plot(name: str, title: str, description: str, figure: Figure) -> Plot:
    text = io.StringIO()
    figure.savefig(text, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :].replace(_INK, "currentColor")
    head, _, rest = svg.partition(">")
    return Plot(name, title, description, f"{head}>{_STYLE}{rest}")
