"""`bench`: measure cold start, memory and latency beside other ways to serve, and write docs/benchmarks.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skylayer.commands import development
from skylayer.commands.variables import Variable, switch

if TYPE_CHECKING:
    from skylayer.commands.variables import Options

VARIABLES = (
    Variable("QUICK", "1: two pipelines and three rounds, under 3 minutes", switch, False),
    Variable("BATCH", "1: make batch beside pandas and scikit-learn, on a million rows", switch, False),
    Variable("PIPELINES", "only these, separated by commas"),
    Variable("COMPARE", "JSON file of an earlier run, to compare with"),
)
EXAMPLES = ("make bench QUICK=1", "make bench PIPELINES=forest,mlp COMPARE=earlier.json")


def run(options: Options) -> int:
    """Measure side by side, and write the page after a full run."""
    return development.run_module("benchmarks", *development.flags(options))
