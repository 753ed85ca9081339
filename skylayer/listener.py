"""Who is told how far a long piece of work is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def _ignore(_: object) -> None:
    """Nobody watches."""


@dataclass(frozen=True)
class Listener:
    """Who is told how far a training or an import is.

    Attributes:
        step: Called with what is being done, before each step.
        proof: Called with the share of the proof that is done, from 0 to 1.
        note: Called with sentences that are worth reading when all is done.
    """

    step: Callable[[str], None] = _ignore
    proof: Callable[[float], None] = _ignore
    note: Callable[[str], None] = _ignore


UNWATCHED = Listener()
