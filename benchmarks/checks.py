"""What a variant must show before anything of it is timed: what it imports, what it answers, and which engine."""

from __future__ import annotations

import json
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import data, measure
from benchmarks.emulator import Emulator, event

if TYPE_CHECKING:
    from benchmarks.models import Model
    from benchmarks.variants import Deployment

STANDARD_LIBRARY = Path(sysconfig.get_path("stdlib")).resolve()
BATCH = 500


class Broken(Exception):
    """A variant doesn't do what the figure would claim; no figure may be reported."""


@dataclass(frozen=True)
class Expected:
    """Rows to ask about, and scikit-learn's own answers: labels (rows,) and probabilities (rows, classes)."""

    instances: list[dict[str, object]]
    labels: np.ndarray
    probabilities: np.ndarray

    @classmethod
    def of(cls, model: Model, rows: int) -> Expected:
        """Ask the estimator itself about the first `rows` rows of the table."""
        asked = model.table.ask[:rows]
        labels = np.asarray(model.on_frame.predict(asked))
        return cls(data.instances(asked), labels, model.on_frame.predict_proba(asked))


def check(deployment: Deployment, request: bytes, expected: Expected | None) -> dict[str, Any] | None:
    """Serve requests; compare the answers with `expected`, unless it is `None`.

    Returns the number of labels that differ and the largest difference of a probability. Raises `Broken` for a
    module that the variant may not import, another engine, or answers that are missing; `Refused` for an error.
    """
    with measure.started(deployment, entry="probe.py") as emulator:
        emulator.invoke(request)
        found = _agreement(emulator, deployment, expected) if expected else None
        if deployment.engine:
            _check_engine(emulator, deployment)
        if not deployment.interpreted:
            return found
        modules = emulator.invoke(b'{"benchmark": {"report": true}}').body["modules"]
    leaks = foreign_modules(modules, deployment)
    if leaks:
        raise Broken(f"{deployment.variant} imported what it may not: {', '.join(leaks[:10])}")
    return found


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


def _agreement(emulator: Emulator, deployment: Deployment, expected: Expected) -> dict[str, Any]:
    predictions: list[Any] = []
    probabilities: list[Any] = []
    for start in range(0, len(expected.instances), BATCH):
        request = event({"instances": expected.instances[start : start + BATCH]})
        body = json.loads(emulator.invoke(request).body["body"])
        predictions += body["predictions"]
        probabilities += body["probabilities"]
    if len(predictions) != len(expected.instances):
        raise Broken(f"{deployment.variant} answered {len(predictions)} of {len(expected.instances)} rows")
    given = np.asarray(predictions, dtype=expected.labels.dtype)
    return {
        "rows": len(expected.instances),
        "labels_different": int((given != expected.labels).sum()),
        "largest_difference": float(np.abs(np.asarray(probabilities) - expected.probabilities).max()),
    }


def _check_engine(emulator: Emulator, deployment: Deployment) -> None:
    body = json.loads(emulator.invoke(event({}, "/model", "GET")).body["body"])
    if body.get("engine") != deployment.engine:
        raise Broken(f"{deployment.variant} is served by the engine {body.get('engine')!r}")
