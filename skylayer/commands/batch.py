"""`batch`: score a file of any size: the same file with the answer beside each row."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from skylayer import project
from skylayer.commands.variables import Variable, whole
from skylayer.stores.layer import LayerStore
from skylayer.stores.rollouts import resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from skylayer.commands.variables import Options

from contextlib import contextmanager

_MOST_NAMED = 5
_EVERY = 10.0  # seconds between two lines where there is no terminal
VARIABLES = (
    Variable(
        "FILE",
        "rows: CSV with a header (.csv) or JSON Lines (.jsonl), each also gzip (.gz)",
        Path,
        required=True,
    ),
    Variable("OUT", "the scored file (default: rows.scored.csv beside FILE=rows.csv)", Path),
    Variable("VERSION", "version in model_artifacts (default: the champion)"),
    Variable("WORKERS", "processes (default: one for each core)", whole),
)
EXAMPLES = (
    "make batch FILE=rows.csv",
    "make batch FILE=rows.csv.gz OUT=scored.csv.gz",
    "make batch FILE=rows.jsonl VERSION=0123abcd WORKERS=2",
)


def run(options: Options) -> None:
    """Score every row on this machine, without a service; a row that is refused gets the reason beside it.

    A run that was stopped goes on where it was. Beside the scored file, a manifest says what was scored by which
    version, and which lines were refused.
    """
    from skylayer.batch import job

    path: Path = options.file
    out: Path = options.out or scored(path)
    folder = project.champion()
    if options.version:
        folder = project.ARTIFACTS / resolve(options.version, LayerStore().versions())
    began = time.monotonic()
    with _progress(path.name) as progress:
        result = job.score(folder, path, out, options.workers or os.cpu_count() or 1, progress)
    if result.ignored:
        print(
            f"Left as they are, since the model doesn't take them: {', '.join(result.ignored)}.",
            file=sys.stderr,
        )
    if result.made < result.parts:
        print(f"{result.parts - result.made} of {result.parts} parts were there already.", file=sys.stderr)
    for line, reason in result.told[:_MOST_NAMED]:
        print(f"line {line}: {reason}", file=sys.stderr)
    more = result.refused - _MOST_NAMED
    if more > 0:
        print(f"… and {more:,} more; the column error says why", file=sys.stderr)
    rows = "1 row" if result.rows == 1 else f"{result.rows:,} rows"
    refused = f", {result.refused:,} of them refused" if result.refused else ""
    print(
        f"{out}: {rows}{refused}, in {time.monotonic() - began:.1f} s, by {folder.parent.name} {folder.name}."
    )


def scored(path: Path) -> Path:
    """Where a scored file goes by default: rows.csv.gz becomes rows.scored.csv.gz."""
    endings = path.suffixes[-2:] if path.suffix == ".gz" else path.suffixes[-1:]
    ending = "".join(endings)
    return path.with_name(f"{path.name.removesuffix(ending)}.scored{ending}")


@contextmanager
def _progress(name: str) -> Iterator[Callable[[int, int | None], None]]:
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines(name)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(f"Scoring {name}", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _lines(name: str) -> Callable[[int, int | None], None]:
    """A line at the start and one every few seconds: what a log can hold."""
    print(f"Scoring {name}", file=sys.stderr, flush=True)
    began = told = time.monotonic()

    def progress(done: int, total: int | None) -> None:
        nonlocal told
        if time.monotonic() - told < _EVERY:
            return
        told = time.monotonic()
        share = f"{done / total:.0%}" if total else f"{done / 1e6:,.0f} MB"
        print(f"{told - began:7.1f} s  {share}", file=sys.stderr, flush=True)

    return progress
