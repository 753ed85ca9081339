"""Golden rows of an artifact: made-up instances with the estimator's own answers to them."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from serving.artifact import GOLDEN

if TYPE_CHECKING:
    from pathlib import Path

# scikit-learn itself moves a row's result by up to 7e-12 between one row and a batch (docs: exactness).
RELATIVE = 1e-9
ABSOLUTE = 1e-12


def first(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The first golden instance of the artifact in `folder`, and the estimator's answer to it alone."""
    golden = json.loads((folder / GOLDEN).read_text(encoding="utf-8"))
    answers = {field: values[:1] for field, values in golden["answers"].items()}
    return golden["instances"][0], answers


def difference(expected: dict[str, Any], got: dict[str, Any]) -> str | None:
    """Where an answer departs from the estimator's, as a sentence; None where it doesn't.

    Labels must be equal; numbers equal within the spread that scikit-learn has against itself.
    """
    for field, values in expected.items():
        if not is_same(values, got.get(field)):
            return f"{field} should be {values} and is {got.get(field)}"
    return None


def is_same(expected: Any, got: Any) -> bool:
    """Whether two answers are the same: labels equal, numbers equal but for the last digits."""
    if isinstance(expected, list) and isinstance(got, list):
        return len(expected) == len(got) and all(map(is_same, expected, got))
    if isinstance(expected, float) and isinstance(got, int | float):
        return math.isclose(expected, got, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    return bool(expected == got)
