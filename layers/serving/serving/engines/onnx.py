"""The ONNX engine: a graph that ONNX Runtime evaluates, its inputs made of columns and its outputs read as answers.

The manifest says how, under `engines.onnx`::

    inputs     name, type, shape without the rows, and the columns that fill it, in order
    outputs    name and field of each; `largest` where the answer is the place of the largest value
"""

from __future__ import annotations

import os
import sys
from itertools import chain

from serving import limits
from serving.artifact import GOLDEN, ArtifactError
from serving.engines import onnx_api
from serving.engines.refused_row import RefusedRowFinder
from serving.errors import RowError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from serving.engines.pace import Pace

LIBRARY = "SKYLAYER_ONNXRUNTIME"
_NAN = float("nan")
_loaded: dict[str, onnx_api.Runtime] = {}


class OnnxEngine:
    """A session, and how columns become its inputs and its outputs answers."""

    def __init__(
        self, session: onnx_api.Session, entry: dict[str, Any], columns: list[dict[str, Any]], golden: str
    ) -> None:
        names = [column["name"] for column in columns]
        self._session = session
        self._inputs = [_feeder(described, names) for described in entry["inputs"]]
        self._outputs = list(dict.fromkeys(output["name"].encode() for output in entry["outputs"]))
        self._fields = [
            (output["field"], self._outputs.index(output["name"].encode()), output.get("largest", False))
            for output in entry["outputs"]
        ]
        self._finder = RefusedRowFinder(names, golden)
        self._columns = columns
        self._pace: Pace | None = None

    @property
    def most_rows(self) -> int:
        """How many rows fit into a request's time, once a larger request has had it measured."""
        return limits.MAX_ROWS if self._pace is None else self._pace.most_rows

    def admit(self, columns: list[list[Any]], rows: int) -> None:
        """Refuse what would take longer than a request may.

        Raises:
            Problem: 413.
        """
        if self._pace is None:
            from serving.engines.pace import Pace  # not above: a cold start answers without

            self._pace = Pace(self._columns, self._finder.golden_rows)
        self._pace.admit(self._run, columns, rows)

    def predict(self, columns: list[list[Any]], rows: int) -> dict[str, list[Any]]:
        """The graph's answers to rows, as JSON values: one list per field, one item per row.

        Args:
            columns: One list per column of the schema, each with one checked value per row.
            rows: Number of rows, at least 1.

        Raises:
            RowError: The graph refuses a row, or its inputs can't hold a value; the row is the first of those.
        """
        return self._finder.predict(self._run, columns, rows)

    def predict_json(self, body: bytes) -> None:
        """No short cut: bodies are read by `serving.json_body`."""

    def predict_members(self, columns: list[list[Any]], rows: int) -> None:
        """No short cut: answers are written by `serving.json_body`."""

    def _run(self, columns: list[list[Any]], rows: int) -> dict[str, list[Any]]:
        results = self._session.run([feed(columns, rows) for feed in self._inputs], self._outputs)
        answers: dict[str, list[Any]] = {}
        for field, place, largest in self._fields:
            answer = _answers(*results[place], rows)
            if largest:
                answer = [row.index(max(row)) for row in answer]
            answers[field] = list(map(_join, answers[field], answer)) if field in answers else answer
        return {field: list(map(_finite, answer)) for field, answer in answers.items()}


def load(folder: str, manifest: dict[str, Any]) -> OnnxEngine:
    """The engine of an artifact whose files are known to be those of its manifest.

    Raises:
        ArtifactError: ONNX Runtime isn't here, or refuses the graph.
    """
    entry = manifest["engines"]["onnx"]
    runtime = _runtime()
    try:
        session = onnx_api.Session(runtime, os.path.join(folder, entry["file"]))
    except onnx_api.OnnxError as error:
        raise ArtifactError(f"ONNX Runtime {runtime.version} refuses {entry['file']}: {error}") from None
    columns = manifest["input"]["columns"]
    try:
        if {output["field"] for output in entry["outputs"]} != set(manifest["output"]["fields"]):
            raise LookupError  # noqa: TRY301 (told below, like all that is wrong there)
        return OnnxEngine(session, entry, columns, os.path.join(folder, GOLDEN))
    except (LookupError, TypeError, AttributeError):
        raise ArtifactError(
            f"{folder}: engines.onnx doesn't describe inputs and outputs as it must."
        ) from None


