"""`lint`: run ruff, mypy, cfn-lint, sam validate, jactionlint, zizmor and, with Node.js, Spectral and Redocly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skylayer import project
from skylayer.commands import development, openapi
from skylayer.node import openapi_rules, programs

if TYPE_CHECKING:
    from skylayer.commands.variables import Options, Variable

VARIABLES: tuple[Variable, ...] = ()
EXAMPLES = ("make lint",)


def run(options: Options) -> int:  # noqa: ARG001
    """Run them one after the other, until one fails."""
    return check()


def check() -> int:
    """The exit code of the first linter that fails, or 0."""
    workflows = sorted(map(str, (project.ROOT / ".github" / "workflows").glob("*.yml")))
    return (
        development.run_all(
            [
                ("ruff", "check", "."),
                ("ruff", "format", "--check", "."),
                ("mypy",),
                ("cfn-lint", "template.yaml", "deployment/bootstrap.yaml"),
                ("sam", "validate", "--lint", "--region", "us-east-1"),
                ("jactionlint", *workflows),
                ("zizmor", "--offline", "--quiet", ".github"),
            ]
        )
        or _openapi()
    )


def _openapi() -> int:
    """What the rules of Spectral and Redocly find in the document, where there is Node.js to run them: 1 or 0."""
    if not programs.available():
        print("Node.js is not here: Spectral and Redocly have not looked at docs/openapi.json.")
        return 0
    found = openapi_rules.findings([openapi.DEFAULT])
    print(found, end="")
    return 1 if found else 0
