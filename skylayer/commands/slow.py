"""`slow`: search the slowest request of ten kinds of model; fails where one takes over 5 s."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skylayer.commands import development
from skylayer.commands.variables import Variable, whole

if TYPE_CHECKING:
    from skylayer.commands.variables import Options

VARIABLES = (
    Variable("REQUESTS", "requests for each kind (default 200)", whole),
    Variable("ROWS", "rows that each is fitted to (default 5,000)", whole),
    Variable("MODELS", "kinds, with commas between (default all)"),
    Variable("SEED", "to repeat a search", whole),
)
EXAMPLES = ("make slow", "make slow MODELS=characters,process REQUESTS=1000")


def run(options: Options) -> int:
    """Run the search."""
    return development.run_module("slow", *development.flags(options))
