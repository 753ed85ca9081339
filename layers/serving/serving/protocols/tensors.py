"""Tensors of the Open Inference Protocol to rows, answers to tensors."""

from __future__ import annotations

from math import prod

from serving.csv_body import converter
from serving.errors import Problem, quoted
from serving.instances import keys_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from serving.schema import Column

_FLOATS = ("FP16", "FP32", "FP64", "BF16")
_INTEGERS = tuple(f"{sign}INT{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64))
_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "BOOL": (bool,),
    "BYTES": (str,),
    **dict.fromkeys(_FLOATS, (int, float)),
    **dict.fromkeys(_INTEGERS, (int,)),
}
_KINDS = {"number": "FP64", "integer": "INT64", "boolean": "BOOL"}
_MAX_AXES = 2
_MAX_PROBLEMS = 10


def datatype_of_column(column: Column) -> str:
    """The data type of a column's tensor; categories of several types come as text."""
    if column.kind != "category":
        return _KINDS.get(column.kind, "BYTES")
    return _datatype(column.categories)


def rows_of(inputs: Any, schema: list[Column], unknown: list[str] | None = None) -> list[list[Any]]:
    """The rows that the input tensors hold, in the order of the schema.

    Args:
        inputs: The tensors: one for each column, by name, or one matrix.
        schema: The columns. Tensors of other names are left out, unless a column has none: the one may be the other,
            misspelt.
        unknown: Gets the names of those that were left out.

    Raises:
        Problem: 400: not tensors, or not those of the schema.
    """
    if not isinstance(inputs, list) or not inputs:
        raise Problem(400, "inputs must be a list of at least one tensor.")
    tensors = [_Tensor(tensor) for tensor in inputs]
    is_matrix = len(tensors) == 1 and (len(schema) == 1 or len(tensors[0].shape) == _MAX_AXES)
    if is_matrix:
        return _matrix(tensors[0], schema)
    return _columns(tensors, schema, [] if unknown is None else unknown)


class _Tensor:
    """An input: `data` is flat, row after row; `width` is the number of values in a row."""

    __slots__ = ("data", "datatype", "name", "rows", "shape", "width")

    def __init__(self, document: Any) -> None:
        if not isinstance(document, dict) or not isinstance(document.get("name"), str):
            raise Problem(400, "Each input must be an object with name, shape, datatype and data.")
        self.name: str = document["name"]
        self.datatype: str = document.get("datatype", "")
        if not isinstance(self.datatype, str) or self.datatype not in _JSON_TYPES:
            raise self._problem(f"datatype must be one of {', '.join(_JSON_TYPES)}")
        self.shape: Any = document.get("shape")
        if (
            not isinstance(self.shape, list)
            or not 1 <= len(self.shape) <= _MAX_AXES
            or not all(type(size) is int and size >= 0 for size in self.shape)
        ):
            raise self._problem("shape must be [rows] or [rows, columns]")
        self.rows: int = self.shape[0]
        self.width: int = self.shape[1] if len(self.shape) == _MAX_AXES else 1
        self.data = _flat(document.get("data"))
        if len(self.data) != prod(self.shape):
            raise self._problem(
                f"the shape {quoted(self.shape)} holds {quoted(prod(self.shape))} values, data {len(self.data)}"
            )
        allowed = {*_JSON_TYPES[self.datatype], type(None)}
        if not set(map(type, self.data)) <= allowed:
            raise self._problem(f"data holds values that are not of the datatype {self.datatype}")

    def _problem(self, detail: str) -> Problem:
        return Problem(400, f"Input {quoted(self.name)}: {detail}.")


def _flat(data: Any) -> list[Any]:
    """The values of a tensor, which may come flat or as a list for each row."""
    if not isinstance(data, list):
        raise Problem(400, "data must be a list of values, row after row.")
    if data and all(isinstance(row, list) for row in data):
        return [value for row in data for value in row]
    return data


def _matrix(tensor: _Tensor, schema: list[Column]) -> list[list[Any]]:
    if tensor.width != len(schema):
        names = ", ".join(column.name for column in schema)
        raise Problem(
            400, f"A matrix must have the {len(schema)} columns {names}; this one has {quoted(tensor.width)}."
        )
    converters = [_converter(tensor.datatype, column) for column in schema]
    rows = (tensor.data[start : start + tensor.width] for start in range(0, len(tensor.data), tensor.width))
    return [[convert(value) for convert, value in zip(converters, row, strict=True)] for row in rows]


