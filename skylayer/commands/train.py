"""`train`: fit, evaluate, compile and prove what training/pipeline.py defines; it becomes the champion."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table as Grid

from serving.artifact import read_manifest
from skylayer import project
from skylayer.card.engines import COLD_STARTS, LIBRARIES
from skylayer.card.numbers import metric, metric_name
from skylayer.commands import derived_files, progress
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
    notes: list[str] = []
    with progress.shown("Import scikit-learn", notes.append) as told:
        from skylayer.train.pipeline import load
        from skylayer.train.run import train

        told.step("Load the data")
        path = train(load(options.project), directory, told)
    if options.directory is None:
        derived_files.write(path, options.project)
    manifest = read_manifest(path)
    console.print(_grid(manifest["metrics"]))
    console.print(f"Engine: {manifest['engine']}. {manifest['engine_reason']}", soft_wrap=True)
    if manifest["engine"] != "native":
        console.print(
            f"What that costs: a cold start of {COLD_STARTS[manifest['engine']]}; {LIBRARIES[manifest['engine']]}. "
            "docs/compiled-steps.md lists what compiles.",
            soft_wrap=True,
        )
    for note in notes:
        console.print(note, soft_wrap=True, markup=False)
    console.print(f"{path.parent.name} {path.name} is the champion: {path}", soft_wrap=True)


def _grid(metrics: dict[str, Any]) -> Grid:
    grid = Grid(title=None)
    grid.add_column("metric")
    parts = [part for part in ("cross_validation", "holdout", "baseline") if part in metrics]
    for part in parts:
        grid.add_column(part.replace("_", "-"), justify="right")
    for name in dict.fromkeys([*metrics["holdout"], *metrics["cross_validation"]]):
        values = (metrics[part].get(name) for part in parts)
        grid.add_row(metric_name(name), *("" if value is None else metric(value) for value in values))
    return grid
