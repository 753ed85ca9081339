"""Run deployments under the emulator and take samples: nothing here knows what is being served."""

from __future__ import annotations

import json
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.emulator import Emulator, Refused
from benchmarks.samples import Sample

if TYPE_CHECKING:
    from benchmarks.allotment import Allotment
    from benchmarks.variants import Deployment

PARTS = ("interpreter", "runtime client", "imports", "model", "first prediction", "emulator")
TOO_LARGE = 413
# A run of calls in a row takes about this many seconds, whatever a call takes, but has so many calls at least
# unless they would take too long.
REPEAT_SECONDS = 0.2
FEWEST_WARM = 20
LONGEST_WARM = 1.0
FEWEST_BATCHES = 3
MOST_BATCHES = 10
MOST_CALLS = 300


@dataclass(frozen=True)
class Place:
    """What a sample is filed under."""

    model: str
    variant: str
    round: int
    series: str = "main"
    at: tuple[tuple[str, float], ...] = ()

    def sample(self, figure: str, values: list[float], **at: float) -> Sample:
        """File values of one figure."""
        return Sample(
            figure, self.model, self.variant, self.round, values, self.series, {**dict(self.at), **at}
        )


def cold_start(
    deployment: Deployment,
    request: bytes,
    place: Place,
    *,
    warm: int = 0,
    batches: dict[int, bytes] | None = None,
    allotment: Allotment | None = None,
) -> list[Sample]:
    """Start a runtime by its first request; then ask up to `warm` times more, and some times for each batch.

    A batch that is refused as too large gives no sample.
    """
    with started(deployment, allotment=allotment) as emulator:
        first = emulator.invoke(request)
        samples = [
            place.sample("cold_start", [first.seconds]),
            place.sample("peak_memory", [emulator.peak_memory()]),
        ]
        if warm:
            latencies = [emulator.invoke(request).seconds]
            while len(latencies) < warm and sum(latencies) < (
                LONGEST_WARM if len(latencies) < FEWEST_WARM else REPEAT_SECONDS
            ):
                latencies.append(emulator.invoke(request).seconds)
            samples.append(place.sample("warm_latency", latencies))
        for rows, batch in (batches or {}).items():
            try:
                seconds = [emulator.invoke(batch).seconds]
            except Refused as refused:
                if refused.status == TOO_LARGE:
                    continue
                raise
            while sum(seconds) < REPEAT_SECONDS and len(seconds) < MOST_BATCHES:
                seconds.append(emulator.invoke(batch).seconds)
            samples.append(place.sample("batch_latency", seconds, rows=rows))
        if batches:
            samples.append(place.sample("peak_memory_after_batches", [emulator.peak_memory()]))
    return samples


def split(deployment: Deployment, requests: dict[int, bytes], place: Place) -> list[Sample]:
    """Start a runtime with clocks in it: the parts of a cold start, and the handler's time by itself.

    `requests` maps numbers of rows to requests; the cold start is that of one row.
    """
    with started(deployment, entry="probe.py") as emulator:
        first = emulator.invoke(requests[1])
        moments = emulator.invoke(b'{"benchmark": {"report": true}}').body["moments"]
        parts = parts_of(first.asked, first.seconds, moments)
        samples = [place.sample(f"cold_start: {name}", [seconds]) for name, seconds in parts.items()]
        for rows, request in requests.items():
            fewest = FEWEST_WARM if rows == 1 else FEWEST_BATCHES
            tried = median(_repeated(emulator, request, fewest))
            repeat = int(min(MOST_CALLS, max(fewest, REPEAT_SECONDS / tried)))
            seconds = _repeated(emulator, request, repeat)
            samples.append(place.sample("handler_latency", seconds, rows=rows))
    return samples


def parts_of(asked: float, seconds: float, moments: dict[str, float]) -> dict[str, float]:
    """Split a cold start of `seconds` into `PARTS`; what no other part explains is the emulator's."""
    imports, late_imports = moments["imports"], moments["late_imports"]
    parts = {
        "interpreter": moments["started"] - asked,
        "runtime client": moments["client"] - moments["started"],
        "imports": imports + late_imports,
        "model": moments["initialised"] - moments["initialising"] - imports,
        "first prediction": moments["answered"] - moments["asked"] - late_imports,
    }
    parts["emulator"] = seconds - sum(parts.values())
    return parts


def _repeated(emulator: Emulator, request: bytes, repeat: int) -> list[float]:
    order = {"benchmark": {"repeat": repeat, "event": json.loads(request)}}
    seconds: list[float] = emulator.invoke(json.dumps(order).encode()).body["seconds"]
    return seconds


def started(deployment: Deployment, **options: Any) -> Emulator:
    """Prepare a deployment's runtime; its first request starts it."""
    return Emulator(
        deployment.folders, environment=deployment.environment, wrapper=deployment.wrapper, **options
    )
