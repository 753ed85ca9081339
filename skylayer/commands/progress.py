"""How far a verb is, on standard error: a bar where there is a terminal, lines where there is none."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from skylayer.listener import Listener

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LINES_OF_A_PROOF = 4


@contextmanager
def shown(first: str, note: Callable[[str], None]) -> Iterator[Listener]:
    """Show what a listener is told, from the first second, in which `first` is done; `note` gets its notes."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines(first, note)
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


def _lines(first: str, note: Callable[[str], None]) -> Listener:
    """One line a step, with the seconds until then: what a log of CI or a notebook can hold."""
    began = time.monotonic()
    told = 0

    def step(what: str) -> None:
        print(f"{time.monotonic() - began:7.1f} s  {what}", file=sys.stderr, flush=True)

    def proof(share: float) -> None:
        nonlocal told
        if int(share * _LINES_OF_A_PROOF) > told:
            told = int(share * _LINES_OF_A_PROOF)
            step(f"Replayed {share:.0%} of the rows")

    step(first)
    return Listener(step, proof, note)
