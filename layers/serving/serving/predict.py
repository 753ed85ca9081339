"""`POST /predict`: instances as JSON or CSV, predictions as JSON or CSV."""

from __future__ import annotations

from serving import json_body, limits
from serving.errors import MAX_PROBLEMS, Problem, pointer
from serving.http import CSV, JSON, Request, Response, accepted, content_type, json_response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from serving.model import Model

WARNINGS = "warnings"


def predict(request: Request, model: Model) -> Response:
    """One prediction for each instance of the body.

    Raises:
        Problem: 400, 406, 413, 415 or 422.
    """
    sent = content_type(request.headers, (JSON, CSV))
    wanted = accepted(request.headers, (JSON, CSV) if sent == JSON else (CSV, JSON))
    limits.check_body(request.body, model.schema)
    headers = {"model-version": model.reference["version"]}
    if sent == wanted == JSON:
        text, rows = _json_to_json(request.body, model)
        return Response(200, {"content-type": JSON, **headers}, text, rows=rows)
    body = _predict_document(request.body, model) if sent == JSON else _predict_csv(request.body, model)
    rows = len(body[model.fields[0]])
    if wanted == JSON:
        return json_response(body, rows=rows, headers=headers)
    from serving import csv_body  # not above: few clients send or want a table

    table = csv_body.write(body, model.fields, model.manifest["output"].get("targets") or [])
    return Response(
        200, {"content-type": f"{CSV}; charset=utf-8; header=present", **headers}, table, rows=rows
    )


def _json_to_json(body: bytes, model: Model) -> tuple[str, int]:
    short = model.predict_json(body)
    if short is not None and short[1] <= limits.MAX_ROWS:
        return short
    document = _document(body)
    instances = document["instances"]
    text = model.predict_text(instances)
    if document.get(WARNINGS):
        from serving.unseen import warnings  # not above: few ask for them

        told = json_body.encode({WARNINGS: warnings(instances, model.schema)})
        text = f"{text[:-1]},{told[1:]}"
    return text, len(instances)


def _predict_document(body: bytes, model: Model) -> dict[str, Any]:
    """The answer to a JSON body as it becomes a table, which has no room for warnings."""
    return model.predict_instances(_document(body)["instances"])


def _document(body: bytes) -> dict[str, Any]:
    """A body whose members are known, and its number of rows allowed."""
    document = json_body.parse(body)
    if not isinstance(document, dict) or not isinstance(document.get("instances"), list):
        raise Problem(
            422,
            'The body must be an object with an array of rows: {"instances": [{"column": value, ...}, ...]}.',
            errors=[
                {"pointer": "/instances" if isinstance(document, dict) else "", "detail": "expected an array"}
            ],
            count=1,
        )
    unknown = [name for name in document if name not in {"instances", WARNINGS}]
    if unknown:
        errors = [
            {"pointer": pointer(name[:200]), "detail": "unknown member; there are instances and warnings"}
            for name in unknown[:MAX_PROBLEMS]
        ]
        raise Problem(422, "The body has unknown members.", errors=errors, count=len(unknown))
    if not isinstance(document.get(WARNINGS, False), bool):
        raise Problem(
            422,
            "The body has a member that can't be read.",
            errors=[{"pointer": f"/{WARNINGS}", "detail": "expected true or false"}],
            count=1,
        )
    limits.check_rows(document["instances"])
    return document


def _predict_csv(body: bytes, model: Model) -> dict[str, Any]:
    from serving import csv_body

    instances, lines = csv_body.read(body, model.schema, limits.MAX_ROWS)
    try:
        return model.predict_instances(instances)
    except Problem as problem:
        for error in problem.errors or []:
            error["line"] = lines[int(error["pointer"].split("/")[2])]
        raise
