"""Search the slowest request of a model: start anywhere, and go on from the slowest so far."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from serving import api
from slow.requests import Plan, plan, request

if TYPE_CHECKING:
    from collections.abc import Callable

    from serving.model import Model

MOST_SECONDS = 5.0
SERVER_ERROR = 500
_ANYWHERE = 0.4


@dataclass(frozen=True)
class Found:
    """How a request was answered.

    Attributes:
        plan: What it was made of.
        size: Bytes of its body.
        status: Of the answer.
        seconds: On the clock or of the processor, whichever is less: others work on this machine, too.
    """

    plan: Plan
    size: int
    status: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s, status {self.status}, {self.size:,} bytes: {self.plan}"


class TooSlow(AssertionError):
    """A request that took too long, or whose answer is an error of the server's."""


def search(model: Model, count: int, seed: int, progress: Callable[[], None] = lambda: None) -> Found:
    """Ask a model for so many requests, and return the slowest.

    Raises:
        TooSlow: One took longer than `MOST_SECONDS`, or was answered by a 5xx.
    """
    chance = random.Random(seed)  # noqa: S311 - reproducible, not secret
    slowest: Found | None = None
    for _ in range(count):
        anywhere = slowest is None or chance.random() < _ANYWHERE
        tried = (
            plan(chance, model.most_rows)
            if anywhere or slowest is None
            else slowest.plan.changed(chance, model.most_rows)
        )
        found = ask(tried, model, chance)
        if found.seconds > MOST_SECONDS or found.status >= SERVER_ERROR:
            raise TooSlow(f"{model.reference['name']}: {found}")
        if slowest is None or found.seconds > slowest.seconds:
            slowest = found
        progress()
    assert slowest is not None
    return slowest


def ask(of: Plan, model: Model, chance: random.Random) -> Found:
    """Send a plan's request through the router."""
    sent = request(of, model, chance)
    clock, processor = time.perf_counter(), time.process_time()
    response = api.handle(sent, model)
    seconds = min(time.perf_counter() - clock, time.process_time() - processor)
    return Found(of, len(sent.body), response.status, seconds)
