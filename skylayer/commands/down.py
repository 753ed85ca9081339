"""`down`: stop the emulator and what it started."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skylayer.aws import emulator
from skylayer.commands.up import EMULATOR

if TYPE_CHECKING:
    from skylayer.commands.variables import Options, Variable

VARIABLES: tuple[Variable, ...] = ()
EXAMPLES = ("make down",)


def run(options: Options) -> None:  # noqa: ARG001
    """Stop it, and say whether there was anything to stop."""
    print("Stopped." if emulator.stop(EMULATOR) else "Nothing was running.")
