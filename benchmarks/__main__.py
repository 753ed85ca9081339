"""`python -m benchmarks`: what `make bench` runs."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from benchmarks import batch, page, run, settings, table
from benchmarks import results as stored
from benchmarks.checks import Broken
from benchmarks.comparison import compare
from benchmarks.packages import UnreachableError
from benchmarks.progress import Progress
from benchmarks.workspace import Workspace
from skylayer import project
from skylayer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.results import Results
    from benchmarks.settings import Settings

STATE = project.STATE / "benchmarks"
DOCS = project.ROOT / "docs"
# Above this load a core, somebody else is using the machine.
BUSY = 0.3


def main(arguments: Sequence[str] | None = None) -> int:  # noqa: PLR0911 - one for each kind of run and of end
    """Run, print the tables, keep every sample; a full run also writes the page in docs/."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="two pipelines and three rounds, under 3 minutes"
    )
    parser.add_argument("--batch", action="store_true", help="files of a million rows, scored on one core")
    parser.add_argument("--pipelines", help="only these, with commas between them")
    parser.add_argument(
        "--compare",
        nargs="+",
        type=Path,
        default=[],
        metavar="FILE",
        help="say where this run agrees with an earlier one, given as its JSON; two files are compared with each other",
    )
    parser.add_argument(
        "--page-only", action="store_true", help="write the page again from docs/benchmarks.json"
    )
    options = parser.parse_args(arguments)
    console = Console(width=None if sys.stdout.isatty() else 200)
    if options.batch:
        return batch.run(console, quick=options.quick)
    try:
        others = [stored.read(file) for file in options.compare]
        if options.page_only:
            page.write(stored.read(DOCS / "benchmarks.json"), DOCS)
            return 0
        if len(others) > 1:
            table.show_comparison(compare(others[0], others[1]), console)
            return 0
        _run(_settings(options), others, console)
    except (Broken, ImportError) as broken:  # a file of an engine that is gone, say
        console.print(
            f"[red]error:[/red] {escape(str(broken))}: nothing is reported", soft_wrap=True, highlight=False
        )
        return 1
    except (UserError, UnreachableError) as error:
        console.print(f"[red]error:[/red] {escape(str(error))}", soft_wrap=True, highlight=False)
        return 2
    except KeyboardInterrupt:
        console.print("interrupted: nothing was written")
        return 130
    return 0


def _settings(options: argparse.Namespace) -> Settings:
    chosen = settings.QUICK if options.quick else settings.FULL
    if not options.pipelines:
        return chosen
    names = tuple(dict.fromkeys(options.pipelines.split(",")))
    unknown = sorted(set(names) - set(settings.FULL.models))
    if unknown:
        raise UserError(f"no pipeline {unknown[0]!r}; there are {', '.join(settings.FULL.models)}")
    return chosen.only(names)


def _run(chosen: Settings, others: list[Results], console: Console) -> None:
    if os.getloadavg()[0] > BUSY * (os.process_cpu_count() or 1):
        console.print(f"the machine is busy (load {os.getloadavg()[0]:.1f}): expect wide spreads")
    with Progress(console, chosen) as progress:
        found = run.run(chosen, Workspace.at(STATE), progress)
    compared = [agreement for other in others for agreement in compare(other, found)]
    found.compared = [asdict(agreement) for agreement in compared]
    kept = STATE / f"{chosen.kind.partition(' ')[0]}.json"
    stored.write(found, kept)
    table.show(found, console)
    if others:
        table.show_comparison(compared, console)
    console.print(f"every sample: {kept.relative_to(project.ROOT)}")
    if chosen is settings.FULL:
        stored.write(found, DOCS / "benchmarks.json")
        page.write(found, DOCS)
        console.print("written: docs/benchmarks.md")


if __name__ == "__main__":
    sys.exit(main())
