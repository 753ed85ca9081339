"""An ONNX file to an artifact that ONNX Runtime serves."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from serving import artifact, golden
from skylayer import card
from skylayer.artifact.dependencies import library_versions
from skylayer.artifact.golden import make_golden
from skylayer.artifact.open import load
from skylayer.artifact.package import as_json, check_name, write
from skylayer.data.dataset import as_dataset
from skylayer.data.instances import columns_of, rows_of
from skylayer.data.schema import infer
from skylayer.data.statistics import describe
from skylayer.errors import UserError, one_line
from skylayer.formats.onnx.ensembles import NotExact
from skylayer.formats.onnx.graph import read_graph
from skylayer.formats.onnx.graph_rows import ask_for, make_up, read_cells, typed
from skylayer.formats.onnx.native_engine import native, package_native
from skylayer.formats.onnx.reference import Reference, Refused, Session
from skylayer.formats.onnx.signature import answers_of, feeds_of
from skylayer.train.tasks import Target, answers, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    from skylayer.data.dataset import Dataset
    from skylayer.data.schema import Schema
    from skylayer.formats.onnx.graph import Graph
    from skylayer.formats.onnx.signature import Answers, Feed

FILE = "model.onnx"
_REPLAYED = 500


def import_onnx(
    path: Path,
    content: bytes,
    *,
    sample: Path | None,
    name: str,
    directory: Path,
    training: dict[str, Any],
    progress: Callable[[float], None],
    proof_rows: int,
    opened: Callable[[], None] = lambda: None,
) -> Path:
    """Check a graph, package it, and compare the engine's answers with those of ONNX Runtime's own package.

    Args:
        path: The file, for messages.
        content: What is in it.
        sample: CSV of rows; without it numbers are made up, which must be all that the graph takes.
        name: Of the model.
        directory: Where artifacts are kept.
        training: What the manifest says of where the model comes from.
        progress: Told the share that is done.
        proof_rows: About how many rows the proof of the native engine replays.
        opened: Called when the graph has answered the sample.

    Returns:
        The artifact's folder.

    Raises:
        UserError: Something of this can't be served; the message says what, and the fix.
    """
    check_name(name)
    with _told_in_one_line():
        graph = read_graph(path, content)
        session = Session(path, graph)
        reference, frame, (feeds, found) = _look(session, graph, sample)
        opened()
        try:
            return package_native(
                native(graph, feeds, found, reference, frame),
                frame,
                version=session.version,
                name=name,
                directory=directory,
                training=training,
                progress=progress,
                proof_rows=proof_rows,
            )
        except NotExact as error:
            reason = (
                f"It came as ONNX, and ONNX Runtime {session.version} is what evaluates it, since {error}."
            )
        progress(0.5)
        dataset = as_dataset(frame)
        schema = _schema(dataset)
        columns = columns_of(dataset, schema)
        rows = _golden(reference, schema, columns)
    entry = {
        "file": FILE,
        "requirements": {"onnxruntime": session.version},
        "ir_version": graph.ir_version,
        "opset": graph.opset,
        **reference.entry(),
    }
    output: dict[str, Any] = {"fields": list(rows["answers"])}
    if reference.classes is not None:
        output["classes"] = reference.classes
    manifest = {
        "format": artifact.FORMAT,
        "name": name,
        "created": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "task": reference.task,
        "engine": "onnx",
        "engine_reason": reason,
        "engines": {"onnx": entry},
        "input": schema.to_manifest(),
        "output": output | {"targets": reference.targets},
        "metrics": {},
        "training": training | {"rows": 0, "sample_rows": dataset.rows},
        "libraries": library_versions(entry["requirements"]),
    }
    files = {
        FILE: graph.content,
        artifact.GOLDEN: as_json(rows),
        artifact.STATISTICS: as_json(describe(columns, schema, Target((), None))),
    } | card.files(manifest, "", [], {FILE: len(graph.content)})
    return write(
        Path(directory, name), manifest, files, lambda folder: _prove(folder, reference, columns, schema)
    )


@contextmanager
def _told_in_one_line() -> Iterator[None]:
    """A file names its parts as it likes, line breaks and a terminal's escape sequences included."""
    try:
        yield
    except UserError as error:
        raise UserError(one_line(f"{error}")) from error


