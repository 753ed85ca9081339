"""`slow`: search for the slowest request of ten kinds of model, and fail if one takes over 5 s."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skylayer.commands import development
from skylayer.commands.variables import Variable, whole

if TYPE_CHECKING:
    from skylayer.commands.variables import Options

VARIABLES = (
    Variable("REQUESTS", "requests for each kind (default 200)", whole),
    Variable("ROWS", "training rows of each kind (default 5,000)", whole),
    Variable("MODELS", "kinds, separated by commas (default all)"),
    Variable("SEED", "seed of the search", whole),
)
EXAMPLES = ("make slow", "make slow MODELS=characters,process REQUESTS=1000")


def run(options: Options) -> int:
    """Run the search."""
    return development.run_module("slow", *development.flags(options))
