"""Two runs side by side: on which ratios they agree within the spread that they state."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.samples import Spread, ratios, select, spread
from benchmarks.verdict import FIGURES, PRODUCT, SIZE, engine_of, predicting

if TYPE_CHECKING:
    from benchmarks.results import Results

# A spread is taken to be at least this wide on either side of its median: peak memory repeats to a page or two.
RESOLUTION = 0.01
# Fewer pairs than this have no spread to speak of, and aren't compared.
FEWEST_PAIRS = 3


@dataclass(frozen=True)
class Agreement:
    """One ratio in two runs: of `variant` to `beside`."""

    model: str
    figure: str
    variant: str
    beside: str
    first: Spread
    second: Spread

    @property
    def agrees(self) -> bool:
        """Say whether the two spreads, minimum to maximum of the pairs, meet."""
        (low, high), (other_low, other_high) = _stated(self.first), _stated(self.second)
        return low <= other_high and other_low <= high

    @property
    def change(self) -> float:
        """Give the second median's difference from the first as a share of it."""
        return self.second.median / self.first.median - 1


def compare(first: Results, second: Results) -> list[Agreement]:
    """Compare every ratio that both runs have."""
    one, other = stated(first), stated(second)
    return [Agreement(*names, one[names], other[names]) for names in one if names in other]


def restored(document: list[dict[str, Any]]) -> list[Agreement]:
    """Read what `asdict` made of agreements."""
    return [
        Agreement(**{**one, "first": Spread(**one["first"]), "second": Spread(**one["second"])})
        for one in document
    ]


def stated(results: Results) -> dict[tuple[str, str, str, str], Spread]:
    """Give a run's ratios, by model, figure and the two variants: cold starts to bare, peers to Skylayer."""
    found = {}
    for model in (described["name"] for described in results.models):
        bare = select(results.samples, "cold_start", model, "bare")
        for variant in (one["variant"] for one in results.deployments if one["model"] == model):
            paired = ratios(select(results.samples, "cold_start", model, variant), bare)
            if len(paired) >= FEWEST_PAIRS and variant != "bare":
                found[model, "cold start", variant, "bare"] = spread(paired)
        for figure in FIGURES:
            by_variant = predicting(results, model, figure) if figure != SIZE else {}
            engine = engine_of(by_variant)
            for peer in (name for name in by_variant if not name.startswith(PRODUCT)):
                paired = ratios(by_variant[peer], by_variant[engine]) if engine else []
                if engine and len(paired) >= FEWEST_PAIRS:
                    found[model, figure, peer, engine] = spread(paired)
    return found


def summary(compared: list[Agreement]) -> str:
    """Say in a sentence how far two runs agree."""
    if not compared:
        return "the two runs have no ratio in common"
    changes = sorted(abs(one.change) for one in compared)
    agreeing = sum(one.agrees for one in compared)
    return (
        f"{agreeing} of {len(compared)} ratios agree within their spread; medians differ by {median(changes):.1%} "
        f"in the middle and {changes[-1]:.1%} at most"
    )


def _stated(ratio: Spread) -> tuple[float, float]:
    slack = RESOLUTION * ratio.median
    return min(ratio.minimum, ratio.median - slack), max(ratio.maximum, ratio.median + slack)
