"""What became of the mutants: by area, against the share that has to be killed."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from mutation.operators import Mutant

EQUIVALENT = Path(__file__).with_name("equivalent.toml")


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the code, and the share of its non-equivalent mutants that tests have to kill."""

    name: str
    path: str
    share: float


# The first whose path begins a module's has it.
AREAS = (
    Area("proof", "skylayer/proof/", 0.95),
    Area("lowerings", "skylayer/compiler/lowerings/", 0.85),
    Area("pickles", "skylayer/formats/pickles/", 0.85),
    Area("artifact", "layers/serving/serving/artifact.py", 0.85),
    Area("serving", "layers/serving/serving/", 0.85),
)


def area_of(path: str) -> Area:
    """The area of a module."""
    return next(area for area in AREAS if path.startswith(area.path))


def equivalent() -> set[tuple[str, str, str]]:
    """The keys of the mutants that no test can tell from the code, as read and reasoned by a person."""
    listed = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))["mutant"]
    return {(entry["path"], entry["line"], entry["change"]) for entry in listed}


@dataclass(frozen=True, slots=True)
class Count:
    """How many mutants of an area ended in which way; a time-out is a kill."""

    killed: int
    timeout: int
    survived: int

    @property
    def share(self) -> float:
        """Killed of all."""
        total = self.killed + self.timeout + self.survived
        return (self.killed + self.timeout) / total if total else 1.0


def count(results: list[tuple[Mutant, str]]) -> dict[Area, Count]:
    """The counts of each area that has results."""
    counts = {}
    for area in AREAS:
        of_area = [result for mutant, result in results if area_of(mutant.path) is area]
        if of_area:
            counts[area] = Count(*map(of_area.count, ("killed", "timeout", "survived")))
    return counts


def table(counts: dict[Area, Count]) -> Table:
    """The counts as a table."""
    shown = Table("area", "mutants", "killed", "timed out", "survived", "share", "wanted")
    for area, of in counts.items():
        total = of.killed + of.timeout + of.survived
        cells = (total, of.killed, of.timeout, of.survived, f"{of.share:.1%}", f"{area.share:.0%}")
        shown.add_row(area.name, *map(str, cells))
    return shown
