"""The golden rows of an artifact, replayed through whatever claims to serve it."""

from __future__ import annotations

import json
import os

from serving.artifact import GOLDEN, ArtifactError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from serving.model import Model

# A tolerance is relative and absolute; the larger counts.
# Between one row and a batch scikit-learn itself moves a result by up to 7e-12 of its size.
DOUBLE = (1e-9, 1e-12)
# Graphs of ONNX mostly count in single precision, whose last digit moves with the batch and the processor.
SINGLE = (1e-4, 1e-5)


def read(folder: str | os.PathLike[str]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The golden instances of the artifact in `folder`, and the estimator's answers, one entry per instance."""
    with open(os.path.join(folder, GOLDEN), encoding="utf-8") as file:
        golden = json.load(file)
    return golden["instances"], golden["answers"]


def answers(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """The estimator's answers to the golden rows of the artifact in `folder`; empty if it has none."""
    try:
        return read(folder)[1]
    except FileNotFoundError:
        return {}


def replay(model: Model) -> None:
    """Ask a loaded model for its golden rows, in this process.

    Raises:
        ArtifactError: It doesn't answer as its estimator did; names the first field and row.
    """
    instances, expected = read(model.folder)
    mismatch = difference(expected, model.predict_instances(instances), tolerance_of(model.manifest))
    if mismatch:
        raise ArtifactError(f"the golden rows come out differently here: {mismatch}.")


def tolerance_of(manifest: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """How far the numbers of each answered field may lie from the estimator's where an artifact is served.

    The one notion of equality: packaging, golden rows, deployment and swap all ask here. The proof of the native
    engine has recorded what it has proven; a field without a record has `DOUBLE`, ONNX's graphs `SINGLE`.
    """
    fields = manifest["output"]["fields"]
    if manifest["engine"] == "onnx":
        return dict.fromkeys(fields, SINGLE)
    recorded = manifest["engines"].get(manifest["engine"], {}).get("proof", {}).get("tolerance", {})
    return {field: tuple(recorded.get(field, DOUBLE)) for field in fields}


def difference(
    expected: dict[str, Any], got: dict[str, Any], tolerance: dict[str, tuple[float, float]] | None = None
) -> str | None:
    """Where an answer departs from the estimator's, as a sentence; None where it doesn't.

    Labels must be equal; numbers equal within their field's tolerance, by default `DOUBLE`. A list of rows is
    compared row by row, so that the sentence names the first that differs and no other row's values.
    """
    for field, values in expected.items():
        answered = got.get(field)
        if not isinstance(answered, list) or len(answered) != len(values):
            return f"{field} should have {len(values)} rows"
        own = (tolerance or {}).get(field, DOUBLE)
        for row, (value, answer) in enumerate(zip(values, answered)):  # noqa: B905 (lengths are equal by now)
            if not is_same(value, answer, own):
                return f"{field} of row {row} should be {value} and is {answer}"
    return None


def is_same(expected: Any, got: Any, tolerance: tuple[float, float] = DOUBLE) -> bool:
    """Whether two answers are the same: labels equal, numbers equal but for the last digits."""
    if isinstance(expected, list) and isinstance(got, list):
        return len(expected) == len(got) and all(is_same(a, b, tolerance) for a, b in zip(expected, got))  # noqa: B905 (lengths are equal)
    if isinstance(expected, bool) or isinstance(got, bool):
        return type(expected) is type(got) and expected == got
    if isinstance(expected, float) and isinstance(got, int | float):
        relative, absolute = tolerance
        return abs(expected - got) <= max(relative * max(abs(expected), abs(got)), absolute)
    return bool(expected == got)
