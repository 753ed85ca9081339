"""`format`: format the code, and fix what ruff can fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skylayer.commands import development

if TYPE_CHECKING:
    from skylayer.commands.variables import Options, Variable

VARIABLES: tuple[Variable, ...] = ()
EXAMPLES = ("make format",)


def run(options: Options) -> int:  # noqa: ARG001
    """Run ruff twice."""
    return development.run_all([("ruff", "check", "--fix", "."), ("ruff", "format", ".")])
