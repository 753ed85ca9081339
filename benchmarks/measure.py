"""Run deployments under the emulator and take samples: nothing here knows what is being served."""

from __future__ import annotations

import json
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import data
from benchmarks.emulator import Emulator, Refused, event
from benchmarks.samples import Sample

if TYPE_CHECKING:
    from benchmarks.allotment import Allotment
    from benchmarks.models import Model
    from benchmarks.variants import Deployment

STANDARD_LIBRARY = Path(sysconfig.get_path("stdlib")).resolve()
PARTS = ("interpreter", "runtime client", "imports", "model", "first prediction", "emulator")
TOO_LARGE = 413
# A run of calls in a row takes about this many seconds, whatever a call takes, but has so many calls at least.
REPEAT_SECONDS = 0.3
FEWEST_WARM = 20
FEWEST_BATCHES = 3
MOST_BATCHES = 10


class Broken(Exception):
    """A variant doesn't do what the figure would claim; no figure may be reported."""


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
    with _started(deployment, allotment=allotment) as emulator:
        first = emulator.invoke(request)
        samples = [
            place.sample("cold_start", [first.seconds]),
            place.sample("peak_memory", [emulator.peak_memory()]),
        ]
        if warm:
            latencies: list[float] = []
            while len(latencies) < warm and (len(latencies) < FEWEST_WARM or sum(latencies) < REPEAT_SECONDS):
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
    with _started(deployment, entry="probe.py") as emulator:
        first = emulator.invoke(requests[1])
        moments = emulator.invoke(b'{"benchmark": {"report": true}}').body["moments"]
        parts = parts_of(first.asked, first.seconds, moments)
        samples = [place.sample(f"cold_start: {name}", [seconds]) for name, seconds in parts.items()]
        for rows, request in requests.items():
            fewest = FEWEST_WARM if rows == 1 else FEWEST_BATCHES
            tried = median(_repeated(emulator, request, fewest))
            repeat = int(min(1_000, max(fewest, REPEAT_SECONDS / tried)))
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


def check_imports(deployment: Deployment, request: bytes) -> None:
    """Serve one request and look at the modules that it took. Raises `Broken` for a foreign one."""
    with _started(deployment, entry="probe.py") as emulator:
        emulator.invoke(request)
        modules = emulator.invoke(b'{"benchmark": {"report": true}}').body["modules"]
    leaks = foreign_modules(modules, deployment)
    if leaks:
        raise Broken(f"{deployment.variant} imported what it may not: {', '.join(leaks[:10])}")


def foreign_modules(modules: dict[str, str | None], deployment: Deployment) -> list[str]:
    """Name the modules from outside the standard library, the function and /opt, and packages not allowed."""
    foreign = []
    for name, file in sorted(modules.items()):
        if name in ("__main__", "__mp_main__") or not file or file.startswith("<"):
            continue
        path = Path(file)
        if path.is_relative_to(deployment.opt):
            package = path.relative_to(deployment.opt).parts[0].split(".")[0]
            if package not in deployment.may_import:
                foreign.append(name)
        elif not any(map(path.is_relative_to, (deployment.function, deployment.client))):
            resolved = path.resolve()
            if not resolved.is_relative_to(STANDARD_LIBRARY) or "site-packages" in resolved.parts:
                foreign.append(name)
    return foreign


def agreement(deployment: Deployment, model: Model, rows: int, batch: int = 500) -> dict[str, Any]:
    """Compare answers with the estimator's own: labels that differ, and the largest difference of a number."""
    asked = model.table.ask[:rows]
    instances = data.instances(asked)
    predictions: list[Any] = []
    probabilities: list[Any] = []
    with _started(deployment) as emulator:
        for start in range(0, len(instances), batch):
            body = json.loads(
                emulator.invoke(event({"instances": instances[start : start + batch]})).body["body"]
            )
            predictions += body["predictions"]
            probabilities += body.get("probabilities", [])
        if deployment.engine:
            _check_engine(emulator, deployment)
    if len(predictions) != len(instances):
        raise Broken(f"{deployment.variant} answered {len(predictions)} of {len(instances)} rows")
    expected = np.asarray(model.on_frame.predict(asked))
    given = np.asarray(predictions, dtype=expected.dtype)
    compared: dict[str, Any] = {"rows": len(instances), "labels_different": int((given != expected).sum())}
    if probabilities:
        difference = np.abs(np.asarray(probabilities) - model.on_frame.predict_proba(asked)).max()
        compared["largest_difference"] = float(difference)
    return compared


def _check_engine(emulator: Emulator, deployment: Deployment) -> None:
    body = json.loads(emulator.invoke(event({}, "/model", "GET")).body["body"])
    if body.get("engine") != deployment.engine:
        raise Broken(f"{deployment.variant} is served by the engine {body.get('engine')!r}")


def _repeated(emulator: Emulator, request: bytes, repeat: int) -> list[float]:
    order = {"benchmark": {"repeat": repeat, "event": json.loads(request)}}
    seconds: list[float] = emulator.invoke(json.dumps(order).encode()).body["seconds"]
    return seconds


def _started(deployment: Deployment, **options: Any) -> Emulator:
    return Emulator(deployment.folders, environment=deployment.environment, **options)
