"""The golden rows of an artifact, replayed through whatever claims to serve it."""

from __future__ import annotations

import json
import os

from serving.artifact import GOLDEN, ArtifactError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from serving.model import Model

# Between one row and a batch scikit-learn itself moves a result by up to 7e-12 of its size.
# Relative and absolute, the larger counts.
DOUBLE = (1e-9, 1e-12)
# Graphs of ONNX mostly count in single precision, whose last digit moves with the batch and the processor.
SINGLE = (1e-4, 1e-5)


def read(folder: str | os.PathLike[str]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The golden instances of the artifact in `folder`, and the estimator's answers, one entry per instance."""
    with open(os.path.join(folder, GOLDEN), encoding="utf-8") as file:
        golden = json.load(file)
    return golden["instances"], golden["answers"]


def replay(model: Model) -> None:
    """Ask a loaded model for its golden rows, in this process.

    Raises:
        ArtifactError: It doesn't answer as its estimator did; names the first field and row.
    """
    instances, expected = read(model.folder)
    fault = difference(expected, model.predict_instances(instances), spread_of(model.manifest))
    if fault:
        raise ArtifactError(f"the golden rows come out differently here: {fault}.")


def spread_of(manifest: dict[str, Any]) -> tuple[float, float]:
    """How far numbers may lie from an artifact's own answers, relative and absolute, where it is served."""
    return SINGLE if manifest["engine"] == "onnx" else DOUBLE


def difference(
    expected: dict[str, Any], got: dict[str, Any], spread: tuple[float, float] = DOUBLE
) -> str | None:
    """Where an answer departs from the estimator's, as a sentence; None where it doesn't.

    Labels must be equal; numbers equal within the spread, by default what scikit-learn has against itself. A list
    of rows is compared row by row, so that the sentence names the first that differs and no other row's values.
    """
    for field, values in expected.items():
        answered = got.get(field)
        if not isinstance(answered, list) or len(answered) != len(values):
            return f"{field} should have {len(values)} rows"
        for row, (value, answer) in enumerate(zip(values, answered)):  # noqa: B905 (lengths are equal by now)
            if not is_same(value, answer, spread):
                return f"{field} of row {row} should be {value} and is {answer}"
    return None


def is_same(expected: Any, got: Any, spread: tuple[float, float] = DOUBLE) -> bool:
    """Whether two answers are the same: labels equal, numbers equal but for the last digits."""
    if isinstance(expected, list) and isinstance(got, list):
        return len(expected) == len(got) and all(is_same(a, b, spread) for a, b in zip(expected, got))  # noqa: B905 (lengths are equal)
    if isinstance(expected, bool) or isinstance(got, bool):
        return type(expected) is type(got) and expected == got
    if isinstance(expected, float) and isinstance(got, int | float):
        relative, absolute = spread
        return abs(expected - got) <= max(relative * max(abs(expected), abs(got)), absolute)
    return bool(expected == got)
