"""`test`: run lint and every test, and check the coverage of each folder."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from skylayer import project
from skylayer.commands import development, lint
from skylayer.commands.variables import Variable, switch

if TYPE_CHECKING:
    from skylayer.commands.variables import Options

VARIABLES = (
    Variable("TESTS", "only these, such as tests/unit"),
    Variable("FORK", "1: make a fork as the README says, and run its whole make test", switch, False),
)
EXAMPLES = ("make test", "make test TESTS=tests/unit", "make test FORK=1")


def run(options: Options) -> int:
    """Lint, find or install the programs that tests need, then test; the floors of coverage hold for all tests."""
    if options.fork:
        return development.run_module("e2e")
    code = lint.check()
    if code:
        return code
    subprocess.run(["sh", "bin/test-tools"], cwd=project.ROOT, check=True)  # noqa: S607
    chosen = [options.tests] if options.tests else ["--cov", "--cov-report="]
    code = development.run_module("pytest", "-n", "2", "--dist", "loadgroup", *chosen)
    return code or (0 if options.tests else development.run_module("coverage_floors"))
