"""`test-container`: run the real sam local in containers, where a Docker engine answers."""

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
