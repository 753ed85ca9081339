"""Steps of the user's own that a pipeline begins with, where they say how they transform plain rows.

A step that has `transform_rows(rows) -> rows` runs in Python before the native engine, with the standard library
alone; docs/train.md tells users how to write one. What they make of the training data is the schema that the other
steps are compiled for.
"""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from serving.artifact import SOURCE
from serving.engines.containers import container_of
from serving.engines.first_steps import METHOD
from skylayer.artifact.dependencies import code_of
from skylayer.data.dataset import as_dataset
from skylayer.data.instances import columns_of
from skylayer.data.schema import infer
from skylayer.errors import UserError
from skylayer.train.tasks import first_line

if TYPE_CHECKING:
    from skylayer.data.schema import Schema

_LIBRARY = "the standard library only"


class CannotSplit(Exception):
    """Why a step that has `transform_rows` can't run before the native engine, without a full stop."""


@dataclass(frozen=True)
class FirstSteps:
    """A pipeline, taken apart behind its first steps.

    Attributes:
        names: Of these steps, as the pipeline has them.
        steps: The fitted steps.
        rest: A fitted pipeline of the others.
        described: The manifest's `engines.native.first_steps`.
        sources: Content of each file that they need, by its name in the artifact.
        schema: Of what they make.
        data: What they make of the training data, by column.
    """

    names: tuple[str, ...]
    steps: tuple[Any, ...]
    rest: Any
    described: dict[str, Any]
    sources: dict[str, bytes]
    schema: Schema
    data: list[list[Any]]

    def transform(self, rows: Any) -> Any:
        """What the steps themselves make of rows in their container."""
        for step in self.steps:
            rows = step.transform(rows)
        return rows


def take_apart(estimator: Any, schema: Schema, data: list[list[Any]]) -> FirstSteps | None:
    """The first steps that have `transform_rows`; None where the first one has none.

    Args:
        estimator: Fitted.
        schema: Of its input.
        data: Values by column of the rows that it was trained and evaluated on, as JSON carries them.

    Raises:
        CannotSplit: A step has it, and it can't be used.
    """
    pipeline = estimator.best_estimator_ if isinstance(estimator, BaseSearchCV) else estimator
    if not isinstance(pipeline, Pipeline):
        return None
    leading = []
    for name, step in pipeline.steps[:-1]:
        if not callable(getattr(_owner(step), METHOD, None)):
            break
        leading.append((name, step))
    if not leading:
        return None
    described: list[dict[str, Any]] = []
    sources: dict[str, bytes] = {}
    for name, step in leading:
        entry, code = _described(name, _owner(step))
        described.append(entry)
        sources |= {f"{SOURCE}/{place}": content for place, content in code.items()}
    steps = tuple(step for _, step in leading)
    rows: Any = container_of(schema.to_manifest())(data, len(data[0]))
    try:
        for step in steps:
            rows = step.transform(rows)
        table = as_dataset(rows)
        made = infer(table)
    except UserError as error:
        raise CannotSplit(f"{leading[-1][0]}: {error}".rstrip(".")) from error
    except Exception as error:
        raise CannotSplit(f"{leading[-1][0]}: {first_line(error)}".rstrip(".")) from error
    columns = made.to_manifest()["columns"]
    return FirstSteps(
        names=tuple(name for name, _ in leading),
        steps=steps,
        rest=pipeline[len(leading) :],
        described={"steps": described, "columns": columns, "sources": sorted(sources)},
        sources=sources,
        schema=made,
        data=list(columns_of(table, made).values()),
    )


def _owner(step: Any) -> Any:
    """What has the method: the step, or what a FunctionTransformer calls."""
    return step.func if isinstance(step, FunctionTransformer) and not step.kw_args else step


def _described(name: str, owner: Any) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The step for the manifest, and its source code by place."""
    method = getattr(owner, METHOD)
    entry: dict[str, Any]
    if inspect.ismethod(method) and method.__self__ is owner:
        home = next(base for base in type(owner).__mro__ if METHOD in vars(base))
        entry = {"module": home.__module__, "name": home.__qualname__, "state": _state(owner)}
    elif inspect.isfunction(method):
        entry = {"module": method.__module__, "name": method.__qualname__}
    else:
        raise CannotSplit(f"{name}: {METHOD} must be a method or a function, not {type(method).__name__}")
    module = entry["module"]
    if module == "__main__" or "<" in entry["name"]:
        raise CannotSplit(
            f"{name}: {METHOD} must stand in a module, such as training/rows.py, by itself or in a class"
        )
    try:
        sources, distributions = code_of([module])
    except UserError as error:
        raise CannotSplit(f"{name}: {error}".rstrip(".")) from error
    if distributions:
        raise CannotSplit(
            f"{name}: {METHOD} needs {_LIBRARY}, and its module {module} imports {', '.join(sorted(distributions))}. "
            f"Move it to a module of its own, into a class from which {type(owner).__name__} inherits"
        )
    return entry, sources


def _state(owner: Any) -> dict[str, Any]:
    """The attributes of a fitted step that JSON can carry; the proof shows whether these are enough."""
    state = {}
    for name, value in vars(owner).items():
        try:
            state[name] = json.loads(json.dumps(_plain(value), allow_nan=False))
        except (TypeError, ValueError):
            continue
    return state


def _plain(value: Any) -> Any:
    """NumPy's numbers and arrays as Python's.

    Raises:
        TypeError: Something in it is no value of JSON, or would become another one.
    """
    if isinstance(value, (np.generic, np.ndarray)):
        return _plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("JSON's keys are texts")
        return {key: _plain(item) for key, item in value.items()}
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise TypeError(f"{type(value).__name__} is no value of JSON")
