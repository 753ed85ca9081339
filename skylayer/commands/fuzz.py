"""`fuzz`: tables, bodies, answers, files, events and messages for the C code, under sanitizers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skylayer.commands import development
from skylayer.commands.variables import Variable, whole

if TYPE_CHECKING:
    from skylayer.commands.variables import Options

VARIABLES = (
    Variable("TABLES", "damaged tables (default 10,000)", whole),
    Variable("BODIES", "JSON bodies (default 100,000)", whole),
    Variable("ANSWERS", "JSON answers (default 100,000)", whole),
    Variable("FILES", "files of CSV (default 20,000)", whole),
    Variable("EVENTS", "events of the runtime loop, held against Python (default 100,000)", whole),
    Variable("MESSAGES", "damaged answers of the Runtime API (default 20,000)", whole),
)
EXAMPLES = ("make fuzz", "make fuzz TABLES=100000")


def run(options: Options) -> int:
    """Run the campaign."""
    return development.run_module("fuzz", *development.flags(options))
