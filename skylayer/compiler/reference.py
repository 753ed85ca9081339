"""What scikit-learn answers: the one reference that every proof compares with."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import numpy as np

from serving.engines.containers import container_of
from serving.engines.sklearn import run_in_one_thread

METHODS = {
    "predictions": "predict",
    "probabilities": "predict_proba",
    "scores": "decision_function",
    "distances": "transform",
}


def reference(
    estimator: Any, schema: dict[str, Any], columns: list[list[Any]], rows: int, fields: tuple[str, ...]
) -> dict[str, Any]:
    """The estimator's own answers to a batch, on one thread, from data typed by the schema.

    Args:
        estimator: fitted; it is copied, not changed.
        schema: the manifest's `input`.
        columns: one list per column of the schema.
        rows: number of rows.
        fields: which of METHODS to ask for.
    """
    single = copy.deepcopy(estimator)
    run_in_one_thread(single)
    data = container_of(schema)(columns, rows)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return {field: getattr(single, METHODS[field])(data) for field in fields}


def reference_by_row(
    estimator: Any, schema: dict[str, Any], columns: list[list[Any]], rows: int, fields: tuple[str, ...]
) -> dict[str, list[Any]]:
    """The same, each row a request of its own; what differs from `reference` is the floor of any bound."""
    answers: dict[str, list[Any]] = {field: [] for field in fields}
    for row in range(rows):
        one = reference(estimator, schema, [[column[row]] for column in columns], 1, fields)
        for field in fields:
            answers[field].append(one[field][0])
    return answers
