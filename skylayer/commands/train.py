"""`train`: from training/pipeline.py to an artifact that is the champion."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table as Grid

from serving.artifact import read_manifest
from skylayer import project
from skylayer.commands import openapi
from skylayer.commands.variables import Variable

if TYPE_CHECKING:
    from skylayer.commands.variables import Options

VARIABLES = (
    Variable("PROJECT", "folder that holds training/ (default: this one)", Path, project.ROOT),
    Variable("DIRECTORY", "where artifacts are kept (default model_artifacts)", Path),
)
EXAMPLES = ("make train",)


def run(options: Options) -> None:
    """Fit, cross-validate, evaluate on a holdout, package, and make the result the champion."""
    console = Console(highlight=False)
    directory = options.directory or options.project / project.ARTIFACTS.name
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        step = bar.add_task("Import scikit-learn", total=None)
        rows = bar.add_task("Replay rows", total=1.0, visible=False)

        def next_step(what: str) -> None:
            bar.update(step, description=what, advance=1)

        def proof(share: float) -> None:
            bar.update(rows, completed=share, visible=share < 1)

        from skylayer.train.pipeline import load
        from skylayer.train.run import STEPS, Listener, train

        bar.update(step, total=STEPS + 1)
        next_step("Load the data")
        path = train(load(options.project), directory, Listener(next_step, proof))
    committed = options.project / "docs" / openapi.DEFAULT.name
    if options.directory is None and committed.is_file():
        committed.write_text(openapi.document_of(path), encoding="utf-8")
    manifest = read_manifest(path)
    console.print(_grid(manifest["metrics"]))
    console.print(f"Engine: {manifest['engine']}. {manifest['engine_reason']}", soft_wrap=True)
    console.print(f"{path.parent.name} {path.name} is the champion: {path}", soft_wrap=True)


def _grid(metrics: dict[str, Any]) -> Grid:
    grid = Grid(title=None)
    grid.add_column("metric")
    for part in ("cross-validation", "holdout", "baseline"):
        grid.add_column(part, justify="right")
    crossed = metrics["cross_validation"]
    for name in dict.fromkeys([*metrics["holdout"], *crossed]):
        spread = crossed.get(name)
        grid.add_row(
            name.replace("_", " "),
            f"{spread['mean']:.4g} ± {spread['standard_deviation']:.2g}" if spread else "",
            *(
                f"{values[name]:.4g}" if name in values else ""
                for values in (metrics["holdout"], metrics.get("baseline", {}))
            ),
        )
    return grid