def _look(
    session: Session, graph: Graph, sample: Path | None
) -> tuple[Reference, pd.DataFrame, tuple[tuple[Feed, ...], Answers]]:
    """The graph as an estimator, rows that it answers, and what goes in and comes out."""
    cells = None if sample is None else read_cells(sample)
    header = None if cells is None else list(cells.columns)
    feeds = feeds_of(session.inputs, graph.feature_names, header)
    found = answers_of(session.outputs, graph.normalized)
    frame = make_up(feeds) if cells is None else typed(cells, feeds)
    try:
        return Reference(session, feeds, found, graph, frame), frame, (feeds, found)
    except Refused as refusal:
        if sample is None:
            raise UserError(f"The graph doesn't take made-up rows: {refusal}. {ask_for(feeds)}") from refusal
        raise UserError(f"The graph doesn't take the {len(frame)} rows of {sample}: {refusal}.") from refusal


def _schema(dataset: Dataset) -> Schema:
    """The schema of the sample; to a graph a date is a text like any other."""
    schema = infer(dataset)
    columns = [replace(each, kind="text") if each.kind == "date" else each for each in schema.columns]
    return replace(schema, columns=tuple(columns))


def _golden(reference: Reference, schema: Schema, columns: dict[str, list[Any]]) -> dict[str, Any]:
    """Golden rows whose answers are batch invariant, with ONNX Runtime's answers.

    Raises:
        UserError: An answer depends on the other rows of its batch.
    """
    found = make_golden(reference, schema, columns, reference.task)
    kept = []
    for row, instance in enumerate(found["instances"]):
        single = _ask(reference, [instance], schema)
        together = {field: values[row : row + 1] for field, values in found["answers"].items()}
        numbers = {field: values for field, values in together.items() if field != "predictions"}
        tolerance = dict.fromkeys(together, golden.SINGLE)
        mismatch = golden.difference(numbers or together, single, tolerance)
        if mismatch:
            raise UserError(
                f"The graph's answer to a row depends on the other rows of a batch: {mismatch}. "
                "Export it for inference, one row independent of another."
            )
        # On an exact tie the label may turn with the last digit.
        if golden.difference(together, single, tolerance) is None:
            kept.append(row)
    return {
        "instances": [found["instances"][row] for row in kept],
        "answers": {field: [values[row] for row in kept] for field, values in found["answers"].items()},
    }


def _ask(reference: Reference, instances: list[dict[str, Any]], schema: Schema) -> dict[str, list[Any]]:
    from serving.engines.containers import container_of  # noqa: PLC0415 - needs pandas

    columns = [[instance[column.name] for instance in instances] for column in schema.columns]
    frame = container_of(schema.to_manifest())(columns, len(instances))
    return {name: to_json(values) for name, values in answers(reference, frame, reference.task).items()}


def _prove(folder: Path, reference: Reference, columns: dict[str, list[Any]], schema: Schema) -> None:
    """Ask the engine and ONNX Runtime's own package for the same rows: every bit of every answer must be the same."""
    rows = rows_of(columns)
    places = np.unique(np.linspace(0, len(rows) - 1, min(_REPLAYED, len(rows))).astype(int))
    model = load(folder)
    for instances in ([rows[place] for place in places], golden.read(folder)[0]):
        expected, got = _ask(reference, instances, schema), model.predict_instances(instances, bounded=False)
        for field, values in expected.items():
            for row, (own, served) in enumerate(zip(values, got[field], strict=True)):
                if json.dumps(own) != json.dumps(served):
                    raise UserError(
                        f"Row {row} of the sample comes out differently when served: {field} is {served}, "
                        f"ONNX Runtime's own package says {own}. Is every operator of the graph deterministic?"
                    )
