"""`test-container`: run the tests that need containers, with the real sam local and a Docker engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skylayer.commands import development

if TYPE_CHECKING:
    from skylayer.commands.variables import Options, Variable

VARIABLES: tuple[Variable, ...] = ()
EXAMPLES = ("make test-container",)


def run(options: Options) -> int:  # noqa: ARG001
    """Run tests/container."""
    return development.run_module("pytest", "tests/container", "-rs")
