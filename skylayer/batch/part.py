"""Score one range of a file into a part: a file of its own, and a note of what became of its rows.

A part is complete when its note is there: the note is written last, and both appear whole. Their names say what the
part was made of, so one that is there needn't be made again.

Imports nothing that only training needs: a process for each core waits for them.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from serving import golden
from serving.model import load
from skylayer.batch.csv_rows import CsvScorer
from skylayer.batch.json_rows import JsonScorer
from skylayer.batch.rows import blocks, csv_ends, line_ends
from skylayer.batch.source import CSV, pieces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from multiprocessing.sharedctypes import Synchronized
    from pathlib import Path

    from skylayer.batch.plan import Range
    from skylayer.batch.source import Source

MOST_TOLD = 100  # refused rows of a part that are told with their line
_counter: Synchronized[int] | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """What became of the rows of a range.

    Attributes:
        rows: How many there were.
        refused: How many of them have no answer.
        lines: Line breaks in the range.
        told: Of the first of those, the line in the range, from 0, and what is wrong.
    """

    rows: int = 0
    refused: int = 0
    lines: int = 0
    told: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Task:
    """A range to score, and where its part goes."""

    artifact: Path
    source: Source
    header: bytes
    range: Range
    part: Path


def note_of(part: Path) -> Path:
    """Where the note of a part is."""
    return part.with_suffix(".json")


def read_note(part: Path) -> Note | None:
    """What became of the rows of a part that is complete."""
    try:
        return Note(**json.loads(note_of(part).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


@cache
def scorer_of(artifact: Path, source: Source, header: bytes) -> CsvScorer | JsonScorer:
    """What scores the rows of a file with the model of an artifact.

    Raises:
        UserError: The header doesn't fit the model.
    """
    model, rows = load(artifact), golden.read(os.fspath(artifact))[0]
    return CsvScorer(model, header, rows) if source.format == CSV else JsonScorer(model, rows)


def count_in(counter: Synchronized[int]) -> None:
    """Let this process add the bytes that it has read to a counter of all processes."""
    global _counter  # noqa: PLW0603 - a process of a pool has nothing else to keep it in
    _counter = counter


def make(task: Task) -> None:
    """Write the part of a range, and its note.

    Raises:
        BadRow: The range is damaged.
    """
    source, begun = task.source, task.range.start
    scorer = scorer_of(task.artifact, source, task.header)
    ends = csv_ends() if source.format == CSV else line_ends
    text = pieces(source, begun, task.range.stop)
    if source.compressed:
        text = _behind(text, begun)
    rows = refused = lines = 0
    told: list[tuple[int, str]] = []
    draft = task.part.with_suffix(f".draft-{os.getpid()}")
    try:
        with draft.open("wb") as file:
            for block in blocks(text, ends, begun):
                scored, count, reasons = scorer.score(block)
                file.write(scored)
                told += [
                    (lines + block.text.count(b"\n", 0, block.start_of(row)), reasons[row])
                    for row in sorted(reasons)[: MOST_TOLD - len(told)]
                ]
                rows, refused, lines = rows + count, refused + len(reasons), lines + block.text.count(b"\n")
                _count(len(block.text))
        draft.replace(task.part)
        draft.write_text(json.dumps(asdict(Note(rows, refused, lines, told))), encoding="utf-8")
        draft.replace(note_of(task.part))
    finally:
        draft.unlink(missing_ok=True)


def _count(size: int) -> None:
    if _counter is not None:
        with _counter.get_lock():
            _counter.value += size


def _behind(text: Iterable[bytes], start: int) -> Iterator[bytes]:
    """A text from a byte on."""
    for piece in text:
        if start < len(piece):
            yield piece[start:]
        start = max(0, start - len(piece))
