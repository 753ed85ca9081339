"""`batch`: score a file of any size: the same file with the answer beside each row."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from skylayer.commands.progress import bytes_read
from skylayer.commands.variables import Variable, whole
from skylayer.commands.version_option import VERSION, artifact_of

if TYPE_CHECKING:
    from skylayer.commands.variables import Options

_MOST_NAMED = 5
VARIABLES = (
    Variable(
        "FILE",
        "rows: CSV with a header (.csv) or JSON Lines (.jsonl), each also gzip (.gz)",
        Path,
        required=True,
    ),
    Variable("OUT", "the scored file (default: rows.scored.csv beside FILE=rows.csv)", Path),
    VERSION,
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
    folder = artifact_of(options)
    began = time.monotonic()
    with bytes_read(f"Scoring {path.name}") as progress:
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
