"""The scoring protocol of MLflow's model server, and that of SageMaker's scikit-learn container at the same path.

https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/#json-input
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
https://docs.aws.amazon.com/sagemaker/latest/dg/cdf-inference.html

What came tells one from the other: MLflow's clients name what they send, in JSON by a member and in CSV by a header;
SageMaker's send rows alone, and get predictions alone. Both leave out what the model has no column for.
"""

from __future__ import annotations

from serving import csv_body, ignored, json_body, limits, npy
from serving.errors import Problem, quoted
from serving.http import (
    CSV,
    JSON,
    Request,
    Response,
    accepted,
    asks_for_guard,
    content_type,
    json_response,
    parameter,
)
from serving.protocols.booleans import with_booleans
from serving.protocols.messages import mlflow_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from serving.model import Model

# The MLflow whose requests are taken: the first with these four formats.
VERSION = "2.0.0"
TEXT = "text/plain; charset=utf-8"
JSON_LINES = "application/jsonlines"
# A batch transform job asks for no more at a time than a request may have.
_BYTES_OF_A_MEGABYTE = 1024 * 1024
# MLflow's name of a method -> the field of the answer that it gives.
_METHODS = {
    "predict": "predictions",
    "predict_proba": "probabilities",
    "decision_function": "scores",
    "score_samples": "scores",
    "transform": "distances",
}


class _Rows:
    """What a request asks for.

    `bare` says that rows came without a name, so that predictions go without one, too; `field` is what is wanted
    of the answer.
    """

    __slots__ = ("bare", "columns", "field", "instances", "members", "missing")

    def __init__(self, instances: list[Any], *, bare: bool) -> None:
        self.instances = instances
        self.bare = bare
        self.field = "predictions"
        self.columns: list[str] = []
        self.members: list[str] = []
        self.missing: list[str] = []


def ping(_: Request, __: Model) -> Response:
    """Whether the model is loaded: it is, or nothing would answer."""
    return Response(200, {"content-type": TEXT}, "\n")


def version(_: Request, __: Model) -> Response:
    """The version of MLflow whose protocol this is."""
    return Response(200, {"content-type": TEXT}, VERSION)