def _columns(tensors: list[_Tensor], schema: list[Column], unknown: list[str]) -> list[list[Any]]:
    by_name = {tensor.name: tensor for tensor in tensors}
    keys = keys_of(by_name, schema)
    known = set(keys)
    unknown += sorted(by_name.keys() - known)
    problems = [f"{name} is missing" for name in sorted(known - by_name.keys())]
    if problems:
        problems += [f"{quoted(name)} is not a column" for name in unknown[:_MAX_PROBLEMS]]
    if len(by_name) < len(tensors):
        problems.append("a name occurs twice")
    used = [tensor for tensor in tensors if tensor.name in known]
    if len({tensor.rows for tensor in used}) > 1:
        problems.append("they have different numbers of rows")
    problems += [
        f"{quoted(tensor.name)} must have the shape [rows] or [rows, 1]"
        for tensor in used
        if tensor.width != 1
    ]
    if problems:
        raise Problem(400, f"The inputs must be one for each column: {'; '.join(problems[:_MAX_PROBLEMS])}.")
    columns = []
    for key, column in zip(keys, schema, strict=True):
        convert = _converter(by_name[key].datatype, column)
        columns.append([convert(value) for value in by_name[key].data])
    return [list(row) for row in zip(*columns, strict=True)]


def _converter(datatype: str, column: Column) -> Callable[[Any], Any]:
    """How a tensor's value becomes the column's; what can't is left for validation to refuse."""
    if datatype == "BYTES":
        from_text = converter(column)
        return lambda value: None if value is None else from_text(value)
    if column.kind == "boolean" and datatype != "BOOL":
        return lambda value: bool(value) if value in (0, 1) else value
    return lambda value: value


def output_types(output: dict[str, Any], task: str, golden: dict[str, Any]) -> list[dict[str, Any]]:
    """Name, data type and shape of each output: those of the golden answers, with any number of rows.

    Args:
        output: The manifest's.
        task: The manifest's.
        golden: The estimator's answers to the golden rows by field, empty for an artifact that has none.
    """
    if all(golden.get(field) for field in output["fields"]):
        tensors = output_tensors(golden, output)
        return [
            {"name": name, "datatype": tensor["datatype"], "shape": [-1, *tensor["shape"][1:]]}
            for name, tensor in tensors.items()
        ]
    return _types_without_answers(output, task)


def _types_without_answers(output: dict[str, Any], task: str) -> list[dict[str, Any]]:
    """As much of it as the manifest tells by itself."""
    classes = output.get("classes") or []
    targets = output.get("targets") or []
    several = len(targets) > 1
    nested = several and all(isinstance(each, list) for each in classes)
    labels = _labels(output)
    numbers = "FP64" if task == "regression" else "INT64"  # a cluster's number, or an outlier's -1
    shape = [-1, len(targets)] if several else [-1]
    types = [{"name": "predictions", "datatype": _datatype(labels) if labels else numbers, "shape": shape}]
    for field in output["fields"][1:]:
        if nested:
            types += [
                {"name": f"{field}_{target}", "datatype": "FP64", "shape": [-1, len(each)]}
                for target, each in zip(targets, classes, strict=True)
            ]
        else:
            types.append({"name": field, "datatype": "FP64", "shape": _shape(field, labels, targets)})
    return types


def _shape(field: str, labels: list[Any], targets: list[str]) -> list[int]:
    """The shape of a field of numbers, -1 for what only an answer tells."""
    if field == "distances":
        return [-1, -1]
    if len(targets) > 1:
        return [-1, len(targets)]
    if field == "scores" and len(labels) <= 2:  # noqa: PLR2004 - of two classes, a score says both
        return [-1]
    return [-1, len(labels) or -1]


def _labels(output: dict[str, Any]) -> list[Any]:
    """The classes of every target."""
    classes = output.get("classes") or []
    nested = bool(classes) and all(isinstance(each, list) for each in classes)
    return [label for each in classes for label in each] if nested else classes


def output_tensors(answer: dict[str, Any], output: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """An answer as tensors by name; what has a list of lists for each row is split by target.

    Labels have the data type of all classes, not of those that this very answer names.
    """
    tensors: dict[str, dict[str, Any]] = {}
    labels = _labels(output)
    for field in output["fields"]:
        rows = answer[field]
        first = rows[0]
        datatype = "" if field == "predictions" else "FP64"
        if isinstance(first, list) and first and isinstance(first[0], list):
            targets = output.get("targets") or [str(index) for index in range(len(first))]
            for index, target in enumerate(targets):
                tensors[f"{field}_{target}"] = _tensor([row[index] for row in rows], datatype)
        else:
            tensors[field] = _tensor(rows, datatype or (_datatype(labels) if labels else ""))
    return tensors


def _tensor(rows: list[Any], declared: str) -> dict[str, Any]:
    """Values as a tensor, of the declared data type or, without one, of the narrowest."""
    wide = isinstance(rows[0], list)
    data = [value for row in rows for value in row] if wide else rows
    datatype = declared or _datatype(data)
    if datatype == "BYTES":
        data = [value if isinstance(value, str) else str(value) for value in data]
    return {"datatype": datatype, "shape": [len(rows), len(rows[0])] if wide else [len(rows)], "data": data}


def _datatype(values: list[Any]) -> str:
    """The narrowest data type that holds the values; a missing one is a float's."""
    types = {type(value) for value in values}
    if types == {bool}:
        return "BOOL"
    if types == {int}:
        return "INT64"
    return "FP64" if types and types <= {int, float, type(None)} else "BYTES"
