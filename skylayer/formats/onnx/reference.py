"""ONNX Runtime's own Python package, asked for the answers that the engine has to give."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer.errors import UserError
from skylayer.formats.onnx.signature import Value

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from skylayer.formats.onnx.graph import Graph
    from skylayer.formats.onnx.signature import Answers, Feed

_TABLE = 2
_MOST_CLASSES = 10_000
_SUM_OF_PROBABILITIES = 1e-3
_ROUNDING = 1e-5  # what the shares of many trees may be beyond 0 and 1, summed in float32
_NUMPY = {"float": "float32", "double": "float64", "float16": "float16", "string": "object"}


class Refused(Exception):
    """ONNX Runtime can't answer some rows; the message is the first line of why."""


class Session:
    """A graph as it came, ready to answer."""

    def __init__(self, path: Path, graph: Graph) -> None:
        """Load it.

        Raises:
            UserError: ONNX Runtime isn't installed, is older than the graph, or refuses it.
        """
        # Set before the import, since the wheel would send usage data to its makers.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        try:
            import onnxruntime  # noqa: PLC0415 - an optional package
        except ImportError:
            raise UserError("onnxruntime is not installed: make develop installs it.") from None
        self.version: str = onnxruntime.__version__
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(
                graph.original, options, providers=["CPUExecutionProvider"], enable_fallback=0
            )
            self.inputs = list(map(_value, self._session.get_inputs()))
            described = {each.name: _value(each) for each in self._session.get_outputs()}
        except Exception as error:  # its exceptions have no base of their own
            raise UserError(_why_not(path, graph, self.version, f"{error}")) from error
        self._unzipped = graph.unzipped
        for name, (source, classes) in graph.unzipped.items():
            described[name] = Value(source, "tensor(float)", (None, len(classes)))
        self.outputs = list({value.name: value for value in described.values()}.values())

    def run(self, feeds: tuple[Feed, ...], frame: pd.DataFrame) -> dict[str, np.ndarray[Any, Any]]:
        """Every output for some rows, as an array of shape (rows,) or (rows, columns).

        Raises:
            Refused: ONNX Runtime raises, or an output isn't one row for each row.
        """
        rows = len(frame)
        inputs = {
            feed.name: frame[list(feed.columns)]
            .to_numpy(_NUMPY.get(feed.type, feed.type))
            .reshape(rows, *feed.shape)
            for feed in feeds
        }
        names = [each.name for each in self._session.get_outputs()]
        try:
            results = dict(zip(names, self._session.run(names, inputs), strict=True))
        except Exception as error:  # its exceptions have no base of their own
            raise Refused(_told(f"{error}")) from error
        for name, (source, classes) in self._unzipped.items():
            mappings = results.pop(name)
            results[source] = np.array(
                [[mapping[each] for each in classes] for mapping in mappings], np.float32
            )
        for name, result in results.items():
            results[name] = _rows_of(name, np.asarray(result), rows)
        return results


class Reference:
    """A session as an estimator: `predict` and, as the graph has them, `predict_proba` or `decision_function`.

    Attributes:
        task: One of `serving.artifact.TASKS`.
        fields: What it answers.
        classes: Labels in the order of the probabilities; None if the graph doesn't say.
        targets: What it predicts.
    """

    def __init__(
        self, session: Session, feeds: tuple[Feed, ...], answers: Answers, graph: Graph, frame: pd.DataFrame
    ) -> None:
        """Look at the answers to some rows, to know what they mean.

        Raises:
            Refused: ONNX Runtime can't answer them.
        """
        self._session, self._feeds, self._answers = session, feeds, answers
        results = session.run(feeds, frame)
        self.task = answers.task
        self.fields = ["predictions"]
        self.classes: list[Any] | None = None
        self.targets = ["target"]
        if answers.degrees is not None:
            degrees = results[answers.degrees]
            if _are_probabilities(degrees):
                self.fields.append("probabilities")
                self.predict_proba = self._degrees
            else:
                self.fields.append("scores")
                self.decision_function = self._degrees
        if answers.labels is not None:
            labels = results[answers.labels]
            if labels.ndim == _TABLE:
                self.targets = [f"{answers.labels}_{place}" for place in range(labels.shape[1])]
            self.classes = _classes(graph, answers, labels, results.get(answers.degrees or ""))
        elif answers.degrees is not None:
            self.classes = list(range(results[answers.degrees].shape[1]))
        else:
            self.targets = _targets({name: results[name] for name in answers.numbers})

    def predict(self, frame: pd.DataFrame) -> Any:
        """Labels or numbers, shape (rows,) or (rows, targets).

        Raises:
            ValueError: ONNX Runtime refuses the rows.
        """
        results = self._run(frame)
        if self._answers.labels is not None:
            return results[self._answers.labels]
        if self._answers.degrees is not None:
            return results[self._answers.degrees].argmax(axis=1)
        values = [results[name] for name in self._answers.numbers]
        if len(values) == 1:
            return values[0]
        return np.concatenate([each.reshape(len(frame), -1) for each in values], axis=1)

    def entry(self) -> dict[str, Any]:
        """How the engine fills the inputs and reads the outputs, as the manifest's `engines.onnx` says it."""
        places = {name: place for place, name in enumerate(column_names(self._feeds))}
        inputs = [
            {
                "name": feed.name,
                "type": feed.type,
                "shape": list(feed.shape),
                "columns": [places[name] for name in feed.columns],
            }
            for feed in self._feeds
        ]
        answers = self._answers
        outputs: list[dict[str, Any]] = [{"name": name, "field": "predictions"} for name in answers.numbers]
        if answers.labels is not None:
            outputs.append({"name": answers.labels, "field": "predictions"})
        elif answers.degrees is not None:
            outputs.append({"name": answers.degrees, "field": "predictions", "largest": True})
        if answers.degrees is not None:
            outputs.append({"name": answers.degrees, "field": self.fields[-1]})
        return {"inputs": inputs, "outputs": outputs}

    def _degrees(self, frame: pd.DataFrame) -> Any:
        return self._run(frame)[self._answers.degrees or ""]

    def _run(self, frame: pd.DataFrame) -> dict[str, Any]:
        try:
            return self._session.run(self._feeds, frame)
        except Refused as refusal:
            raise ValueError(f"{refusal}") from refusal


