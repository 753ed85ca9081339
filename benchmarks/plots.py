"""Plots as SVG, the same bytes for the same results."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt

from benchmarks.measure import PARTS
from benchmarks.samples import select, values
from benchmarks.settings import CHIEF, ROWS

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from benchmarks.results import Results

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
            ("growth.svg", "Cold start and memory over the size of a forest", _growth),
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
    axes.set_xlabel("ms, median")
    axes.legend(frameon=False)
    return figure


def _throughput(results: Results) -> Figure | None:
    variants = _variants(results, "batch_latency")
    if not variants:
        return None
    figure, axes = plt.subplots(figsize=(8, 4.5))
    for name in variants:
        points = [
            (rows, rows / median(taken))
            for rows in ROWS
            if (taken := values(select(results.samples, "batch_latency", CHIEF, name, at={"rows": rows})))
        ]
        axes.plot(*zip(*points, strict=True), marker="o", label=name)
    axes.set(xscale="log", yscale="log", xlabel="rows in a request", ylabel="rows per second")
    axes.legend(frameon=False)
    return figure


def _growth(results: Results) -> Figure | None:
    overs = list(results.settings.get("growth", {}))
    if not select(results.samples, "cold_start", series="growth"):
        return None
    figure, rows = plt.subplots(2, len(overs), figsize=(9, 5.5), squeeze=False)
    for column, over in enumerate(overs):
        _grow(results, rows[0][column], over, ("cold_start", "cold start, ms"), 1e3)
        _grow(results, rows[1][column], over, ("peak_memory", "peak memory, MB"), 1e-6)
    rows[0][0].legend(frameon=False)
    return figure


def _grow(results: Results, axes: Axes, over: str, named: tuple[str, str], scale: float) -> None:
    name, label = named
    samples = [sample for sample in select(results.samples, name, series="growth") if over in sample.at]
    for variant in dict.fromkeys(sample.variant for sample in samples):
        own = [sample for sample in samples if sample.variant == variant]
        sizes = sorted({sample.at[over] for sample in own})
        medians = [scale * median(values([s for s in own if s.at[over] == size])) for size in sizes]
        axes.plot(sizes, medians, marker="o", label=variant)
    axes.set(xscale="log", yscale="log", xlabel=over, ylabel=label)
