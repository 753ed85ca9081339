"""What a process has answered, in Prometheus's text format 0.0.4.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from itertools import accumulate
from threading import Lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from serving.http import Response
    from serving.model import Model

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# Paths that are no route share a label: a stranger must not be able to add to their number.
ELSEWHERE = "other"


class Exposition:
    """Counts requests, rows and seconds by route; safe to use from several threads."""

    def __init__(self, model: Model) -> None:
        self._lock = Lock()
        self._model = {**model.reference, "engine": model.manifest["engine"]}
        self._requests: Counter[tuple[str, int, str]] = Counter()
        self._rows: Counter[str] = Counter()
        self._durations: dict[str, list[int]] = {}
        self._seconds: dict[str, float] = {}

    def count(self, route: str | None, response: Response, seconds: float) -> None:
        """Count an answered request; `route` is None where there is none."""
        name = route or ELSEWHERE
        with self._lock:
            self._requests[name, response.status, response.outcome] += 1
            self._rows[name] += response.rows
            self._seconds[name] = self._seconds.get(name, 0.0) + seconds
            durations = self._durations.setdefault(name, [0] * (len(BUCKETS) + 1))
            durations[bisect_left(BUCKETS, seconds)] += 1

    def text(self) -> str:
        """Everything counted so far."""
        with self._lock:
            return "".join(f"{line}\n" for line in self._lines())

    def _lines(self) -> Iterator[str]:
        yield from _family("skylayer_model_info", "gauge", "The model that answers")
        yield _sample("skylayer_model_info", self._model, 1)
        yield from _family("skylayer_requests_total", "counter", "Requests answered")
        for (route, status, outcome), number in self._requests.items():
            labels = {"route": route, "status": str(status), "outcome": outcome}
            yield _sample("skylayer_requests_total", labels, number)
        yield from _family("skylayer_rows_total", "counter", "Rows predicted")
        for route, number in self._rows.items():
            yield _sample("skylayer_rows_total", {"route": route}, number)
        name = "skylayer_request_duration_seconds"
        yield from _family(name, "histogram", "Time from a request to its answer")
        for route, durations in self._durations.items():
            bounds = [*(f"{bound:g}" for bound in BUCKETS), "+Inf"]
            for bound, number in zip(bounds, accumulate(durations), strict=True):
                yield _sample(f"{name}_bucket", {"route": route, "le": bound}, number)
            yield _sample(f"{name}_sum", {"route": route}, self._seconds[route])
            yield _sample(f"{name}_count", {"route": route}, sum(durations))


def _family(name: str, kind: str, meaning: str) -> Iterator[str]:
    yield f"# HELP {name} {meaning}"
    yield f"# TYPE {name} {kind}"


def _sample(name: str, labels: dict[str, str], value: float) -> str:
    named = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{named}}} {value!r}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
