"""`mutate`: change the code in small ways, each of which a test has to notice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skylayer.commands import development
from skylayer.commands.variables import Variable

if TYPE_CHECKING:
    from skylayer.commands.variables import Options

VARIABLES = (
    Variable("SAMPLE", "mutants drawn at random; 0 is all (default 40)"),
    Variable("SEED", "of the draw (default 1)"),
    Variable("FILE", "module or folder to mutate (default: all that has a target)"),
)
EXAMPLES = ("make mutate", "make mutate SAMPLE=0 FILE=layers/serving/serving/http.py")


def run(options: Options) -> int:
    """Draw mutants, run the tests of each, and print the survivors."""
    return development.run_module("mutation", *development.flags(options))
