"""`python -m benchmarks`: what `make bench` runs."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.console import Console

from benchmarks import measure, page, run, settings, table
from benchmarks import results as stored
from benchmarks.packages import PROJECT
from skylayer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

STATE = PROJECT / ".skylayer" / "benchmarks"
DOCS = PROJECT / "docs"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print the table, keep every sample; a full run also writes the page in docs/."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="two pipelines and three rounds, under 3 minutes"
    )
    parser.add_argument("--pipelines", help="only these, with commas between them")
    parser.add_argument(
        "--page-only", action="store_true", help="write the page again from docs/benchmarks.json"
    )
    options = parser.parse_args(arguments)
    if options.page_only:
        page.write(stored.read(DOCS / "benchmarks.json"), DOCS)
        return 0
    chosen = settings.QUICK if options.quick else settings.FULL
    if options.pipelines:
        names = tuple(options.pipelines.split(","))
        unknown = sorted(set(names) - set(settings.FULL.models))
        if unknown:
            print(
                f"error: no pipeline {unknown[0]!r}; there are {', '.join(settings.FULL.models)}",
                file=sys.stderr,
            )
            return 2
        chosen = replace(chosen, kind=f"{chosen.kind} of {options.pipelines}", models=names, growth={})
    console = Console(width=None if sys.stdout.isatty() else 200)
    begun = time.monotonic()
    with console.status("starting") as status:

        def say(step: str) -> None:
            minutes, seconds = divmod(int(time.monotonic() - begun), 60)
            status.update(f"{minutes}:{seconds:02d}  {step}")
            if not console.is_terminal:
                console.print(f"{minutes}:{seconds:02d}  {step}", highlight=False)

        try:
            found = run.run(chosen, STATE, say)
        except measure.Broken as broken:
            console.print(f"[red]error:[/red] {broken}", soft_wrap=True, highlight=False)
            return 1
        except UserError as error:
            console.print(f"[red]error:[/red] {error}", soft_wrap=True, highlight=False)
            return 2
        except KeyboardInterrupt:
            console.print("interrupted: nothing was written")
            return 130
    table.show(found, console)
    kept = STATE / f"{'quick' if options.quick else 'full'}.json"
    stored.write(found, kept)
    console.print(f"every sample: {kept.relative_to(PROJECT)}")
    if chosen is settings.FULL:
        stored.write(found, DOCS / "benchmarks.json")
        page.write(found, DOCS)
        console.print("written: docs/benchmarks.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
