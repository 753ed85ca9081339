"""What an estimator takes beyond what its training data held: found by asking it, column by column.

Training data without a missing value say nothing of whether the estimator takes one: a pipeline with an imputer does,
most linear models don't. So each column is asked for a missing value and, where it holds integers, for a fraction,
through the containers in which requests reach the estimator. Categories that training didn't have are asked for,
too: they always go to the estimator, and the document says where it refuses them.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from serving.engines.containers import container_of
from serving.schema import FRACTION, MISSING, WIDER
from skylayer.data.schema import Schema
from skylayer.train.tasks import answers

if TYPE_CHECKING:
    from collections.abc import Collection

    from skylayer.data.schema import Column

# Rows of the training data around the one that is asked for: what a value does to the type of its column shows only
# among others.
_NEIGHBOURS = 2
_HALF = 0.5
UNSEEN = "unseen"
_TOLERANCE = 1e-6


def widened(
    estimator: Any,
    schema: Schema,
    data: dict[str, list[Any]],
    task: str,
    *,
    strict: Collection[str] = (),
) -> Schema:
    """The schema with what the estimator takes, though its training data had none of it.

    Args:
        estimator: Fitted.
        schema: As the training data have it.
        data: The training data by column, as JSON carries them.
        task: One of `serving.artifact.TASKS`.
        strict: Columns that are to take no more than the training data had.

    Returns:
        The schema whose columns say in `widened` what they take beyond it.
    """
    probe = _Probe(estimator, data, task)
    wide = schema
    for what in WIDER:
        candidates = [
            index
            for index, column in enumerate(schema.columns)
            if column.name not in strict and _may_take(what, column, schema)
        ]
        for index in probe.taken(wide, candidates, what):
            wide = _with(wide, index, what)
    for index, column in enumerate(schema.columns):
        if column.kind == "category" and column.categories and not probe.takes(wide, index, UNSEEN):
            wide = _replaced(wide, index, replace(wide.columns[index], unseen=False))
    return wide


def only(schema: Schema, what: str) -> Schema:
    """The schema widened by one of `serving.schema.WIDER` alone, or by nothing."""
    return Schema(schema.container, schema.dtype, tuple(_kept(column, what) for column in schema.columns))


def _kept(column: Column, what: str) -> Column:
    wider = column.widened or ()
    kept = tuple(each for each in wider if each == what)
    return replace(
        column, nullable=column.nullable and (MISSING not in wider or MISSING in kept), widened=kept or None
    )


def _may_take(what: str, column: Column, schema: Schema) -> bool:
    if what == FRACTION:
        # An extension type has no room for it.
        return column.kind == "integer" and column.dtype.startswith(("int", "uint"))
    # An array of texts turns a missing value into the word for it, and a vectorizer takes no None.
    return not column.nullable and schema.container != "texts" and schema.dtype != "str"


@dataclass(frozen=True)
class _Probe:
    """Asks an estimator through the containers of a schema; `data` are the values of its training by column."""

    estimator: Any
    data: dict[str, list[Any]]
    task: str

    def taken(self, schema: Schema, candidates: list[int], what: str) -> list[int]:
        """Which of the candidates it takes: all by one question where it can be, else one by one."""
        if not candidates:
            return []
        wide = schema
        for index in candidates:
            wide = _with(wide, index, what)
        if (
            self.takes(wide, candidates[0], what)
            and self.answers(wide, [self.row(wide, index, what) for index in candidates]) is not None
            and all(self.takes(wide, index, what) for index in _typed(wide, candidates))
        ):
            return candidates
        return [index for index in candidates if self.takes(_with(schema, index, what), index, what)]

    def takes(self, schema: Schema, index: int, what: str) -> bool:
        """Whether it answers the value in a row alone and among others, and both times the same."""
        row = self.row(schema, index, what)
        others = [
            [cells[number % len(cells)] for cells in self.data.values()] for number in range(_NEIGHBOURS)
        ]
        alone, among = self.answers(schema, [row]), self.answers(schema, [row, *others])
        return alone is not None and among is not None and _same(alone, [field[:1] for field in among])

    def row(self, schema: Schema, index: int, what: str) -> list[Any]:
        """A row of the training data, with as few missing values as can be, and with what is asked for."""
        row: list[Any] = [
            next((cell for cell in cells if cell is not None), None) for cells in self.data.values()
        ]
        row[index] = _asked_for(what, schema.columns[index], row[index])
        return row

    def answers(self, schema: Schema, rows: list[list[Any]]) -> list[Any] | None:
        """What it answers, field by field; None where it refuses, or answers with what is no number."""
        columns = [list(cells) for cells in zip(*rows, strict=True)]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of values that it was not trained on
                data = container_of(schema.to_manifest())(columns, len(rows))
                fields = [
                    array
                    for field in answers(self.estimator, data, self.task).values()
                    for array in _arrays(field)
                ]
            return (
                fields
                if all(np.isfinite(field).all() for field in fields if field.dtype.kind == "f")
                else None
            )
        except Exception:  # noqa: BLE001 - whatever a stranger's estimator raises, it doesn't take the value
            return None


def _asked_for(what: str, column: Column, seen: Any) -> Any:
    if what == UNSEEN:
        known = column.categories or ()
        if all(isinstance(category, str) for category in known):
            return f"{max(known, key=len)}?"
        numbers = [category for category in known if not isinstance(category, (str, bool))]
        return max(numbers, default=0) + 1
    return None if what == MISSING else seen + _HALF


def _arrays(field: Any) -> list[Any]:
    """An answer as arrays of rows: probabilities of several outputs are a list of them."""
    outputs = field if isinstance(field, list) else [field]
    return [np.asarray(output.toarray() if hasattr(output, "toarray") else output) for output in outputs]


def _typed(schema: Schema, candidates: list[int]) -> list[int]:
    """The columns whose type a value of this kind may change, so that each has to be asked alone, too."""
    return [
        index
        for index in candidates
        if schema.container == "frame" and not schema.columns[index].dtype.startswith("float")
    ]


def _same(first: list[Any], second: list[Any]) -> bool:
    return all(
        np.allclose(a, b, rtol=_TOLERANCE, atol=_TOLERANCE) if a.dtype.kind == "f" else np.array_equal(a, b)
        for a, b in zip(first, second, strict=True)
    )


def _with(schema: Schema, index: int, what: str) -> Schema:
    column = schema.columns[index]
    wide = replace(
        column, nullable=column.nullable or what == MISSING, widened=(*(column.widened or ()), what)
    )
    return _replaced(schema, index, wide)


def _replaced(schema: Schema, index: int, column: Column) -> Schema:
    columns = (*schema.columns[:index], column, *schema.columns[index + 1 :])
    return Schema(schema.container, schema.dtype, columns)
