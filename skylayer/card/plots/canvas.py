"""What every plot shares: its size, its colours, how its numbers are written, and SVG that follows the reader's."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cycler import cycler
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from skylayer.card.numbers import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#3b82d6", "#e0803a", "#35a37c", "#b566c9", "#d9574f", "#8d8f2e", "#5b6bd0", "#c2679a")
# Written by matplotlib wherever it draws text and axes, and replaced by the page's own colour.
INK = "#123456"
_STYLE = """<style>svg { color: #2b3440 } text { font-family: system-ui, "DejaVu Sans", sans-serif }
@media (prefers-color-scheme: dark) { svg { color: #d5dce6 } }</style>"""
SETTINGS: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "skylayer",
    "font.size": 11.0,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.prop_cycle": cycler(color=COLOURS),
    "lines.linewidth": 2.0,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 9.5,
    "legend.title_fontsize": 9.5,
}
_SIZE = (5.2, 3.9)
_TICKS = 5
_MILLION = 1_000_000
_LINE_OF_A_LEGEND = 0.19  # inches
_MOST_LETTERS = 24


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


def canvas(x: str, y: str, *, numbers: str = "xy") -> tuple[Figure, Axes]:
    """A figure with one pair of axes; `numbers` says which of them hold numbers."""
    figure = Figure(figsize=_SIZE, layout="constrained")
    axes = figure.subplots()
    axes.set(xlabel=x, ylabel=y)
    for name, axis in (("x", axes.xaxis), ("y", axes.yaxis)):
        if name in numbers:
            axis.set_major_locator(MaxNLocator(_TICKS))
            axis.set_major_formatter(FuncFormatter(lambda value, _: tick(value)))
    return figure, axes


def tick(value: float) -> str:
    """A number beside an axis, where there is little room: millions as `16M`."""
    if abs(value) >= _MILLION:
        return f"{number(value / _MILLION)}M"
    return number(round(value, 10))


def legend(figure: Figure, axes: Axes, title: str | None = None) -> None:
    """The legend below the axes, where it lies over no curve; the figure grows by its lines."""
    handles, labels = axes.get_legend_handles_labels()
    columns = 1 if max(map(len, labels)) > _MOST_LETTERS else 2
    lines = -(-len(labels) // columns) + (title is not None)
    figure.set_size_inches(_SIZE[0], _SIZE[1] + lines * _LINE_OF_A_LEGEND)
    figure.legend(handles, labels, title=title, loc="outside lower center", ncols=columns)


def short(name: object) -> str:
    """A name that leaves room for the plot."""
    text = str(name)
    return text if len(text) <= _MOST_LETTERS else f"{text[: _MOST_LETTERS - 1]}…"


def to_plot(name: str, title: str, description: str, figure: Figure) -> Plot:
    """The figure as a picture of a card."""
    text = io.StringIO()
    figure.savefig(text, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :].replace(INK, "currentColor")
    head, _, rest = svg.partition(">")
    return Plot(name, title, description, f"{head}>{_STYLE}{rest}")


def draw_cell(
    axes: Axes, column: int, row: int, share: float, text: str, *, colour: str = COLOURS[0]
) -> None:
    """Fill a cell of a table as far as its share of the colour, and write a text into it."""
    axes.add_patch(Rectangle((column, row), 1, 1, facecolor=colour, alpha=0.85 * share))
    if text:
        axes.text(column + 0.5, row + 0.5, text, ha="center", va="center", fontsize=9.5)
