"""Nothing is served before it is proven: the run-time code against the estimator, on its own data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from serving import golden
from serving.errors import Problem
from skylayer.artifact.open import load
from skylayer.data.dataset import take
from skylayer.data.instances import row_count, rows_of
from skylayer.errors import UserError
from skylayer.train.tasks import answers, task_of, to_json

if TYPE_CHECKING:
    from pathlib import Path


ROWS = 500


class AnswersDiffer(UserError):
    """What is served doesn't answer the data as the estimator does."""


def verify(folder: Path, estimator: Any, data: Any, columns: dict[str, list[Any]]) -> None:
    """Ask the artifact through the run-time code, and the estimator directly, for the same rows.

    Args:
        folder: The artifact.
        estimator: What was packaged.
        data: Rows in the estimator's container; at most 500 of them, spread evenly, are replayed.
        columns: The same rows by column, as JSON carries them.

    Raises:
        AnswersDiffer: An answer differs; names the first row and field.
    """
    count = row_count(columns)
    rows = np.unique(np.linspace(0, count - 1, min(ROWS, count)).astype(int))
    chosen = {name: [cells[row] for row in rows] for name, cells in columns.items()}
    model = load(folder)
    tolerance = golden.tolerance_of(model.manifest)
    try:
        got = model.predict_instances(rows_of(chosen), bounded=False)
    except Problem as problem:
        raise AnswersDiffer(f"Rows of the data are refused when served: {problem.detail}") from problem
    expected = answers(estimator, take(data, rows), task_of(estimator))
    for name, values in expected.items():
        for row, (own, served) in enumerate(zip(to_json(values), got[name], strict=True)):
            if not golden.is_same(own, served, tolerance[name]):
                raise AnswersDiffer(
                    f"Row {rows[row]} of the data comes out differently when served: {name} is {served}, "
                    f"the estimator itself says {own}. Is every step of the estimator deterministic?"
                )
