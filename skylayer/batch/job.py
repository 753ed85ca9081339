"""Score a file on this machine: its ranges side by side, one process for each core, their parts joined in order."""

from __future__ import annotations

import gzip
import hashlib
import json
import multiprocessing
import os
import shutil
import time
from concurrent.futures import ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import TYPE_CHECKING

from serving import artifact
from skylayer.artifact.open import find_libraries
from skylayer.batch import part, plan
from skylayer.batch.rows import BadRow
from skylayer.batch.source import look_at, pieces
from skylayer.compiler.kernel_build import KernelError, use_host_kernel
from skylayer.errors import UserError
from skylayer.project import write_at_once

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from skylayer.batch.source import Source

    # Bytes that were read, and how many there are; None where that isn't known.
    Progress = Callable[[int, int | None], None]

FORMAT = 1  # of the parts; those of another one are made anew
MANIFEST = ".manifest.json"
_PARTS = ".parts"
_EVERY = 0.1  # seconds between two looks at how far the processes are


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a file.

    Attributes:
        rows: How many it has.
        refused: How many of them have no answer.
        told: Of the first of those, the line in the file, from 1, and what is wrong.
        ignored: Columns that the model doesn't take, its targets among them.
        made: How many parts were made now; the others were there.
        parts: How many there are.
    """

    rows: int
    refused: int
    told: list[tuple[int, str]]
    ignored: Sequence[str]
    made: int
    parts: int


def score(folder: Path, path: Path, out: Path, workers: int, progress: Progress) -> Result:
    """Write a file with the answer of a model beside each row, and its manifest beside it.

    What a run that was killed has made is kept in a folder beside `out`, and used by the next one.

    Args:
        folder: The artifact of the model.
        path: The file: CSV with a header or JSON Lines, each plain or gzip.
        out: Where the scored file goes, in the same format.
        workers: How many processes there are.
        progress: Is told how far they are.

    Raises:
        UserError: The file can't be read or doesn't fit the model, it changes meanwhile, or `out` is there.
    """
    began = time.monotonic()
    if out.exists():
        raise UserError(f"{out} is there. Remove it, or name another file as OUT=…")
    source = look_at(path)
    manifest = artifact.verify(folder)
    key = hashlib.sha256(f"{FORMAT} {manifest['version']} {source.digest}".encode()).hexdigest()[:16]
    parts = out.with_name(f"{out.name}{_PARTS}") / key
    try:
        find_libraries(manifest)
        use_host_kernel()
        planned = plan.plan(source, plan.RANGE)
        scorer = part.scorer_of(folder, source, planned.header)
        parts.mkdir(parents=True, exist_ok=True)
        tasks = [
            part.Task(folder, source, planned.header, each, parts / f"{number:05}.part")
            for number, each in enumerate(planned.ranges)
        ]
        left = [task for task in tasks if part.read_note(task.part) is None]
        _make(left, workers, progress)
    except BadRow as error:
        raise UserError(f"{path}, line {_line_of(source, error.byte)}: {error.detail}.") from None
    except KernelError as error:
        raise UserError(f"{error}.") from None
    source.check_unchanged()
    result = _result(tasks, left, planned.header, scorer.ignored)
    digest = _join(source, scorer.header, tasks, out)
    written = {
        "input": {"file": path.name, "bytes": source.size, "sha256": source.digest},
        "output": {"file": out.name, "bytes": out.stat().st_size, "sha256": digest},
        "model": {"name": manifest["name"], "version": manifest["version"], "engine": manifest["engine"]},
        "rows": result.rows,
        "refused": result.refused,
        "first_refused": [{"line": line, "error": reason} for line, reason in result.told],
        "parts": {"all": result.parts, "made_in_this_run": result.made},
        "seconds": round(time.monotonic() - began, 3),
    }
    write_at_once(out.with_name(f"{out.name}{MANIFEST}"), json.dumps(written, indent=2) + "\n")
    shutil.rmtree(parts.parent)
    return result


def _make(tasks: list[part.Task], workers: int, progress: Progress) -> None:
    """Make parts side by side."""
    total: int | None = 0
    for task in tasks:
        stop = task.range.stop
        total = None if stop is None or total is None else total + stop - task.range.start
    context = multiprocessing.get_context("spawn")
    counter = context.Value("Q", 0)
    progress(0, total)
    number = min(workers, len(tasks))
    if number <= 1:
        part.count_in(counter)
        for task in tasks:
            part.make(task)
            progress(counter.value, total)
        return
    with ProcessPoolExecutor(number, context, initializer=part.count_in, initargs=(counter,)) as pool:
        pending = {pool.submit(part.make, task) for task in tasks}
        try:
            while pending:
                done, pending = wait(pending, timeout=_EVERY)
                progress(counter.value, total)
                for future in done:
                    future.result()
        except BrokenProcessPool:
            raise UserError("A process died. Run again: what the others have made is kept.") from None
        finally:
            pool.shutdown(cancel_futures=True)


def _result(tasks: list[part.Task], made: list[part.Task], header: bytes, ignored: Sequence[str]) -> Result:
    rows = refused = 0
    lines = header.count(b"\n")
    told: list[tuple[int, str]] = []
    for task in tasks:
        note = part.read_note(task.part)
        if note is None:
            raise UserError(f"The part {task.part} is gone. Run again.")
        rows, refused = rows + note.rows, refused + note.refused
        told += [(lines + line + 1, reason) for line, reason in note.told]
        lines += note.lines
    return Result(rows, refused, told[: part.MOST_TOLD], ignored, len(made), len(tasks))


def _join(source: Source, header: bytes, tasks: list[part.Task], out: Path) -> str:
    """Write the parts one after the other; the file appears whole. Returns its SHA-256."""
    draft = out.with_name(f".{out.name}.draft-{os.getpid()}")
    try:
        with draft.open("w+b") as file:
            # No name and no time inside: the same rows are the same bytes.
            gzipped = (
                gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) if source.compressed else None
            )
            text = gzipped or file
            text.write(header)
            for task in tasks:
                with task.part.open("rb") as scored:
                    shutil.copyfileobj(scored, text, 1 << 20)
            if gzipped:
                gzipped.close()
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)
    return digest


def _line_of(source: Source, byte: int) -> int:
    """The line, from 1, in which a byte of a document is."""
    lines, at = 1, 0
    for piece in pieces(source):
        if at + len(piece) >= byte:
            return lines + piece.count(b"\n", 0, byte - at)
        lines, at = lines + piece.count(b"\n"), at + len(piece)
    return lines
