"""Who wins what: each figure of each model, Skylayer's best engine beside the best peer that predicts."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.samples import Sample, Spread, ratios, select, spread, values

if TYPE_CHECKING:
    from benchmarks.results import Results

PRODUCT = "skylayer"
NO_MODEL = ("bare", "powertools")
FIGURES = {
    "cold start": ("cold_start", {}),
    "peak memory": ("peak_memory", {}),
    "latency of a row in the handler": ("handler_latency", {}),
    "1,000 rows in a request": ("batch_latency", {"rows": 1_000.0}),
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


def comparisons(results: Results) -> list[Comparison]:
    """Compare, for every model and figure, the best of either side by its median."""
    found = []
    for model in (described["name"] for described in results.models):
        for figure, (sample, at) in FIGURES.items():
            by_variant = _by_variant(select(results.samples, sample, model, at=at))
            ours = [name for name in by_variant if name.startswith(PRODUCT)]
            theirs = [name for name in by_variant if name not in (*ours, *NO_MODEL)]
            if ours and theirs:
                best, peer = (
                    min(names, key=lambda name: median(values(by_variant[name]))) for names in (ours, theirs)
                )
                ratio = spread(ratios(by_variant[peer], by_variant[best]))
                found.append(Comparison(figure, model, best, peer, ratio))
    return found


def first_paragraph(results: Results) -> str:
    """Say in plain words where a peer wins, and only then where Skylayer does."""
    compared = comparisons(results)
    lost = [one for one in compared if one.peer_wins]
    if not compared:
        return "This run compared nothing: no figure has both Skylayer and a peer that predicts."
    if lost:
        named = "; ".join(
            f"{one.peer} on {one.model}, {one.figure} (the peer takes {one.ratio.median:.2f} × what "
            f"{one.product} takes)"
            for one in lost
        )
        opening = f"**A peer wins {len(lost)} of {len(compared)} comparisons:** {named}."
    else:
        opening = (
            f"In none of the {len(compared)} comparisons of this run does a peer that predicts win "
            "(each model's cold start, memory, latency of a row and of 1,000 rows)."
        )
    won = [one for one in compared if not one.peer_wins]
    if not won:
        return opening
    figures = "; ".join(
        f"{figure}: {low:.1f} to {high:.1f} ×" for figure, (low, high) in _ranges(won).items()
    )
    return f"{opening} Elsewhere the best peer takes, beside Skylayer's best engine, {figures}."


def _ranges(won: list[Comparison]) -> dict[str, tuple[float, float]]:
    figures = dict.fromkeys(one.figure for one in won)
    medians = {figure: [one.ratio.median for one in won if one.figure == figure] for figure in figures}
    return {figure: (min(numbers), max(numbers)) for figure, numbers in medians.items()}


def _by_variant(samples: list[Sample]) -> dict[str, list[Sample]]:
    grouped: dict[str, list[Sample]] = {}
    for sample in samples:
        if "no .pyc" not in sample.variant:
            grouped.setdefault(sample.variant, []).append(sample)
    return grouped