def library_in(folder: str) -> str | None:
    """ONNX Runtime's shared library where its wheel has it, below a folder of packages; None if it isn't there."""
    place = os.path.join(folder, "onnxruntime", "capi")
    if os.path.isdir(place):
        for name in sorted(os.listdir(place)):
            if name.startswith("libonnxruntime."):
                return os.path.join(place, name)
    return None


def _library() -> str | None:
    """The library that SKYLAYER_ONNXRUNTIME names, or the first on `sys.path`."""
    chosen = os.environ.get(LIBRARY)
    return chosen or next(filter(None, map(library_in, sys.path)), None)


def _runtime() -> onnx_api.Runtime:
    """The library, loaded once in a process."""
    path = _library()
    if path is None:
        raise ArtifactError("the engine onnx is not in the deployed layers: there is no libonnxruntime.")
    if path not in _loaded:
        try:
            _loaded[path] = onnx_api.Runtime(path)
        except OSError as error:
            raise ArtifactError(f"ONNX Runtime's library can't be loaded: {error}") from None
    return _loaded[path]


def _feeder(described: dict[str, Any], names: list[str]) -> Callable[..., Any]:
    """How columns become one input of the graph."""
    name, places, inner = described["name"].encode(), described["columns"], tuple(described["shape"])
    text = described["type"] == "string"
    kind, code = (onnx_api.STRING, "") if text else onnx_api.CODES[described["type"]]
    owners = [names[place] for place in places]

    def feed(columns: list[list[Any]], rows: int) -> Any:
        chosen = [columns[place] for place in places]
        values = chosen[0] if len(chosen) == 1 else list(chain.from_iterable(zip(*chosen, strict=True)))
        return name, kind, (rows, *inner), _texts(values, owners) if text else _numbers(values, code, owners)

    return feed


def _numbers(values: list[Any], code: str, owners: list[str]) -> bytes:
    """Row-major values of an input as its memory; `owners` are the columns of a row."""
    if None in values:
        values = [_NAN if value is None else value for value in values]
    try:
        return onnx_api.pack(code, values)
    except (OverflowError, onnx_api.PackError):
        for place, value in enumerate(values):
            try:
                onnx_api.pack(code, [value])
            except (OverflowError, onnx_api.PackError):
                row, column = divmod(place, len(owners))
                raise RowError(
                    row, owners[column], "the number is beyond what the graph's input holds"
                ) from None
        raise


def _texts(values: list[Any], owners: list[str]) -> list[bytes]:
    encoded = []
    for place, value in enumerate(values):
        row, column = divmod(place, len(owners))
        if not isinstance(value, str):
            raise RowError(row, owners[column], "a text is needed here")
        if "\0" in value:
            raise RowError(row, owners[column], "the character NUL would end the text")
        try:
            encoded.append(value.encode())
        except UnicodeEncodeError:
            raise RowError(row, owners[column], "a lone surrogate isn't a character") from None
    return encoded


def _answers(shape: tuple[int, ...], values: list[Any], rows: int) -> list[Any]:
    """An output as one item per row: a value where there is one, else a list."""
    if not values or not shape or shape[0] != rows:
        raise onnx_api.OnnxError(f"an output has the shape {list(shape)} for {rows} rows")
    width = len(values) // rows
    return values if width == 1 else [values[start : start + width] for start in range(0, len(values), width)]


def _join(first: Any, second: Any) -> list[Any]:
    return [
        *(first if isinstance(first, list) else [first]), *(second if isinstance(second, list) else [second])
    ]  # fmt: skip


def _finite(value: Any) -> Any:
    if isinstance(value, list):
        return [_finite(item) for item in value]
    # x - x is 0 for every finite number and for nothing else
    return None if isinstance(value, float) and value - value != 0.0 else value
