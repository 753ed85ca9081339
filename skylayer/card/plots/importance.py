"""The plot of which columns matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skylayer.card.numbers import rows
from skylayer.card.plots.canvas import INK, Plot, canvas, short, to_plot

if TYPE_CHECKING:
    from skylayer.train.importance import Importance

_SHOWN = 12


def draw_importance(found: Importance) -> Plot:
    """The most important columns as bars."""
    place = {name: index for index, name in enumerate(found.columns)}
    ranked = found.ranked[:_SHOWN]
    order = [place[name] for name in reversed(ranked)]
    figure, axes = canvas(f"loss of {found.score} when shuffled", "", numbers="x")
    ticks = range(len(order))
    axes.barh(ticks, found.means[order], xerr=found.deviations[order], ecolor=INK, height=0.65)
    axes.set_yticks(ticks, [short(found.columns[index]) for index in order])
    axes.axvline(0, color=INK, linewidth=1)
    of = f" The first {_SHOWN} of {len(found.columns)} columns." if len(found.columns) > _SHOWN else ""
    said = f"Most important first: {', '.join(ranked[:5])}. On {rows(found.rows)} of the holdout.{of}"
    return to_plot("permutation_importance", "Permutation importance", said, figure)
