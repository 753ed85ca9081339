"""Send damaged requests, and hold each answer to what every answer keeps: status, time, length, form, memory."""

from __future__ import annotations

import ctypes
import gc
import json
import os
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from fuzz.wire.damage import damaged, event_of, unusual
from fuzz.wire.flawless import JSON, Maker, Sent
from serving import gateway

if TYPE_CHECKING:
    from collections.abc import Callable

    from serving.model import Model

MOST_SECONDS = 5.0
MOST_BYTES_OF_PROBLEM = 200_000
# What the process may hold more of at the end than in the middle; a leak of 2 kB a request passes it in 10,000.
MOST_GROWTH = 16 * 1024 * 1024
_LOOKS = 40
_PROBE_EVERY = 200
_STATM = Path("/proc/self/statm")


@dataclass
class Found:
    """What a campaign saw.

    Attributes:
        statuses: How many answers had each status.
        slowest: Seconds of the slowest answer, on the clock or of the processor, whichever is less.
        resident: Bytes that the process held, after each fortieth of the requests; none where nobody tells.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0
    resident: list[int] = field(default_factory=list)

    @property
    def growth(self) -> int:
        """Bytes from the middle to the end; what is filled once, a cache or a pool, is full by then."""
        part = len(self.resident) // 4
        return min(self.resident[-part:]) - max(self.resident[part : 2 * part]) if part else 0

    def __str__(self) -> str:
        statuses = ", ".join(f"{number:,} of {status}" for status, number in sorted(self.statuses.items()))
        most = max(self.resident, default=0) / 2**20
        return f"{statuses}; slowest {self.slowest:.2f} s; {most:.0f} MiB, growth {self.growth / 2**20:+.1f}"


class Broken(AssertionError):
    """An answer, or the state after it, is not what it must be; the message has the request."""


def attack(model: Model, count: int, seed: int, progress: Callable[[], None] = lambda: None) -> Found:
    """Send so many requests to the handler of a model.

    Raises:
        Broken: An answer is a 5xx, late, malformed or one to damaged text; or memory grows.
    """
    maker = Maker(model)
    handler = gateway.handler(lambda: model)
    probe = maker.formats()["objects"](maker.rows[:3])
    expected = _ask(handler, event_of(probe))[0]["body"]
    found = Found()
    for number in range(count):
        chance = random.Random(f"{seed} {model.reference['name']} {number}")  # noqa: S311 - reproducible, not secret
        sent = damaged(maker, chance)
        event = unusual(event_of(sent), chance)
        try:
            answer, seconds = _ask(handler, event)
            _check(sent, event, answer, seconds)
            if number % _PROBE_EVERY == 0:
                after = _ask(handler, event_of(probe))[0]["body"]
                _must(after == expected, "a flawless request is answered otherwise afterwards")
        except Exception as error:
            shown = f"{event!r:.2000}"
            raise Broken(f"request {number} of seed {seed} to {maker.name}: {error!r}: {shown}") from error
        found.statuses[answer["statusCode"]] += 1
        found.slowest = max(found.slowest, seconds)
        if (number + 1) % max(1, count // _LOOKS) == 0:
            found.resident += resident()
        progress()
    if found.growth > MOST_GROWTH:
        raise Broken(f"{maker.name}: memory grows: {found}")
    return found


def _ask(handler: Any, event: dict[str, Any]) -> tuple[dict[str, Any], float]:
    clock, processor = time.perf_counter(), time.process_time()
    answer = handler(event, SimpleNamespace(aws_request_id="id"))
    return answer, min(time.perf_counter() - clock, time.process_time() - processor)


def _check(sent: Sent, event: dict[str, Any], answer: dict[str, Any], seconds: float) -> None:
    """Hold an answer to what every one keeps."""
    status, body = answer["statusCode"], answer["body"]
    _must(status < 500, f"status {status}, {body[:300]}")
    _must(seconds <= MOST_SECONDS, f"{seconds:.1f} s")
    _must(len(json.dumps(answer).encode()) < 2**23, "longer than Lambda carries")
    for name, value in answer["headers"].items():
        _must(value.isascii() and value.isprintable(), f"the header {name} is {value!r}")
    if status >= 400:
        _must(len(body) < MOST_BYTES_OF_PROBLEM, f"a problem of {len(body)} characters")
        _must(
            bool(json.loads(body)) if body else event["httpMethod"] == "HEAD", "a problem that says nothing"
        )
    elif sent.kind == JSON and body and answer["headers"]["content-type"] == JSON:
        json.loads(body, parse_constant=_no_constant)
    if status == 200 and event["httpMethod"] == "POST" and isinstance(event["body"], str):
        _must("\ufffd" not in event["body"], "a prediction of text whose letters were lost")


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Broken(otherwise)


def resident() -> list[int]:
    """Bytes of memory that this process holds, once what is free has been given back; nothing where nobody tells."""
    gc.collect()
    if not _STATM.exists():
        return []
    ctypes.CDLL(None).malloc_trim(0)
    return [int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGESIZE")]
