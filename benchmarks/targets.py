"""What the native engine must reach, and whether a run shows that it does."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.samples import ratios, select, values
from benchmarks.verdict import NATIVE, predicting

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.results import Results

LEARN = "sklearn-joblib"


@dataclass(frozen=True)
class Target:
    """A figure of the native engine on one model, and its limit; `figure` gives `None` where it wasn't taken."""

    name: str
    model: str
    limit: float
    unit: str
    figure: Callable[[Results, str], float | None]
    at_least: bool = False


@dataclass(frozen=True)
class Verdict:
    """Whether a target is met."""

    target: Target
    figure: float

    @property
    def met(self) -> bool:
        """Say whether the figure keeps the limit."""
        if self.target.at_least:
            return self.figure >= self.target.limit
        return self.figure <= self.target.limit

    @property
    def bound(self) -> str:
        """Write the limit."""
        return f"at {'least' if self.target.at_least else 'most'} {self.target.limit:g} {self.target.unit}"

    def __str__(self) -> str:
        """Write it in one line: met or missed, the figure, the limit."""
        what = f"{self.target.name}, {self.target.model}"
        return f"{'met' if self.met else 'missed'}: {what}: {self.figure:.3g} ({self.bound})"


def verdicts(results: Results) -> list[Verdict]:
    """Judge every target whose figure the run has taken."""
    judged = ((target, target.figure(results, target.model)) for target in TARGETS)
    return [Verdict(target, figure) for target, figure in judged if figure is not None]


def _cold_start_to_bare(results: Results, model: str) -> float | None:
    ours, bare = (select(results.samples, "cold_start", model, name) for name in (NATIVE, "bare"))
    paired = ratios(ours, bare)
    return median(paired) if paired else None


def _peak_memory(results: Results, model: str) -> float | None:
    taken = values(select(results.samples, "peak_memory", model, NATIVE))
    return max(taken) / 1e6 if taken else None


def _handler(results: Results, model: str) -> float | None:
    taken = values(select(results.samples, "handler_latency", model, NATIVE, at={"rows": 1}))
    return median(taken) * 1_000 if taken else None


def _beside_scikit_learn(figure: str) -> Callable[[Results, str], float | None]:
    def ratio(results: Results, model: str) -> float | None:
        """Compare with the faster of scikit-learn's variants."""
        taken = predicting(results, model, figure)
        peers = [name for name in taken if name.startswith(LEARN) and NATIVE in taken]
        return min((median(ratios(taken[name], taken[NATIVE])) for name in peers), default=None)

    return ratio


def _part(name: str) -> Callable[[Results, str], float | None]:
    def megabytes(results: Results, model: str) -> float | None:
        sizes = [
            found["parts"][name] / 1e6
            for found in results.deployments
            if found["model"] == model and found["variant"] == NATIVE and found.get("parts")
        ]
        return sizes[0] if sizes else None

    return megabytes


TARGETS = (
    Target("cold start", "logistic-regression", 1.3, "× bare", _cold_start_to_bare),
    Target("cold start", "forest", 1.3, "× bare", _cold_start_to_bare),
    Target("peak memory", "forest", 30, "MB", _peak_memory),
    Target("a row in the handler, p50", "logistic-regression", 0.05, "ms", _handler),
    Target("a row in the handler, p50", "forest", 0.05, "ms", _handler),
    Target(
        "a row in the handler, beside scikit-learn's",
        "forest",
        100,
        "× as fast",
        _beside_scikit_learn("1 row, handler alone"),
        at_least=True,
    ),
    Target(
        "1,000 rows in the handler, beside scikit-learn's",
        "forest",
        5,
        "× as fast",
        _beside_scikit_learn("1,000 rows, handler alone"),
        at_least=True,
    ),
    Target(
        "1,000 rows through the emulator, beside scikit-learn's",
        "forest",
        5,
        "× as fast",
        _beside_scikit_learn("1,000 rows"),
        at_least=True,
    ),
    Target("table", "forest", 5, "MB", _part("model")),
    Target("serving layer, unpacked", "forest", 1, "MB", _part("serving layer")),
)
