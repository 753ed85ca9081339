"""An import in a process of its own, within a budget: whatever the file does to it, it ends and leaves nothing behind.

The process tells over a pipe what it does, one JSON object a line. `confined_import` is its side of it.
"""

from __future__ import annotations

import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skylayer.artifact.drafts import DRAFT
from skylayer.errors import UserError, one_line
from skylayer.formats.budget import MEGABYTE
from skylayer.formats.other_version import OtherVersion
from skylayer.formats.recognition import check

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from skylayer.formats.budget import Budget

_CHUNK = 65536
_GRACE = 5  # seconds between the last word of a process and its end
_PROGRAM = "skylayer.formats.confined_import"


@dataclass(frozen=True)
class Task:
    """What is to be imported: the arguments of `import_model`, and the log for what nobody expects."""

    path: Path
    trust: str | None
    sample: Path | None
    name: str | None
    classes: list[Any] | None
    directory: Path
    log: Path

    def to_json(self, budget: Budget, pipe: int) -> str:
        """As the process takes it."""
        return json.dumps(asdict(self) | {"budget": asdict(budget), "pipe": pipe}, default=str)


class _TooSlow(Exception):
    """A deadline passed; its message says what was not done by then."""


def import_confined(task: Task, budget: Budget, proof: Callable[[float], None]) -> Path:
    """Import a model in a process of its own.

    Args:
        task: What is imported, and where to.
        budget: What it may take.
        proof: Told the share of the proof that is done.

    Returns:
        The artifact's folder.

    Raises:
        UserError: The file can't be served, or takes more than its budget.
        OtherVersion: The file was written by another scikit-learn.
    """
    check(task.path, budget)
    receive, send = os.pipe()
    with (
        open(receive, "rb", buffering=0) as events,  # noqa: PTH123 - a descriptor
        tempfile.TemporaryDirectory(prefix="skylayer-import-") as scratch,
        tempfile.TemporaryFile() as said,
    ):
        command = [sys.executable, "-m", _PROGRAM, task.to_json(budget, send)]
        process = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            pass_fds=(send,),
            env={**os.environ, "TMPDIR": scratch},
            start_new_session=True,
        )
        os.close(send)
        try:
            last = _followed(_lines(events, budget), proof)
            _wait(process)
        except _TooSlow as error:
            raise UserError(f"{task.path} {error} Give it more with SECONDS= if you know the file.") from None
        finally:
            _end(process, task.directory)
        said.seek(0)
        return _result(task, budget, process.returncode, last, said.read().decode(errors="replace"))


def _lines(events: Any, budget: Budget) -> Iterator[dict[str, Any]]:
    """What the process tells, until it ends.

    Raises:
        _TooSlow: A deadline passed.
    """
    began = time.monotonic()
    read, buffer = False, b""
    with selectors.DefaultSelector() as selector:
        selector.register(events, selectors.EVENT_READ)
        while True:
            seconds = budget.total_seconds if read else budget.seconds
            if not selector.select(max(0.0, began + seconds - time.monotonic())):
                what = "to be proven and packaged" if read else "to be read"
                raise _TooSlow(f"takes more than {seconds} seconds {what}, so its import was ended.")
            chunk = events.read(_CHUNK)
            if not chunk:
                return
            *lines, buffer = (buffer + chunk).split(b"\n")
            for line in lines:
                event = json.loads(line)
                read = read or "read" in event
                yield event


def _followed(events: Iterator[dict[str, Any]], proof: Callable[[float], None]) -> dict[str, Any]:
    """The last event, which says how it ended; empty if the process could not say it."""
    last: dict[str, Any] = {}
    for event in events:
        if "proof" in event:
            proof(event["proof"])
        elif "read" not in event:
            last = event
    return last


def _wait(process: subprocess.Popen[bytes]) -> None:
    with suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE)


def _end(process: subprocess.Popen[bytes], directory: Path) -> None:
    """End the process and all that it started, and delete what it had begun to write."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for draft in directory.glob(f"*/{DRAFT}{process.pid}-*"):
        shutil.rmtree(draft, ignore_errors=True)
        with suppress(OSError):  # other versions are in it
            draft.parent.rmdir()


def _result(task: Task, budget: Budget, code: int, last: dict[str, Any], said: str) -> Path:
    if "folder" in last:
        # Warnings, or what a trusted pickle printed.
        sys.stderr.write(said)
        return Path(last["folder"])
    if "other" in last:
        raise OtherVersion(*last["other"])
    if "refused" in last:
        raise UserError(one_line(last["refused"]))
    memory = f"{budget.memory // MEGABYTE} MB of memory"
    if "memory" in last:
        raise UserError(
            f"{task.path} takes more than {memory}. Give it more with MEMORY= if you know the file."
        )
    if "failed" in last:
        raise UserError(f"{task.path} can't be imported: {one_line(last['failed'])}. {task.log} says where.")
    how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    raise UserError(
        f"{task.path} can't be imported: reading it ended with {how}. It is damaged, or takes more than {memory} "
        f"(MEMORY=). It said: {one_line(said, 300) or 'nothing'}"
    )
