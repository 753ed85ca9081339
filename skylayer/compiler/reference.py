"""What scikit-learn answers: the one reference that every proof compares with."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import numpy as np

from serving.artifact import METHODS
from serving.engines.containers import container_of
from serving.engines.sklearn import run_in_one_thread


class Reference:
    """A copy of a fitted estimator, on one thread, fed data typed by the schema."""

    def __init__(self, estimator: Any, schema: dict[str, Any], fields: tuple[str, ...]) -> None:
        single = copy.deepcopy(estimator)
        run_in_one_thread(single)
        self._container = container_of(schema)
        self._methods = {field: getattr(single, METHODS[field]) for field in fields}

    def answer(self, columns: list[list[Any]], rows: int) -> dict[str, Any]:
        """The estimator's own answers to a batch; it raises what the estimator raises."""
        data = self._container(columns, rows)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return {field: method(data) for field, method in self._methods.items()}


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
    return Reference(estimator, schema, fields).answer(columns, rows)
