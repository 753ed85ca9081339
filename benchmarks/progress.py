"""What a run is doing, how long it has taken, and how long it should take."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

    from rich.console import Console

    from benchmarks.settings import Settings


class Progress:
    """Tells of the sections of a run beside their budget; a context manager."""

    def __init__(self, console: Console, settings: Settings) -> None:
        self._console = console
        self._budget = settings.budget
        self._expected = clock(sum(settings.budget.values()))
        self._begun = self._section_begun = time.monotonic()
        self._section: str | None = None
        self._told: str | None = None
        self._status = console.status("starting")

    def __enter__(self) -> Self:
        self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the last section."""
        if kind is None:
            self._end()
        self._status.stop()

    def section(self, name: str) -> None:
        """Begin one of the sections that the budget names."""
        self._end()
        self._section = name
        self._section_begun = time.monotonic()

    def say(self, step: str, detail: str = "") -> None:
        """Say what comes now; where the output isn't a terminal, each step once and no details."""
        line = f"{self._elapsed()} of about {self._expected}  {self._section}: {step}"
        self._status.update(f"{line}{', ' * bool(detail)}{detail}")
        if not self._console.is_terminal and step != self._told:
            self._console.print(line, highlight=False)
        self._told = step

    def _end(self) -> None:
        if self._section:
            took = time.monotonic() - self._section_begun
            self._console.print(
                f"{self._elapsed()}  {self._section}: {took:.0f} s (budget {self._budget[self._section]} s)",
                highlight=False,
            )
        self._section = self._told = None

    def _elapsed(self) -> str:
        return clock(time.monotonic() - self._begun)


def clock(seconds: float) -> str:
    """Write seconds as minutes and seconds."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"
