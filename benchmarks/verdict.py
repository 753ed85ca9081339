"""Who wins what: each figure of each model, Skylayer beside the best peer that predicts."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.samples import Sample, Spread, ratios, select, spread, values
from benchmarks.settings import ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.results import Results

PRODUCT = "skylayer"
NATIVE = "skylayer, native"
NO_MODEL = ("bare", "bare, in C", "powertools")
SIZE = "unpacked size"
# Where a figure's samples are: their name, and what they were taken at. Less is better for all of them.
FIGURES: dict[str, tuple[str, dict[str, float]]] = {
    "cold start": ("cold_start", {}),
    "peak memory": ("peak_memory", {}),
    SIZE: (SIZE, {}),
    "1 row": ("warm_latency", {}),
    "10 rows": ("batch_latency", {"rows": 10}),
    "100 rows": ("batch_latency", {"rows": 100}),
    "1,000 rows": ("batch_latency", {"rows": 1_000}),
    "10,000 rows": ("batch_latency", {"rows": 10_000}),
    "1 row, handler alone": ("handler_latency", {"rows": 1}),
    "1,000 rows, handler alone": ("handler_latency", {"rows": 1_000}),
}


@dataclass(frozen=True)
class Comparison:
    """One figure of one model: how many times Skylayer's the peer's is, pair by pair within rounds."""

    figure: str
    model: str
    product: str
    peer: str
    ratio: Spread

    @property
    def peer_wins(self) -> bool:
        """Say whether the peer's median is the better one."""
        return self.ratio.median < 1

    @property
    def decided(self) -> bool:
        """Say whether every round had the same winner."""
        return self.ratio.maximum < 1 or self.ratio.minimum > 1


def comparisons(results: Results) -> list[Comparison]:
    """Compare, for every model and figure, the engine that training chooses with the best peer by its median."""
    found = []
    for model in (described["name"] for described in results.models):
        for figure in FIGURES:
            by_variant = predicting(results, model, figure)
            engine = engine_of(by_variant)
            peers = [name for name in by_variant if not name.startswith(PRODUCT)]
            if engine and peers:
                peer = min(peers, key=lambda name: median(values(by_variant[name])))
                ratio = spread(ratios(by_variant[peer], by_variant[engine]))
                found.append(Comparison(figure, model, engine, peer, ratio))
    return found


def engine_of(by_variant: Iterable[str]) -> str | None:
    """Name the variant that a fork would serve: the native engine where the pipeline compiles."""
    engines = [name for name in by_variant if name.startswith(PRODUCT)]
    return NATIVE if NATIVE in engines else next(iter(engines), None)


def predicting(results: Results, model: str, figure: str) -> dict[str, list[Sample]]:
    """Give the samples of one figure by variant, of those that predict and are byte-compiled."""
    name, at = FIGURES[figure]
    samples = _sizes(results, model) if figure == SIZE else select(results.samples, name, model, at=at)
    by_variant: dict[str, list[Sample]] = {}
    for sample in samples:
        if sample.variant not in NO_MODEL and "no .pyc" not in sample.variant:
            by_variant.setdefault(sample.variant, []).append(sample)
    return by_variant


def first_paragraph(results: Results) -> str:
    """Say in plain words where a peer wins, and only then where Skylayer does."""
    compared = comparisons(results)
    lost = [one for one in compared if one.peer_wins]
    won = [one for one in compared if not one.peer_wins]
    if not compared:
        return "This run compared nothing: no figure has both Skylayer and a peer that predicts."
    if lost:
        models = dict.fromkeys(one.model for one in lost)
        named = ". ".join(
            f"{model}: {', '.join(_loss(one) for one in lost if one.model == model)}" for model in models
        )
        opening = (
            f"**A peer wins {len(lost)} of {len(compared)} comparisons.** These are the peer's figures, divided by "
            f"Skylayer's. {named}."
        )
    else:
        opening = (
            f"In none of the {len(compared)} comparisons of this run does a peer that predicts win. Each pipeline has "
            f"{len(FIGURES)} figures."
        )
    if not won:
        return opening
    figures = ", ".join(
        f"{figure} {low:.1f}{f'–{high:.1f}' * (f'{low:.1f}' != f'{high:.1f}')} ×"
        for figure, (low, high) in _ranges(won).items()
    )
    return f"{opening} Elsewhere Skylayer wins. The best peer's figures, divided by Skylayer's: {figures}."


def _loss(one: Comparison) -> str:
    return f"{one.figure} {one.ratio.median:.2f} × ({one.peer}{'' if one.decided else '; within the range'})"


def _ranges(won: list[Comparison]) -> dict[str, tuple[float, float]]:
    medians = {figure: [one.ratio.median for one in won if one.figure == figure] for figure in FIGURES}
    return {figure: (min(numbers), max(numbers)) for figure, numbers in medians.items() if numbers}


def _sizes(results: Results, model: str) -> list[Sample]:
    return [
        Sample(SIZE, model, found["variant"], 0, [found["size"]["unpacked"]])
        for found in results.deployments
        if found["model"] == model
    ]


def rows_per_second(results: Results, model: str, variant: str) -> dict[int, float]:
    """Give the rows a second of a variant through the emulator, by rows in a request, from medians."""
    speeds = {}
    for count in ROWS:
        taken = values(predicting(results, model, f"{count:,} row{'s' * (count > 1)}").get(variant, []))
        if taken:
            speeds[count] = count / median(taken)
    return speeds