def execution_parameters(_: Request, __: Model) -> Response:
    """What SageMaker's batch transform asks before it starts: how to cut a file into requests."""
    return json_response({
        "MaxConcurrentTransforms": 1,
        "BatchStrategy": "MULTI_RECORD",
        "MaxPayloadInMB": max(1, limits.MAX_BODY_BYTES // _BYTES_OF_A_MEGABYTE),
    })  # fmt: skip


def invocations(request: Request, model: Model) -> Response:
    """Predictions for a data frame, a tensor or rows; errors are MLflow's."""
    try:
        return _invocations(request, model)
    except Problem as problem:
        return mlflow_error(problem)


def _invocations(request: Request, model: Model) -> Response:
    sent = content_type(request.headers, tuple(_READERS))
    wanted = accepted(request.headers, (JSON, CSV, JSON_LINES, npy.MEDIA_TYPE))
    rows = _READERS[sent](request, model)
    body = model.predict_instances(rows.instances)
    answers = body[rows.field]
    headers = {
        "model-version": model.reference["version"],
        **ignored.headers(rows.columns, rows.members, rows.missing),
    }
    if wanted == JSON:
        document = answers if rows.bare else {"predictions": answers}
        return json_response(document, rows=len(answers), headers=headers)
    if wanted == CSV:
        targets = model.manifest["output"].get("targets") or []
        guarded = asks_for_guard(request.headers)
        content: str | bytes = csv_body.write(
            body, [rows.field], targets, header=not rows.bare, guarded=guarded
        )
        headers["content-type"] = f"{CSV}; charset=utf-8; header={'absent' if rows.bare else 'present'}"
    elif wanted == JSON_LINES:
        content = "".join(f"{json_body.encode(answer)}\n" for answer in answers)
        headers["content-type"] = JSON_LINES
    else:
        content = npy.write(answers)
        headers["content-type"] = npy.MEDIA_TYPE
    return Response(200, headers, content, rows=len(answers))


def _csv(request: Request, model: Model) -> _Rows:
    limits.check_body(request.body, model.schema)
    header = {"absent": False, "present": True}.get(parameter(request.headers, "header"))
    read = csv_body.read(request.body, model.schema, model.most_rows, header=header, ignore_unknown=True)
    rows = _Rows(read.instances, bare=not read.header)
    rows.columns, rows.missing = read.ignored, read.missing
    return rows


def _npy(request: Request, model: Model) -> _Rows:
    limits.check_length(request.body)
    instances = npy.read(request.body, len(model.schema), model.most_rows)
    convert = [_from_array(column) for column in model.schema]
    return _Rows(
        [[read(value) for read, value in zip(convert, row, strict=True)] for row in instances], bare=True
    )


def _from_array(column: Any) -> Callable[[Any], Any]:
    """How a value of an array, all of whose values are of one type, becomes the column's."""
    from_text = csv_body.converter(column)

    def value_of(value: Any) -> Any:
        if isinstance(value, str):
            return from_text(value)
        if column.types == {bool}:
            return value == 1 if value in {0, 1} else value
        return int(value) if isinstance(value, bool) else value

    return value_of


def _json_lines(request: Request, model: Model) -> _Rows:
    """A row on each line, as a list, an object of columns or, as SageMaker's own models have it, `features`."""
    limits.check_body(request.body, model.schema)
    lines = [line for line in request.body.split(b"\n") if line.strip()]
    limits.check_rows(lines, model.most_rows)
    if not lines:
        raise Problem(400, "The body is empty.")
    rows = [json_body.parse(line, nan_is_null=True) for line in lines]
    return _without_unknown([_features(row, model) for row in rows], model, bare=True)


def _features(row: Any, model: Model) -> Any:
    wrapped = isinstance(row, dict) and [*row] == ["features"] and model.schema[0].name != "features"
    return row["features"] if wrapped else row


def _json(request: Request, model: Model) -> _Rows:
    limits.check_body(request.body, model.schema)
    body = json_body.parse(request.body, nan_is_null=True)
    if isinstance(body, list):
        return _without_unknown(body, model, bare=True)
    if not isinstance(body, dict):
        raise Problem(400, f"The body must be rows, or an object with one of {', '.join(_FORMATS)}.")
    found = [name for name in _FORMATS if name in body]
    if len(found) != 1:
        raise Problem(400, f"The body must have exactly one of {', '.join(_FORMATS)}.")
    rows = _without_unknown(_FORMATS[found[0]](body[found[0]]), model, bare=False)
    rows.members = [name for name in body if name not in {*found, "params"}]
    _read_parameters(body.get("params"), rows, model)
    return rows


def _without_unknown(instances: list[Any], model: Model, *, bare: bool) -> _Rows:
    known, unknown = ignored.without_unknown(limits.check_rows(instances, model.most_rows), model.schema)
    rows = _Rows(with_booleans(known, model.schema), bare=bare)
    rows.columns = unknown
    return rows


def _read_parameters(parameters: Any, rows: _Rows, model: Model) -> None:
    """Take the method that is to answer from MLflow's `params`; the others have no effect, as there."""
    if not isinstance(parameters, dict):
        rows.members += ["params"] if parameters else []
        return
    rows.members += [f"params.{name}" for name in parameters if name != "predict_method"]
    method = parameters.get("predict_method", "predict")
    offered = [name for name, field in _METHODS.items() if field in model.manifest["output"]["fields"]]
    if method not in offered:
        raise Problem(
            400, f"params.predict_method must be one of {', '.join(offered)}, not {quoted(method)}."
        )
    rows.field = _METHODS[method]


def _records(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Problem(400, "The rows must be a list.")
    return value


def _split(value: Any) -> list[Any]:
    if not isinstance(value, dict) or not isinstance(value.get("data"), list):
        raise Problem(400, 'dataframe_split must be {"columns": [...], "data": [[...], ...]}.')
    columns = value.get("columns")
    rows: list[Any] = value["data"]
    index = value.get("index")
    if isinstance(index, list) and len(index) != len(rows):
        raise Problem(400, f"dataframe_split: index has {len(index)} values, data {len(rows)} rows.")
    if columns is None:
        return rows
    if not isinstance(columns, list) or not all(type(name) in {str, int} for name in columns):
        raise Problem(400, "dataframe_split: columns must be a list of names or positions.")
    names = [str(name) for name in columns]
    if len(set(names)) < len(names):
        raise Problem(400, "dataframe_split: columns names one twice.")
    for number, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != len(names):
            raise Problem(400, f"dataframe_split: row {number} of data must have {len(names)} values.")
    return [dict(zip(names, row, strict=True)) for row in rows]


def _inputs(value: Any) -> list[Any]:
    """A tensor, or one for each column by name."""
    if not isinstance(value, dict):
        return _records(value)
    columns = list(value.values())
    if not all(isinstance(column, list) for column in columns):
        raise Problem(400, "inputs: each column must be a list of values.")
    if len({len(column) for column in columns}) > 1:
        raise Problem(400, "inputs: the columns have different lengths.")
    cells = [[_unwrapped(cell) for cell in column] for column in columns]
    return [dict(zip(value, row, strict=True)) for row in zip(*cells, strict=True)]


def _unwrapped(cell: Any) -> Any:
    """The value of a cell, which a tensor of shape [rows, 1] holds in a list."""
    return cell[0] if isinstance(cell, list) and len(cell) == 1 else cell


_FORMATS: dict[str, Callable[[Any], list[Any]]] = {
    "dataframe_split": _split,
    "dataframe_records": _records,
    "instances": _records,
    "inputs": _inputs,
}
_READERS: dict[str, Callable[[Request, Model], _Rows]] = {
    JSON: _json,
    CSV: _csv,
    JSON_LINES: _json_lines,
    npy.MEDIA_TYPE: _npy,
}
