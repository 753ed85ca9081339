"""The first steps of a pipeline in Python, on plain lists, before the native engine: the user's own `transform_rows`.

The manifest names them as `engines.native.first_steps`::

    steps      module and name of each class or function, and for a class the attributes of its fitted instance
    columns    what the last of them makes: the columns that the table reads
    sources    the files that the modules come from, digest-checked like any other file

They need the standard library only. Nothing here is imported for a model without such steps.
"""

from __future__ import annotations

import os
from importlib import import_module

from serving.artifact import GOLDEN, SOURCE, ArtifactError
from serving.engines.pace import Pace
from serving.engines.refused_row import RefusedRowFinder
from serving.engines.source_code import imported_from
from serving.errors import RowError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from serving.engines.native import NativeEngine

    Rows = list[list[Any]]
    Columns = list[list[Any]]

METHOD = "transform_rows"


class FirstSteps:
    """Columns of a request to columns of the table, by way of rows."""

    def __init__(self, functions: list[Callable[[Rows], Rows]], columns: list[dict[str, Any]]) -> None:
        self._functions = functions
        self._converters = [(column["name"], _CONVERTERS[column["kind"]]) for column in columns]

    def __call__(self, columns: Columns, rows: int) -> Columns:
        """What the steps make of checked values, one list per column of the table.

        Raises:
            ValueError: A step makes another number of rows or columns than it should, or a value of another kind.
            Exception: Whatever a step itself raises.
        """
        made: Any = [list(row) for row in zip(*columns, strict=True)]
        for function in self._functions:
            made = function(made)
        width = len(self._converters)
        if len(made) != rows or any(len(row) != width for row in made):
            raise ValueError(f"{METHOD} must give {rows} rows of {width} values")
        cells = zip(*made, strict=True)
        return [
            convert(name, list(values))
            for (name, convert), values in zip(self._converters, cells, strict=True)
        ]


def load(folder: str, described: dict[str, Any]) -> FirstSteps:
    """The steps that a manifest describes, from the source code of the artifact in `folder`.

    Raises:
        ArtifactError: A module isn't of the artifact, or doesn't have what the manifest names.
    """
    with imported_from(os.path.join(folder, SOURCE)):
        functions = [_function(step, described["sources"]) for step in described["steps"]]
    return FirstSteps(functions, described["columns"])


def _function(step: dict[str, Any], sources: list[str]) -> Callable[[Rows], Rows]:
    place = f"{SOURCE}/{step['module'].replace('.', '/')}"
    if not {f"{place}.py", f"{place}/__init__.py"} & set(sources):
        raise ArtifactError(f"the artifact doesn't have the source code of {step['module']}")
    try:
        found: Any = import_module(step["module"])
        for part in step["name"].split("."):
            found = getattr(found, part)
        if "state" in step:
            instance = found.__new__(found)
            vars(instance).update(step["state"])
            found = getattr(instance, METHOD)
    except (ImportError, AttributeError, TypeError) as error:
        raise ArtifactError(f"the step {step['module']}.{step['name']} can't be loaded: {error}") from error
    function: Callable[[Rows], Rows] = found
    return function


class FirstStepsEngine:
    """The native engine behind steps in Python."""

    def __init__(
        self, engine: NativeEngine, steps: FirstSteps, columns: list[dict[str, Any]], golden: str
    ) -> None:
        self._engine = engine
        self._steps = steps
        self._finder = RefusedRowFinder([column["name"] for column in columns], golden)
        self._pace = Pace(columns, self._finder.golden_rows)

    @property
    def most_rows(self) -> int:
        """How many rows fit into a request's time, as far as it is known."""
        return min(self._engine.most_rows, self._pace.most_rows)

    def admit(self, columns: Columns, rows: int) -> None:
        """Refuse what would take longer than a request may, or more memory.

        Raises:
            Problem: 413.
        """
        self._pace.admit(self._predict, columns, rows)
        self._engine.admit_rows(rows)
        if self._engine.reads_texts:
            try:
                made = self._steps(columns, rows)
            except Exception:  # noqa: BLE001 (`predict` says which row and why)
                return
            self._engine.admit(made, rows)

    def predict(self, columns: Columns, rows: int) -> dict[str, list[Any]]:
        """Answers to rows, as JSON values: one list per field of the manifest's output.

        Raises:
            RowError: A step or the estimator refuses a row.
        """
        return self._finder.predict(self._predict, columns, rows)

    def predict_json(self, body: bytes) -> None:
        """No short cut: the steps take rows."""

    def predict_members(self, columns: Columns, rows: int) -> None:
        """No short cut: a row that a step refuses has to be found."""

    def _predict(self, columns: Columns, rows: int) -> dict[str, list[Any]]:
        made = self._steps(columns, rows)
        try:
            return self._engine.predict(made, rows)
        except RowError as error:  # its column is one that a step made, which no client knows
            detail = error.detail if error.column is None else f"{error.column}: {error.detail}"
            raise RowError(error.row, None, detail) from error


def behind(engine: NativeEngine, folder: str, manifest: dict[str, Any]) -> FirstStepsEngine:
    """The engine of an artifact whose first steps run in Python.

    Raises:
        ArtifactError: They can't be loaded.
    """
    steps = load(folder, manifest["engines"]["native"]["first_steps"])
    return FirstStepsEngine(engine, steps, manifest["input"]["columns"], os.path.join(folder, GOLDEN))


def _numbers(name: str, values: list[Any]) -> list[Any]:
    for value in values:
        if value is not None and not isinstance(value, (int, float)):
            raise ValueError(f"{name} must be a number, and {METHOD} gives {value!r}")
    return [_present(value) for value in values]


def _scalars(name: str, values: list[Any]) -> list[Any]:
    for value in values:
        if value is not None and not isinstance(value, (str, int, float)):
            raise ValueError(f"{name} must be a text, a number, true or false, and {METHOD} gives {value!r}")
    return [_present(value) for value in values]


def _texts(name: str, values: list[Any]) -> list[Any]:
    for value in values:
        if value is not None and not isinstance(value, str):
            raise ValueError(f"{name} must be a text, and {METHOD} gives {value!r}")
    return values


def _dates(name: str, values: list[Any]) -> list[Any]:
    from serving import dates

    for text in _texts(name, values):
        if text is not None:
            dates.parse(text)
    return values


def _present(value: Any) -> Any:
    """None for NaN, as requests carry a missing value."""
    return None if value != value else value  # noqa: PLR0124


_CONVERTERS: dict[str, Callable[[str, list[Any]], list[Any]]] = {
    "number": _numbers,
    "integer": _numbers,
    "boolean": _numbers,
    "category": _scalars,
    "text": _texts,
    "date": _dates,
}
