"""The plots of a regressor's output: predicted beside true values, and residuals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer.card.numbers import number, rows
from skylayer.card.plots.canvas import INK, Plot, canvas, short, to_plot

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_POINTS = 1500


def draw_regression(predicted: Any, target: Any, output: str, name: str, of: str) -> Iterator[Plot]:
    """The plots of one output.

    Args:
        predicted: What the estimator said of the holdout, shape (rows,).
        target: What is true.
        output: What was predicted.
        name: Behind the name of each file, empty where there is one output only.
        of: Behind the title of each plot, likewise.
    """
    predicted, target = (np.asarray(values, dtype=float)[:_MOST_POINTS] for values in (predicted, target))
    output = short(output)
    figure, axes = canvas(f"true {output}", f"predicted {output}")
    ends = [min(target.min(), predicted.min()), max(target.max(), predicted.max())]
    axes.plot(ends, ends, color=INK, linewidth=1, linestyle=":")
    axes.scatter(target, predicted, s=14, alpha=0.6, linewidths=0)
    said = f"{_correlation(target, predicted)} over {rows(len(target))} of the holdout."
    yield to_plot(f"predicted{name}", f"Predicted and true values{of}", said, figure)
    residuals = target - predicted
    figure, axes = canvas(f"predicted {output}", "residual, true less predicted")
    axes.axhline(0, color=INK, linewidth=1, linestyle=":")
    axes.scatter(predicted, residuals, s=14, alpha=0.6, linewidths=0)
    low, middle, high = np.percentile(residuals, [10, 50, 90])
    said = f"Half of the residuals lie below {number(middle)}, eight in ten between {number(low)} and {number(high)}."
    yield to_plot(f"residuals{name}", f"Residuals{of}", said, figure)


def _correlation(target: Any, predicted: Any) -> str:
    if min(np.ptp(target), np.ptp(predicted)) == 0:
        return "One value alone, so no correlation,"
    return f"Correlation of {np.corrcoef(target, predicted)[0, 1]:.3f}"
