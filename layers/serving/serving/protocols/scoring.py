"""The scoring protocol of MLflow's model server, which SageMaker's containers share.

https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/#json-input
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
"""

from __future__ import annotations

from serving import csv_body, json_body, limits
from serving.errors import Problem
from serving.http import (
    CSV,
    JSON,
    Request,
    Response,
    accepted,
    asks_for_guard,
    content_type,
    json_response,
)
from serving.protocols.messages import in_one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from serving.model import Model

# The MLflow whose requests are taken: the first with these four formats.
VERSION = "2.0.0"
TEXT = "text/plain; charset=utf-8"


def ping(_: Request, __: Model) -> Response:
    """Whether the model is loaded: it is, or nothing would answer."""
    return Response(200, {"content-type": TEXT}, "\n")


def version(_: Request, __: Model) -> Response:
    """The version of MLflow whose protocol this is."""
    return Response(200, {"content-type": TEXT}, VERSION)


def invocations(request: Request, model: Model) -> Response:
    """Predictions for a data frame, a tensor or CSV; errors are MLflow's: `{"error_code", "message"}`."""
    try:
        return _invocations(request, model)
    except Problem as problem:
        status = problem.status if problem.status in {405, 406, 413, 415} else 400
        response = json_response({"error_code": "BAD_REQUEST", "message": in_one_line(problem)})
        response.status, response.outcome = status, problem.outcome
        return response


def _invocations(request: Request, model: Model) -> Response:
    sent = content_type(request.headers, (JSON, CSV))
    wanted = accepted(request.headers, (JSON, CSV))
    limits.check_body(request.body, model.schema)
    if sent == CSV:
        instances: list[Any] = csv_body.read(request.body, model.schema, model.most_rows)[0]
    else:
        instances = _instances(json_body.parse(request.body, nan_is_null=True))
        limits.check_rows(instances, model.most_rows)
    body = model.predict_instances(instances)
    headers = {"model-version": model.reference["version"]}
    if wanted == JSON:
        document = {"predictions": body["predictions"]}
        return json_response(document, rows=len(instances), headers=headers)
    targets = model.manifest["output"].get("targets") or []
    table = csv_body.write(body, ["predictions"], targets, guarded=asks_for_guard(request.headers))
    headers["content-type"] = f"{CSV}; charset=utf-8; header=present"
    return Response(200, headers, table, rows=len(instances))


def _instances(body: Any) -> list[Any]:
    if not isinstance(body, dict):
        raise Problem(400, f"The body must be an object with one of {', '.join(_FORMATS)}.")
    if body.get("params"):
        raise Problem(400, "params are not taken: this model has none.")
    found = [name for name in body if name != "params"]
    if len(found) != 1 or found[0] not in _FORMATS:
        raise Problem(400, f"The body must have exactly one of {', '.join(_FORMATS)}.")
    return _FORMATS[found[0]](body[found[0]])


def _records(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Problem(400, "The rows must be a list.")
    return value


def _split(value: Any) -> list[Any]:
    if not isinstance(value, dict) or not isinstance(value.get("data"), list):
        raise Problem(400, 'dataframe_split must be {"columns": [...], "data": [[...], ...]}.')
    columns = value.get("columns")
    rows: list[Any] = value["data"]
    if columns is None:
        return rows
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        raise Problem(400, "dataframe_split: columns must be a list of names.")
    if len(set(columns)) < len(columns):
        raise Problem(400, "dataframe_split: columns names one twice.")
    for number, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != len(columns):
            raise Problem(400, f"dataframe_split: row {number} of data must have {len(columns)} values.")
    return [dict(zip(columns, row, strict=True)) for row in rows]


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
