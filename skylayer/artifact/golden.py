"""Golden rows: made-up rows with the estimator's own answers, replayed wherever the artifact goes."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from serving import artifact
from serving import golden as replayed
from serving.engines.containers import container_of
from skylayer.data.instances import columns_of, instances_of, rows_of
from skylayer.errors import UserError
from skylayer.train.tasks import answers, first_line, to_json

if TYPE_CHECKING:
    from pathlib import Path

    from skylayer.data.schema import Column, Schema
    from skylayer.data.tables import Table

ROWS = 20
_CANDIDATES = 10 * ROWS
_SIGNIFICANT_DIGITS = 4
_WORDS = 8


def make_golden(estimator: Any, schema: Schema, table: Table, task: str) -> dict[str, Any]:
    """Rows that look like the training data and are none of it, with the estimator's answers.

    Columns are drawn one by one from what each held in training (numbers between its quantiles, texts from
    its words), so a row tells nothing of a person who is in the data. Rows of the data that come out all the
    same are dropped, unless nothing else can come out.

    Raises:
        UserError: The estimator can't answer for rows of its own training columns.
    """
    random = np.random.default_rng(0)
    seen = columns_of(table, schema)
    drawn = {column.name: _draw(seen[column.name], column, random) for column in schema.columns}
    known = {_key(row) for row in instances_of(table, schema)}
    candidates = rows_of(drawn)
    chosen = ([row for row in candidates if _key(row) not in known] or candidates)[:ROWS]
    columns = {column.name: [row[column.name] for row in chosen] for column in schema.columns}
    data = container_of(schema.to_manifest())(list(columns.values()), len(chosen))
    try:
        fields = answers(estimator, data, task)
    except (ValueError, TypeError, KeyError) as error:
        raise UserError(
            f"The estimator refuses rows like those that it was trained on: {first_line(error)} "
            "Let its first steps take every value of the training columns."
        ) from error
    return {"instances": chosen, "answers": {name: to_json(field) for name, field in fields.items()}}


def _draw(values: list[Any], column: Column, random: np.random.Generator) -> list[Any]:
    present = [value for value in values if value is not None]
    share_missing = 1 - len(present) / len(values)
    missing = random.random(_CANDIDATES) < share_missing
    made = _make(present, column.kind, random) if present else [None] * _CANDIDATES
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


def spread(folder: Path) -> tuple[float, float]:
    """How far the answers of the artifact in `folder` may lie from its golden ones, relative and absolute."""
    return replayed.spread_of(artifact.read_manifest(folder))
