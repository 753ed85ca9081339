"""The metrics of requests, read from the log lines that CloudWatch makes them of."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# https://en.wikipedia.org/wiki/Percentile, nearest rank: every value shown is one that was measured.
MEDIAN = 0.5
SLOWEST_HUNDREDTH = 0.99


@dataclass
class Measured:
    """What one model version did; latencies are milliseconds within the function."""

    requests: int = 0
    rows: int = 0
    cold_starts: int = 0
    latencies: list[float] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)

    def latency(self, share: float) -> float:
        """The latency that this share of the requests does not exceed."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def measure(lines: Iterable[str]) -> dict[str, Measured]:
    """Version -> what its lines say; lines without metrics are passed over."""
    found: dict[str, Measured] = {}
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if not isinstance(entry, dict) or "_aws" not in entry or "requests" not in entry:
            continue
        measured = found.setdefault(entry["version"], Measured())
        measured.requests += entry["requests"]
        measured.rows += entry["rows"]
        measured.cold_starts += entry["cold_starts"]
        measured.latencies.append(entry["latency_ms"])
        measured.outcomes[entry["outcome"]] += 1
    return found
