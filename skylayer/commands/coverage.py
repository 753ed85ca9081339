"""`coverage`: fit and compile each predictor of scikit-learn, compare the answers, and write docs/coverage.md."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import track

from skylayer import project
from skylayer.commands.variables import Variable

if TYPE_CHECKING:
    from skylayer.commands.variables import Options

VARIABLES = (Variable("PAGE", "file to write", Path, project.ROOT / "docs" / "coverage.md"),)
EXAMPLES = ("make coverage",)


def run(options: Options) -> None:
    """Write the page and say how many compile."""
    from skylayer.commands.coverage_cases import predictors
    from skylayer.commands.coverage_sweep import examine_all, page

    console = Console(highlight=False)
    rows = list(
        track(
            examine_all(),
            "Fit, compile, compare",
            total=len(predictors()),
            console=Console(stderr=True),
            transient=True,
        )
    )
    options.page.write_text(page(rows), encoding="utf-8")
    native = sum(row.native for row in rows)
    console.print(f"{native} of {len(rows)} predictors are native: {options.page}", soft_wrap=True)
