"""Reference statistics of the training data: what the drift of later requests is measured against."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer.data.instances import row_count

if TYPE_CHECKING:
    from skylayer.data.schema import Schema
    from skylayer.train.tasks import Target

QUANTILES = 21
_BINS = 20
_MOST_COUNTED = 1000
_DISTINCT_TARGETS = 20


def describe(
    columns: dict[str, list[Any]], schema: Schema, target: Target, importance: dict[str, float] | None = None
) -> dict[str, Any]:
    """Counts, moments, quantiles and histograms of each column and of the target; never a row.

    Args:
        columns: The training data by column, as JSON carries them.
        schema: Its schema.
        target: What was predicted from it.
        importance: What a column is worth to the estimator, where that was measured.
    """
    rows = row_count(columns)
    described: dict[str, Any] = {
        "rows": rows,
        "columns": {column.name: _column(columns[column.name], column.kind) for column in schema.columns},
    }
    for name, value in (importance or {}).items():
        described["columns"][name]["importance"] = value
    if target.values is not None and target.names:
        outputs = target.values.reshape(rows, -1).T
        described["target"] = {
            name: _target(values.tolist()) for name, values in zip(target.names, outputs, strict=True)
        }
    return described


def numeric(values: list[Any]) -> dict[str, Any]:
    """Mean, standard deviation, range, quantiles (linear interpolation) and histogram of numbers."""
    if not values:
        return {}
    array = np.asarray(values, dtype=np.float64)
    counts, edges = np.histogram(array, bins=_BINS)
    return {
        "mean": float(array.mean()),
        "standard_deviation": float(array.std()),
        "minimum": float(array.min()),
        "maximum": float(array.max()),
        "quantiles": np.quantile(array, np.linspace(0, 1, QUANTILES)).tolist(),
        "histogram": {"edges": edges.tolist(), "counts": counts.tolist()},
    }


def _column(values: list[Any], kind: str) -> dict[str, Any]:
    present = [value for value in values if value is not None]
    described: dict[str, Any] = {"missing": len(values) - len(present)}
    if kind in {"number", "integer"}:
        return described | numeric(present)
    if kind in {"category", "boolean"}:
        return described | {"counts": _counts(present)}
    if kind == "date":
        days = [datetime.fromisoformat(value).replace(tzinfo=None) for value in present]
        return (
            described
            | {"minimum": min(present, default=None), "maximum": max(present, default=None)}
            | {
                "days": numeric([(day - datetime(1970, 1, 1)).total_seconds() / 86_400 for day in days])  # noqa: DTZ001
            }
        )
    return described | {"length_histogram": numeric([len(value) for value in present]).get("histogram", {})}


def _target(values: list[Any]) -> dict[str, Any]:
    if all(isinstance(value, float) for value in values) and len(set(values)) > _DISTINCT_TARGETS:
        return {"missing": 0} | numeric(values)
    return {"missing": 0, "counts": _counts(values)}


def _counts(values: list[Any]) -> list[list[Any]]:
    counted = Counter(values).most_common()
    ordered = sorted(counted, key=lambda pair: (-pair[1], str(pair[0])))
    return [[value, count] for value, count in ordered[:_MOST_COUNTED]]
