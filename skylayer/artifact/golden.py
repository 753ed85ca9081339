"""Golden rows: made-up rows with the estimator's own answers, replayed wherever the artifact goes."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from serving import artifact
from serving import golden as replayed
from serving.engines.containers import container_of
from skylayer.data.instances import rows_of
from skylayer.errors import UserError
from skylayer.train.tasks import answers, first_line, to_json

if TYPE_CHECKING:
    from pathlib import Path

    from skylayer.data.schema import Column, Schema

ROWS = 20
_CANDIDATES = 10 * ROWS
_SIGNIFICANT_DIGITS = 4
_WORDS = 8


def make_golden(estimator: Any, schema: Schema, seen: dict[str, list[Any]], task: str) -> dict[str, Any]:
    """Rows that look like the training data and are none of it, with the estimator's answers.

    Columns are drawn one by one from what each held in training (numbers between its quantiles, texts from
    its words), so a row tells nothing of a person who is in the data. Where the estimator refuses a value that
    it has not seen, as an encoder does by default, whole values are drawn instead. Rows of the data that come out
    all the same are dropped, unless nothing else can come out.

    Args:
        estimator: Fitted.
        schema: Of its input.
        seen: The training data by column, as JSON carries them.
        task: One of `serving.artifact.TASKS`.

    Raises:
        UserError: The estimator can't answer for rows of its own training columns.
    """
    known = {_key(row) for row in rows_of(seen)}
    try:
        return _answered(estimator, schema, task, _candidates(seen, known, schema, invent=True)[:ROWS])
    except _REFUSALS:
        candidates = _candidates(seen, known, schema, invent=False)
    try:
        return _answered(estimator, schema, task, candidates[:ROWS])
    except _REFUSALS as error:
        accepted = [row for row in candidates if _accepts(estimator, schema, task, row)]
        if not accepted:
            raise UserError(
                "The estimator refuses every row made of values of its own training columns: "
                f"{first_line(error)} Let its first steps take any combination of them."
            ) from error
    return _answered(estimator, schema, task, accepted[:ROWS])


_REFUSALS = (ValueError, TypeError, KeyError)


def _candidates(
    seen: dict[str, list[Any]], known: set[tuple[Any, ...]], schema: Schema, *, invent: bool
) -> list[dict[str, Any]]:
    random = np.random.default_rng(0)
    drawn = {c.name: _draw(seen[c.name], c, random, invent=invent) for c in schema.columns}
    rows = rows_of(drawn)
    return [row for row in rows if _key(row) not in known] or rows


def _answered(estimator: Any, schema: Schema, task: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    columns = [[row[column.name] for row in rows] for column in schema.columns]
    fields = answers(estimator, container_of(schema.to_manifest())(columns, len(rows)), task)
    return {"instances": rows, "answers": {name: to_json(field) for name, field in fields.items()}}


def _accepts(estimator: Any, schema: Schema, task: str, row: dict[str, Any]) -> bool:
    try:
        _answered(estimator, schema, task, [row])
    except _REFUSALS:
        return False
    return True


def _draw(values: list[Any], column: Column, random: np.random.Generator, *, invent: bool) -> list[Any]:
    present = [value for value in values if value is not None]
    share_missing = 1 - len(present) / len(values)
    missing = random.random(_CANDIDATES) < share_missing
    invented = invent or column.kind == "number"
    made = (
        _make(present, column.kind if invented else "category", random) if present else [None] * _CANDIDATES
    )
    return [None if absent else value for value, absent in zip(made, missing, strict=True)]


def _make(present: list[Any], kind: str, random: np.random.Generator) -> list[Any]:
    if kind in {"number", "integer"}:
        numbers = np.quantile(np.asarray(present, dtype=np.float64), random.random(_CANDIDATES))
        return [round(value) if kind == "integer" else _rounded(value) for value in numbers.tolist()]
    if kind == "date":
        return _dates(present, random)
    if kind == "text":
        words = sorted({word for value in present for word in value.split()}) or [""]
        counts = random.integers(1, _WORDS, size=_CANDIDATES, endpoint=True)
        return [
            " ".join(words[index] for index in random.integers(len(words), size=count)) for count in counts
        ]
    return [present[index] for index in random.integers(len(present), size=_CANDIDATES)]


def _dates(present: list[str], random: np.random.Generator) -> list[str]:
    moments = sorted(present, key=_seconds)
    first, last = _seconds(moments[0]), _seconds(moments[-1])
    zone = datetime.fromisoformat(moments[0]).tzinfo
    whole_days = all(len(value) == len("2000-01-01") for value in moments)
    made = (
        datetime.fromtimestamp(round(first + share * (last - first)), tz=zone or _UTC)
        for share in random.random(_CANDIDATES)
    )
    if whole_days:
        return [value.date().isoformat() for value in made]
    return [(value if zone else value.replace(tzinfo=None)).isoformat() for value in made]


_UTC = datetime.fromisoformat("1970-01-01T00:00:00+00:00").tzinfo


def _seconds(text: str) -> float:
    value = datetime.fromisoformat(text)
    return (value if value.tzinfo else value.replace(tzinfo=_UTC)).timestamp()


def _rounded(value: float) -> float:
    return float(f"{value:.{_SIGNIFICANT_DIGITS}g}")


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row.values())


def first(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The first golden instance of the artifact in `folder`, and the estimator's answer to it alone."""
    instances, answers = replayed.read(folder)
    return instances[0], {field: values[:1] for field, values in answers.items()}


def tolerance(folder: Path) -> dict[str, tuple[float, float]]:
    """How far the answers of the artifact in `folder` may lie from its golden ones, by field."""
    return replayed.tolerance_of(artifact.read_manifest(folder))
