"""Which of scikit-learn's predictors the native engine compiles: fit each on little data, compile, compare."""

from __future__ import annotations

import io
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
from sklearn import __version__ as sklearn_version

from serving.artifact import METHODS
from serving.engines.containers import container_of
from serving.engines.native import open_kernel, open_table
from serving.engines.sklearn import SklearnEngine
from skylayer.commands.coverage_cases import REQUESTS, ROWS, fitted, predictors, schema_of
from skylayer.compiler import CannotCompile, compile_estimator
from skylayer.compiler.kernel_build import host_kernel
from skylayer.compiler.reference import reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

BOUNDS = (1e-12, 1e-9)


@dataclass(frozen=True)
class Row:
    """What became of one estimator.

    Attributes:
        name: its class.
        native: whether the native engine answers.
        reason: why not.
        difference: largest difference from scikit-learn's numbers, relative to the largest number of a field.
        labels: rows whose label differs.
        distinct: how many different answers there are among scikit-learn's own: one would show little.
    """

    name: str
    native: bool
    reason: str
    difference: float
    labels: int
    distinct: int


def examine(name: str, kind: Callable[..., Any], kernel: Any) -> Row:
    """Serve one estimator, natively if it compiles, and compare with its own answers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of fits cut short, and of classes that are deprecated
        return _examine(name, kind, kernel)


def _examine(name: str, kind: Callable[..., Any], kernel: Any) -> Row:
    estimator, requests = fitted(name, kind)
    schema = schema_of(requests)
    names = [str(column) for column in requests]
    columns = [requests[name].tolist() for name in names]
    fields = _fields(estimator)
    expected = reference(estimator, schema, columns, len(requests), fields)
    try:
        table, reason = compile_estimator(estimator, schema), ""
    except CannotCompile as error:
        table, reason = b"", str(error)
    if reason:
        stored = io.BytesIO()
        joblib.dump(estimator, stored)
        stored.seek(0)
        engine: Any = SklearnEngine(
            joblib.load(stored), container_of(schema), schema["columns"], list(fields), ""
        )
        answers = engine.predict(columns, len(requests))
    else:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "tables.bin"
            path.write_bytes(table)
            engine = open_table(str(path), kernel, names, list(fields))
            answers = engine.predict(columns, len(requests))
    difference, labels = compare(answers, expected)
    distinct = min(_distinct(answer) for answer in expected.values())
    return Row(name, not reason, reason, difference, labels, distinct)


def _distinct(answer: Any) -> int:
    """Different rows of an answer."""
    rows = np.hstack(answer) if isinstance(answer, list) else np.asarray(answer)
    return len({tuple(np.atleast_1d(row).tolist()) for row in rows})


def _fields(estimator: Any) -> tuple[str, ...]:
    """The fields that an artifact of this estimator answers."""
    fields = ["predictions"]
    if hasattr(estimator, "predict_proba"):
        fields.append("probabilities")
    elif hasattr(estimator, "decision_function"):
        fields.append("scores")
    if hasattr(estimator, "transform") and estimator.__sklearn_tags__().estimator_type == "clusterer":
        fields.append("distances")
    return tuple(f for f in fields if f in METHODS)


def compare(answers: dict[str, Any], expected: dict[str, Any]) -> tuple[float, int]:
    """Largest relative difference of numbers, and how many rows have another label."""
    largest, labels = 0.0, 0
    for field, wanted in expected.items():
        wanted_array = np.asarray(wanted)
        if wanted_array.dtype.kind != "f":
            labels += int(np.sum(np.asarray(answers[field]) != wanted_array))
            continue
        if isinstance(wanted, list):  # several outputs: rows first, as JSON has them
            wanted_array = wanted_array.swapaxes(0, 1)
        got = np.asarray(answers[field], dtype=np.float64)
        if got.shape != wanted_array.shape or not np.array_equal(np.isnan(got), np.isnan(wanted_array)):
            return float("inf"), labels
        scale = np.nanmax(np.abs(wanted_array), initial=0.0) or 1.0
        if field == "distances":  # roots of expanded squares: near 0 only the square is as exact as its terms
            got, wanted_array, scale = got**2, wanted_array**2, scale**2
        largest = max(largest, float(np.nanmax(np.abs(got - wanted_array), initial=0.0) / scale))
    return largest, labels


def examine_all(chosen: Iterable[tuple[str, type]] | None = None) -> Iterator[Row]:
    """A row for each predictor."""
    kernel = open_kernel(str(host_kernel()))
    for name, kind in predictors() if chosen is None else chosen:
        yield examine(name, kind, kernel)


HEADING = """# What the native engine covers

`make coverage` writes this page. It fits each predictor of scikit-learn {version} on {rows} rows, compiles it, and
compares the answers to {requests} rows, of which a third are training rows. Every label is equal. The column *numbers*
gives the largest difference from scikit-learn, relative to the largest number of the field. For distances to centres,
their squares are compared. Meta-estimators compile if the estimators inside them do.

The scikit-learn engine serves any predictor that doesn't compile. It also serves a model that compiles but fails its
proof: every training replays adversarial rows, and says so if an answer differs.

**{native} of {count} are native, all {count} are served.**

| predictor | engine | numbers | why not native |
|---|---|---|---|
"""


def page(rows: list[Row]) -> str:
    """docs/coverage.md. Differences stand there as bounds, because their digits change with the processor."""
    native = sum(row.native for row in rows)
    heading = HEADING.format(
        version=sklearn_version, rows=ROWS, requests=REQUESTS, native=native, count=len(rows)
    )
    return heading + "".join(map(_line, rows))


def _line(row: Row) -> str:
    engine = "native" if row.native else "scikit-learn"
    return f"| {row.name} | {engine} | {_bound(row.difference)} | {row.reason.replace('|', '/')} |\n"


def _bound(difference: float) -> str:
    for bound in BOUNDS:
        if difference <= bound:
            return f"within {bound:.0e}"
    return f"{difference:.0e}"
