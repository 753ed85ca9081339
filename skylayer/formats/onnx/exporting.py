"""A scikit-learn estimator as ONNX: converted in double precision, and refused where its answers move.

Conversion proves nothing, so what ONNX Runtime makes of the file is compared with the estimator: on the golden rows,
and on made-up rows of a grid over the training ranges, where thresholds lie. Labels must be equal and numbers within
what scikit-learn differs from itself (`serving.golden.DOUBLE`).
"""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from serving import golden
from serving.engines.containers import container_of
from skylayer.errors import UserError
from skylayer.formats.onnx.graph import read_graph
from skylayer.formats.onnx.reference import Reference, Refused, Session
from skylayer.formats.onnx.signature import answers_of, feeds_of
from skylayer.proof.rows import on_the_grid
from skylayer.train.tasks import answers, first_line, to_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    Columns = list[list[Any]]

GRID_ROWS = 2_000
_TEXTS = frozenset({"text", "date"})
# The newest operators that skl2onnx writes trees of double precision with are of version 3.
_OPSET = {"": 21, "ai.onnx.ml": 3}
_METADATA = "feature_names"
_PRECISIONS = ("double", "float")
_CONVERTED = Path("the converted graph")
# What skl2onnx takes, en_US.UTF-8, is on neither Lambda nor every other machine.
_LOCALE = {"locale": "C.UTF-8"}


def export_onnx(folder: Path, manifest: dict[str, Any], path: Path) -> str | None:
    """Convert a version's estimator and ask ONNX Runtime for the same rows.

    Args:
        folder: The artifact.
        manifest: Its manifest.
        path: The file.

    Returns:
        The first row that comes out differently, and how; None if none does.

    Raises:
        UserError: It can't be converted.
    """
    if manifest["engine"] == "onnx":
        path.write_bytes((folder / manifest["engines"]["onnx"]["file"]).read_bytes())
        return None
    entry = manifest["engines"].get("sklearn")
    if entry is None:
        raise UserError(f"{folder.name} has no scikit-learn estimator, so it can't be exported as onnx.")
    estimator = joblib.load(folder / entry["file"])
    tests = _tests(folder, estimator, manifest)
    reasons = []
    for precision in _PRECISIONS:
        try:
            content = _convert(estimator, manifest["input"], precision)
            path.write_bytes(content)
            mismatch = _compare(content, manifest["input"], tests)
        except _Unconverted as error:
            reasons.append(f"{error}")
            continue
        if mismatch is None:
            return None
        reasons.append(mismatch)
    if all(reason.startswith(_Unconverted.START) for reason in reasons):
        raise UserError(f"{reasons[0]}. Export it as joblib or skops.")
    return next(reason for reason in reasons if not reason.startswith(_Unconverted.START))


def open_session(path: Path) -> Session:
    """A file in ONNX Runtime, ready to answer."""
    return Session(path, read_graph(path, path.read_bytes()))


class _Unconverted(Exception):
    START = "skl2onnx can't convert it"

    def __init__(self, reason: str) -> None:
        super().__init__(f"{self.START}: {reason}")


