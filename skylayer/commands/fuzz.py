"""`fuzz`: send damaged input to the C code, under sanitizers, to the API and to the reader of model files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skylayer.commands import development
from skylayer.commands.variables import Variable, one_of, whole

if TYPE_CHECKING:
    from skylayer.commands.variables import Options

ATTACKS = ("tables", "bodies", "answers", "files", "events", "messages", "imports", "requests")
VARIABLES = (
    Variable("TABLES", "damaged tables (default 10,000)", whole),
    Variable("BODIES", "JSON bodies (default 100,000)", whole),
    Variable("ANSWERS", "JSON answers (default 100,000)", whole),
    Variable("FILES", "files of CSV (default 20,000)", whole),
    Variable("EVENTS", "events of the runtime loop, compared with Python (default 100,000)", whole),
    Variable("MESSAGES", "damaged answers of the Runtime API (default 20,000)", whole),
    Variable("IMPORTS", "damaged model files (default 20,000)", whole),
    Variable("REQUESTS", "requests, over all kinds of model (default 100,000)", whole),
    Variable("MODELS", "kinds that requests go to, separated by commas (default all eight)"),
    Variable("ONLY", f"one of these: {', '.join(ATTACKS)} (default all)", one_of(*ATTACKS)),
    Variable("SEED", "to repeat a campaign", whole),
)
EXAMPLES = (
    "make fuzz",
    "make fuzz TABLES=100000",
    "make fuzz ONLY=requests MODELS=forest,terms REQUESTS=20000",
)


def run(options: Options) -> int:
    """Run the campaign."""
    return development.run_module("fuzz", *development.flags(options))
