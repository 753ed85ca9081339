"""The runtime loop in C against the Python handler: a bounded sample of `make fuzz`."""

from __future__ import annotations

import platform
import sys
from typing import Any

import pytest
from fast_start.lambda_runtime import Posted

from fuzz import events

RIGHT = (b'{"body": "1"}', b'{"timestamp": "2026-01-01T00:00:00Z", "rows": 1, "latency_ms": 0.1}\n')
LATER = RIGHT[1].replace(b"0.1", b"2.5").replace(b"2026", b"2027")


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in {"x86_64", "aarch64"},
    reason="Lambda's own machines alone",
)
def test_three_thousand_events_are_answered_as_python_does_or_handed_on() -> None:
    answered, handed_on = events.attack(3000, seed=1)
    assert answered > 500
    assert handed_on > 500


@pytest.mark.parametrize(
    ("body", "lines", "expected", "wrong"),
    [
        (RIGHT[0], LATER, RIGHT, None),
        (events.HANDED_ON, b"", None, None),
        (events.HANDED_ON, RIGHT[1], None, "handed the event on"),
        (RIGHT[0], RIGHT[1], None, "Python fails"),
        (b'{"body": "2"}', RIGHT[1], RIGHT, "it answers"),
        (RIGHT[0], RIGHT[1].replace(b'"rows": 1', b'"rows": 2'), RIGHT, "it logs"),
        (RIGHT[0], b"", RIGHT, "it logs"),
    ],
)
def test_only_clocks_may_differ(body: bytes, lines: bytes, expected: Any, wrong: str | None) -> None:
    found = events.disagreement(Posted("POST /invocation/1/response", {}, body), lines, expected)
    assert (found is None) if wrong is None else (found is not None and wrong in found)
