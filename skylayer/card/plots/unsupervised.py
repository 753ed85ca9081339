"""The plots of models without a target: how large clusters are and what sets them apart, how scores lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer.card.numbers import rows
from skylayer.card.plots.canvas import COLOURS, INK, Plot, canvas, draw_cell, short, to_plot
from skylayer.data.dataset import as_dataset

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_CLUSTERS = 20
_MOST_COLUMNS = 10
_FULL = 2.0  # standard deviations that are drawn in full colour


def draw_clusters(estimator: Any, data: Any) -> Iterator[Plot]:
    """How many rows of the holdout fall into each cluster, and the clusters' profiles."""
    labels = np.asarray(estimator.predict(data))
    found, counts = np.unique(labels, return_counts=True)
    largest = np.sort(np.argsort(-counts, kind="stable")[:_MOST_CLUSTERS])
    figure, axes = canvas("cluster", "rows of the holdout", numbers="y")
    axes.bar([str(found[index]) for index in largest], counts[largest], width=0.65)
    said = ", ".join(f"{found[index]}: {counts[index]:,}" for index in largest)
    more = f" The {_MOST_CLUSTERS} largest of {len(found)}." if len(found) > len(largest) else ""
    told = f"Rows in each cluster, of {rows(len(labels))} of the holdout: {said}.{more}"
    yield to_plot("cluster_sizes", "Cluster sizes", told, figure)
    frame = as_dataset(data).frame.select_dtypes("number").astype(float)
    if frame.shape[1] and len(found) > 1:
        yield _profiles(frame, labels, found[largest])


def _profiles(frame: Any, labels: Any, clusters: Any) -> Plot:
    """How far each cluster's centre lies from that of all rows, in standard deviations of each column."""
    deviation = frame.std(ddof=0).replace(0, 1)
    centres = np.stack([((frame[labels == each].mean() - frame.mean()) / deviation) for each in clusters])
    centres = np.nan_to_num(centres)
    shown = np.sort(np.argsort(-np.ptp(centres, axis=0), kind="stable")[:_MOST_COLUMNS])
    figure, axes = canvas("cluster", "", numbers="")
    for row, column in enumerate(shown):
        for place, value in enumerate(centres[:, column]):
            told = f"{round(value, 1) or 0.0:+.1f}" if len(clusters) <= _MOST_COLUMNS else ""
            colour = COLOURS[0] if value >= 0 else COLOURS[1]
            draw_cell(axes, place, row, min(abs(value) / _FULL, 1), told, colour=colour)
    axes.set(xlim=(0, len(clusters)), ylim=(len(shown), 0))
    axes.set_xticks(np.arange(len(clusters)) + 0.5, [str(each) for each in clusters])
    axes.set_yticks(np.arange(len(shown)) + 0.5, [short(frame.columns[index]) for index in shown])
    said = (
        "Each cluster's mean less that of all rows, in standard deviations of the column; "
        f"the columns that tell clusters apart best: {', '.join(str(frame.columns[index]) for index in shown)}."
    )
    return to_plot("cluster_profiles", "Cluster centres", said, figure)


def draw_outliers(estimator: Any, data: Any) -> Iterator[Plot]:
    """How the scores of the holdout lie around the border, where the estimator has scores."""
    if not hasattr(estimator, "decision_function"):
        return
    scores = np.asarray(estimator.decision_function(data), dtype=float).reshape(-1)
    outliers = int(np.sum(np.asarray(estimator.predict(data)) == -1))
    figure, axes = canvas("score", "rows of the holdout")
    edges = np.histogram_bin_edges(scores, bins=30).tolist()
    for part, colour in ((scores < 0, COLOURS[1]), (scores >= 0, COLOURS[0])):
        axes.hist(scores[part], bins=edges, color=colour)
    axes.axvline(0, color=INK, linewidth=1.5)
    said = (
        f"{outliers:,} of {rows(len(scores))} of the holdout lie left of the border at 0 and are outliers, "
        "which the answer calls -1; those right of it are inliers, 1."
    )
    yield to_plot("scores", "Scores and the border", said, figure)
