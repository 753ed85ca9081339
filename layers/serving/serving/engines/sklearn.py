"""The scikit-learn engine: the estimator itself, fed what it was trained on."""

from __future__ import annotations

import os
import warnings

import joblib
import numpy as np

from serving.artifact import GOLDEN, METHODS, SOURCE
from serving.engines.containers import container_of
from serving.engines.pace import Pace
from serving.engines.refused_row import RefusedRowFinder
from serving.engines.source_code import imported_from

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from serving.engines.containers import Container


class SklearnEngine:
    """An estimator, the container of its training data, and the answers that the manifest promises."""

    def __init__(
        self,
        estimator: Any,
        container: Container,
        columns: list[dict[str, Any]],
        fields: list[str],
        golden: str,
    ) -> None:
        self._answers: dict[str, Callable[[Any], Any]] = {
            field: getattr(estimator, METHODS[field]) for field in fields
        }
        self._container = container
        self._finder = RefusedRowFinder([column["name"] for column in columns], golden)
        self._pace = Pace(columns, self._finder.golden_rows)

    @property
    def most_rows(self) -> int:
        """How many rows fit into a request's time and memory, once a larger request has had it measured."""
        return self._pace.most_rows

    def admit(self, columns: list[list[Any]], rows: int) -> None:
        """Refuse what would take longer than a request may, or more memory.

        Raises:
            Problem: 413.
        """
        self._pace.admit(self._predict, columns, rows)

    def predict(self, columns: list[list[Any]], rows: int) -> dict[str, list[Any]]:
        """The estimator's answers to rows, as JSON values: one list per field, one item per row.

        Args:
            columns: One list per column of the schema, each with one value per row.
            rows: Number of rows, at least 1.

        Raises:
            RowError: The estimator refuses a row; the row's number is the first of those.
        """
        return self._finder.predict(self._predict, columns, rows)

    def predict_json(self, body: bytes) -> None:
        """No short cut: bodies are read by `serving.json_body`."""

    def predict_members(self, columns: list[list[Any]], rows: int) -> None:
        """No short cut: answers are written by `serving.json_body`."""

    def _predict(self, columns: list[list[Any]], rows: int) -> dict[str, list[Any]]:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            instances = self._container(columns, rows)
            return {field: _json_rows(answer(instances)) for field, answer in self._answers.items()}


def load(folder: str, manifest: dict[str, Any]) -> SklearnEngine:
    """The engine of an artifact whose files are known to be those of its manifest."""
    with warnings.catch_warnings(), imported_from(os.path.join(folder, SOURCE)):
        warnings.simplefilter("ignore")
        estimator = joblib.load(os.path.join(folder, manifest["engines"]["sklearn"]["file"]))
    run_in_one_thread(estimator)
    schema = manifest["input"]
    return SklearnEngine(
        estimator,
        container_of(schema),
        schema["columns"],
        manifest["output"]["fields"],
        os.path.join(folder, GOLDEN),
    )


def run_in_one_thread(estimator: Any) -> None:
    """Set `n_jobs=1` on an estimator and on all that it is made of.

    A Lambda of the usual size has one processor or less, joblib's processes can't start there for want of
    shared memory, and a forest on two threads adds up its trees in another order.
    """
    seen: set[int] = set()
    left = [estimator]
    while left:
        thing = left.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, dict):
            left += thing.values()
        elif isinstance(thing, (list, tuple)):
            left += thing
        elif isinstance(thing, np.ndarray):
            left += thing.ravel().tolist() if thing.dtype == object else []
        elif hasattr(thing, "get_params") and hasattr(thing, "__dict__"):
            if "n_jobs" in vars(thing):
                thing.n_jobs = 1
            left += vars(thing).values()


def _json_rows(answer: Any) -> list[Any]:
    """An estimator's answer as one JSON value per row; what is not finite becomes None."""
    if isinstance(answer, list):  # several outputs, each with an array of its own: one list of them per row
        return [list(row) for row in zip(*map(_json_rows, answer), strict=True)]
    if hasattr(answer, "toarray"):
        answer = answer.toarray()
    array = np.asarray(answer)
    if array.dtype.kind == "f":
        finite = np.isfinite(array)
        return _rows_of(array) if finite.all() else [_json_value(row) for row in _rows_of(array)]
    if array.dtype.kind in "iub":
        return _rows_of(array)
    return [_json_value(item) for item in _rows_of(array)]


def _rows_of(array: Any) -> list[Any]:
    rows: list[Any] = array.tolist()
    return rows


def _json_value(value: Any) -> Any:
    if isinstance(value, list):
        return [_json_value(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value if value is None or isinstance(value, (str, int)) else str(value)
