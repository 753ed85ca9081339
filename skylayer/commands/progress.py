"""How far a verb is, on standard error: a bar where there is a terminal, lines where there is none."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from skylayer.listener import Listener

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LINES_OF_A_PROOF = 4
# A log that says nothing for longer looks like one of a program that hangs.
_QUIET = 15.0  # seconds
_EVERY = 10.0  # seconds between two lines on what goes on by the byte


@contextmanager
def shown(first: str, note: Callable[[str], None], quiet: float = _QUIET) -> Iterator[Listener]:
    """Show what a listener is told, from the first second.

    Args:
        first: What is being done in the first second.
        note: Gets the listener's notes.
        quiet: Without a terminal a step is told again after so many seconds, since it has no clock there.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        lines = _Lines(first)
        with lines.told_again(quiet):
            yield Listener(lines.step, lines.proof, note)
        return
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console, transient=True
    ) as bar:
        step = bar.add_task(first, total=None)
        rows = bar.add_task("Replay rows", total=1.0, visible=False)
        yield Listener(
            step=lambda what: bar.update(step, description=what),
            proof=lambda share: bar.update(rows, completed=share, visible=share < 1),
            note=note,
        )


@contextmanager
def bytes_read(what: str) -> Iterator[Callable[[int, int | None], None]]:
    """Show how many bytes were read; what is given takes their number, and that of all, None where it isn't known."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines(what).share
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


class _Lines:
    """One line a step, with the seconds until then: what a log of CI or a notebook can hold."""

    def __init__(self, first: str) -> None:
        self._began = time.monotonic()
        self._told = 0  # parts of a proof
        self._step = first
        self._last = 0.0
        # A step that is over isn't told again by the other thread.
        self._one = threading.Lock()
        self._say(first)

    def step(self, what: str) -> None:
        with self._one:
            self._step = what
            self._say(what)

    def proof(self, share: float) -> None:
        if int(share * _LINES_OF_A_PROOF) > self._told:
            self._told = int(share * _LINES_OF_A_PROOF)
            with self._one:
                self._say(f"Replayed {share:.0%} of the rows")

    def share(self, done: int, total: int | None) -> None:
        """Say how many bytes were read, every few seconds."""
        if time.monotonic() - self._last >= _EVERY:
            self.step(f"{done / total:.0%}" if total else f"{done / 1e6:,.0f} MB")

    @contextmanager
    def told_again(self, quiet: float) -> Iterator[None]:
        """While it lasts, say what is still being done whenever nothing was said for `quiet` seconds."""
        over = threading.Event()

        def watch() -> None:
            while not over.wait(max(0.0, self._last + quiet - time.monotonic())):
                with self._one:
                    if time.monotonic() - self._last >= quiet:
                        self._say(f"{self._step}: still at it")

        watching = threading.Thread(target=watch, daemon=True)
        watching.start()
        try:
            yield
        finally:
            over.set()
            watching.join()

    def _say(self, text: str) -> None:
        self._last = time.monotonic()
        print(f"{self._last - self._began:7.1f} s  {text}", file=sys.stderr, flush=True)
