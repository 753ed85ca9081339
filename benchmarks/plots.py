"""Plots as SVG, the same bytes for the same results."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt
from matplotlib.ticker import LogLocator, NullFormatter

from benchmarks.measure import PARTS
from benchmarks.samples import select, values
from benchmarks.settings import CHIEF, ROWS
from benchmarks.verdict import PRODUCT, predicting, rows_per_second

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from benchmarks.results import Results

# Each variant has one colour (of matplotlib's tab10) in all plots, in the order of the legends.
COLOURS = {
    "skylayer, native": "tab:red",
    "skylayer, native, runtime loop": "tab:pink",
    "skylayer, sklearn": "tab:orange",
    "bare": "tab:gray",
    "bare, in C": "tab:purple",
    "powertools": "tab:brown",
    "onnxruntime": "tab:blue",
    "sklearn-joblib, arrays": "tab:green",
    "sklearn-joblib, pandas": "tab:olive",
}
GROWING = (
    ("cold_start", "cold start, ms", 1e3),
    ("peak_memory", "peak memory, MB", 1e-6),
    ("warm_latency", "warm p50, ms", 1e3),
)
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "skylayer",
    "svg.fonttype": "none",
    "font.size": 9,
    "figure.constrained_layout.use": True,
}


def draw(results: Results, folder: Path) -> dict[str, str]:
    """Draw what the results hold; give the file names and what each shows."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {}
    with mpl.rc_context(STYLE):
        for name, title, plot in (
            ("cold-start.svg", f"Cold start of the {CHIEF} and its parts", _cold_start),
            ("throughput.svg", f"Rows per second of the {CHIEF}, by rows in a request", _throughput),
            ("growth.svg", "How cold start, memory and latency of a forest grow", _growth),
        ):
            figure = plot(results)
            if figure is not None:
                figure.suptitle(title)
                figure.savefig(folder / name, format="svg", metadata={"Date": None})
                plt.close(figure)
                drawn[name] = title
    return drawn


def _variants(results: Results, figure: str) -> list[str]:
    return list(dict.fromkeys(sample.variant for sample in select(results.samples, figure, CHIEF)))


def _cold_start(results: Results) -> Figure | None:
    variants = _variants(results, f"cold_start: {PARTS[0]}")
    if not variants:
        return None
    figure, axes = plt.subplots(figsize=(8, 0.5 * len(variants) + 1.5))
    variants.sort(key=lambda name: -median(values(select(results.samples, "cold_start", CHIEF, name))))
    left = [0.0] * len(variants)
    for part in PARTS:
        widths = [
            1_000 * max(0.0, median(values(select(results.samples, f"cold_start: {part}", CHIEF, name))))
            for name in variants
        ]
        axes.barh(variants, widths, left=left, label=part)
        left = [start + width for start, width in zip(left, widths, strict=True)]
    for name, end in zip(variants, left, strict=True):
        axes.annotate(f"{end:.0f}", (end, name), xytext=(4, 0), textcoords="offset points", va="center")
    axes.set_xlabel("ms, median of each part")
    axes.margins(x=0.08)
    figure.legend(loc="outside lower center", ncols=len(PARTS), frameon=False)
    return figure


def _throughput(results: Results) -> Figure | None:
    variants = list(predicting(results, CHIEF, "1,000 rows"))
    if not variants:
        return None
    figure, axes = plt.subplots(figsize=(8, 4))
    for name in sorted(variants, key=_order):
        speeds = rows_per_second(results, CHIEF, name)
        axes.plot(list(speeds), list(speeds.values()), marker="o", label=name, **_style(name))
    axes.set(xlabel="rows in a request", ylabel="rows per second")
    _logarithmic(axes, list(ROWS))
    figure.legend(loc="outside right upper", frameon=False)
    return figure


def _growth(results: Results) -> Figure | None:
    samples = select(results.samples, "cold_start", series="growth")
    overs = [over for over in results.settings.get("growth", {}) if any(over in s.at for s in samples)]
    if not overs:
        return None
    figure, rows = plt.subplots(3, len(overs), figsize=(10, 7), squeeze=False, sharex="col", sharey="row")
    for column, over in enumerate(overs):
        for row, (name, label, scale) in enumerate(GROWING):
            _grow(results, rows[row][column], over, name, scale)
            rows[row][0].set_ylabel(label)
        rows[-1][column].set_xlabel("rows in a request" if over == "rows" else over)
    handles, labels = rows[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    return figure


def _grow(results: Results, axes: Axes, over: str, name: str, scale: float) -> None:
    samples = [sample for sample in select(results.samples, name, series="growth") if over in sample.at]
    sizes = sorted({sample.at[over] for sample in samples})
    for variant in sorted({sample.variant for sample in samples}, key=_order):
        own = [sample for sample in samples if sample.variant == variant]
        medians = [scale * median(values([s for s in own if s.at[over] == size])) for size in sizes]
        axes.plot(sizes, medians, marker="o", markersize=4, label=variant, **_style(variant))
    _logarithmic(axes, sizes)


def _logarithmic(axes: Axes, places: list[float]) -> None:
    axes.set(xscale="log", yscale="log")
    axes.set_xticks(places)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 3)))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:,g}")  # 1,000 and not 10 to the third
        axis.set_minor_formatter(NullFormatter())
    axes.grid(alpha=0.3)


def _order(variant: str) -> int:
    return list(COLOURS).index(variant) if variant in COLOURS else len(COLOURS)


def _style(variant: str) -> dict[str, Any]:
    return {"color": COLOURS.get(variant), "linewidth": 2.5 if variant.startswith(PRODUCT) else 1.5}