def _convert(estimator: Any, schema: dict[str, Any], precision: str) -> bytes:
    """The estimator as ONNX with numbers of one precision, its ZipMaps left out.

    Raises:
        _Unconverted: skl2onnx knows no way, or ONNX Runtime refuses what it made.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    try:
        import skl2onnx  # noqa: PLC0415 - an optional package
        from skl2onnx.common import data_types  # noqa: PLC0415
    except ImportError:
        raise UserError("skl2onnx is not installed: make develop installs it.") from None
    numbers = data_types.DoubleTensorType if precision == "double" else data_types.FloatTensorType
    inputs = _inputs(schema, numbers, data_types.StringTensorType)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            options: dict[Any, dict[str, Any]] = {CountVectorizer: _LOCALE, TfidfVectorizer: _LOCALE}
            try:
                model = skl2onnx.convert_sklearn(
                    estimator,
                    initial_types=inputs,
                    target_opset=_OPSET,
                    options=options | {id(estimator): {"zipmap": False}},
                )
            except NameError:  # an estimator without classes has no such option
                model = skl2onnx.convert_sklearn(
                    estimator, initial_types=inputs, target_opset=_OPSET, options=options
                )
    except Exception as error:  # converters raise what they like
        raise _Unconverted(f"{type(error).__name__}: {first_line(error)}") from error
    if len(model.graph.input) != len(inputs):
        raise _Unconverted("it leaves out columns that the estimator makes no use of")
    # In the graph itself names are identifiers.
    model.metadata_props.add(
        key=_METADATA, value=json.dumps([column["name"] for column in schema["columns"]])
    )
    content: bytes = model.SerializeToString()
    return content


def _inputs(schema: dict[str, Any], numbers: Any, texts: Any) -> list[tuple[str, Any]]:
    columns = schema["columns"]
    if schema["container"] == "array" and schema.get("dtype") not in {"str", "object"}:
        return [("input", numbers([None, len(columns)]))]
    return [(column["name"], (texts if _is_text(column) else numbers)([None, 1])) for column in columns]


def _is_text(column: dict[str, Any]) -> bool:
    if column["kind"] == "category":
        return any(isinstance(value, str) for value in column.get("categories") or [])
    return column["kind"] in _TEXTS


def _tests(
    folder: Path, estimator: Any, manifest: dict[str, Any]
) -> list[tuple[str, Columns, dict[str, Any]]]:
    """Rows by column with the estimator's own answers: the golden ones, and those of a grid."""
    schema = manifest["input"]
    instances, expected = golden.read(folder)
    own: Columns = [[row[column["name"]] for row in instances] for column in schema["columns"]]
    drawn = [
        [*values, *(column[end] for end in ("minimum", "maximum") if end in column)]
        for values, column in zip(own, schema["columns"], strict=True)
    ]
    grid = on_the_grid(schema, drawn, GRID_ROWS, np.random.default_rng(0))
    data = container_of(schema)(grid, GRID_ROWS)
    made = {name: to_json(values) for name, values in answers(estimator, data, manifest["task"]).items()}
    return [("golden row", own, expected), ("made-up row", grid, made)]


def _compare(
    content: bytes, schema: dict[str, Any], tests: Sequence[tuple[str, Columns, dict[str, Any]]]
) -> str | None:
    """The first row that ONNX Runtime answers differently, in words."""
    try:
        graph = read_graph(_CONVERTED, content)
        session = Session(_CONVERTED, graph)
        feeds = feeds_of(session.inputs, graph.feature_names)
        found = answers_of(session.outputs, graph.normalized)
        for kind, columns, expected in tests:
            frame = _frame(columns, schema)
            reference = Reference(session, feeds, found, graph, frame)
            answered = {
                name: to_json(field) for name, field in answers(reference, frame, reference.task).items()
            }
            # Whether a number for each class is a probability or a score shows in its values only.
            numbers = next((field for name, field in answered.items() if name != "predictions"), None)
            got = {"predictions": answered["predictions"]} | {
                name: numbers for name in expected if name != "predictions" and numbers is not None
            }
            if lacking := [name for name in expected if name not in got]:
                return f"it gives no {lacking[0]}"
            for row in range(len(frame)):
                for name, values in expected.items():
                    if not golden.is_same(values[row], got[name][row]):
                        return f"{name} of {kind} {row} should be {values[row]} and is {got[name][row]}"
    except (UserError, Refused) as error:
        raise _Unconverted(f"{error}") from error
    return None


def _frame(columns: Columns, schema: dict[str, Any]) -> pd.DataFrame:
    """Rows as the reference takes them: texts, and doubles with NaN for what is missing.

    Raises:
        _Unconverted: A text is missing, which ONNX can't say.
    """
    made: dict[str, Any] = {}
    for values, column in zip(columns, schema["columns"], strict=True):
        text = _is_text(column)
        if text and not all(isinstance(value, str) for value in values):
            raise _Unconverted(
                f"the column {column['name']} holds more than texts, or none where one is missing"
            )
        made[column["name"]] = pd.Series(values, dtype=object if text else np.float64)
    return pd.DataFrame(made)