def _value(described: Any) -> Value:
    return Value(described.name, described.type, tuple(described.shape or ()))


def column_names(feeds: tuple[Feed, ...]) -> list[str]:
    """The columns of all inputs, in order."""
    return [name for feed in feeds for name in feed.columns]


def _rows_of(name: str, result: np.ndarray[Any, Any], rows: int) -> np.ndarray[Any, Any]:
    """An output with one row for each row; one value in a row is that value."""
    if result.ndim not in {1, _TABLE} or result.shape[0] != rows or not result.size:
        raise Refused(
            f"its output {name} has the shape {list(result.shape)} for {rows} rows; it must be one value or one list "
            "of values for each row"
        )
    return result[:, 0] if result.ndim == _TABLE and result.shape[1] == 1 else result


def _are_probabilities(values: np.ndarray[Any, Any]) -> bool:
    if values.ndim != _TABLE or not np.isfinite(values).all():
        return False
    if values.min() < -_ROUNDING or values.max() > 1 + _ROUNDING:
        return False
    return bool((np.abs(values.sum(axis=1, dtype=np.float64) - 1) < _SUM_OF_PROBABILITIES).all())


def _classes(
    graph: Graph, answers: Answers, labels: np.ndarray[Any, Any], degrees: np.ndarray[Any, Any] | None
) -> list[Any] | None:
    """The classes, if the graph names them and its answers agree."""
    zipped = [classes for source, classes in graph.unzipped.values() if source == answers.degrees]
    found = zipped[0] if zipped else graph.classes.get(answers.labels or "")
    if found is None or len(found) > _MOST_CLASSES or not set(labels.ravel().tolist()) <= set(found):
        return None
    if degrees is not None and degrees.ndim == _TABLE:
        if len(found) != degrees.shape[1]:
            return None
        named = [found[place] for place in degrees.argmax(axis=1)]
        largest = np.sort(degrees, axis=1)
        clear = largest[:, -1] > largest[:, -2]
        if any(
            label != name for label, name, sure in zip(labels.tolist(), named, clear, strict=True) if sure
        ):
            return None
    return found


def _targets(values: dict[str, np.ndarray[Any, Any]]) -> list[str]:
    """A name for each predicted number."""
    if len(values) == 1 and next(iter(values.values())).ndim == 1:
        return ["target"]
    return [
        name if each.ndim == 1 else f"{name}_{place}"
        for name, each in values.items()
        for place in range(1 if each.ndim == 1 else each.shape[1])
    ]


def _why_not(path: Path, graph: Graph, version: str, error: str) -> str:
    """Why ONNX Runtime refuses a graph, in the user's words where it is too new."""
    newer = re.search(
        r"Opset (\d+) is under development.*?domain (\S+) is till opset (\d+)", error, re.DOTALL
    )
    if newer:
        domain = newer[2] if newer[2] in graph.opset else "ai.onnx"
        return (
            f"{path} uses opset {newer[1]} of {domain}, and ONNX Runtime {version} knows up to {newer[3]}. "
            f"Export it with an older opset, or uv add --group formats a newer onnxruntime."
        )
    if "model IR version" in error:
        most = error.rpartition(":")[2].strip(" .\n")
        return (
            f"{path} is of IR version {graph.ir_version}, and ONNX Runtime {version} knows up to {most}. "
            f"Export it with an older onnx, or uv add --group formats a newer onnxruntime."
        )
    return f"ONNX Runtime {version} refuses {path}: {_told(error)}"


def _told(error: str) -> str:
    """What ONNX Runtime says, in one line and without the place in its source."""
    line = " ".join(error.rpartition("Status Message: ")[2].split())
    line = re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", line)
    return re.sub(r"\S*/onnxruntime_src/\S+:\d+ .*?\) (?=[A-Z\[])", "", line)[:300]
