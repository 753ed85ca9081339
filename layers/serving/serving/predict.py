"""`POST /predict`: instances as JSON or CSV, predictions as JSON or CSV."""

from __future__ import annotations

from serving import json_body, limits
from serving.errors import MAX_PROBLEMS, Problem, pointer, quoted
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

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from serving.model import Model

WARNINGS = "warnings"


def predict(request: Request, model: Model) -> Response:
    """One prediction for each instance of the body.

    With `?extra=ignore`, columns and members that the model doesn't have are left out and told in a header.

    Raises:
        Problem: 400, 406, 413, 415 or 422.
    """
    sent = content_type(request.headers, (JSON, CSV))
    wanted = accepted(request.headers, (JSON, CSV) if sent == JSON else (CSV, JSON))
    limits.check_body(request.body, model.schema)
    headers = {"model-version": model.reference["version"]}
    if sent == wanted == JSON and not request.query:
        text, rows = _json_to_json(request.body, model)
        return Response(200, {"content-type": JSON, **headers}, text, rows=rows)
    ignore = ignores_extra(request)
    if sent == JSON:
        document = json_body.parse(request.body)
        instances, told = instances_of(document, model, ignore=ignore)
        body = model.predict_instances(instances)
        if wanted == JSON:  # CSV has no room for warnings
            body |= warnings_of(document, instances, model)
    else:
        body, told = _predict_csv(request, model, ignore=ignore)
    headers |= told
    rows = len(body[model.fields[0]])
    if wanted == JSON:
        return json_response(body, rows=rows, headers=headers)
    from serving import csv_body  # not above: few clients send or want CSV

    targets = model.manifest["output"].get("targets") or []
    text = csv_body.write(body, model.fields, targets, guarded=asks_for_guard(request.headers))
    return Response(
        200, {"content-type": f"{CSV}; charset=utf-8; header=present", **headers}, text, rows=rows
    )


def ignores_extra(request: Request) -> bool:
    """Whether the client wants columns left out that the model doesn't have: `?extra=ignore`.

    Raises:
        Problem: 400: `extra` has another value.
    """
    extra = (request.query or {}).get("extra", "refuse")
    if extra not in {"refuse", "ignore"}:
        raise Problem(400, f"extra must be refuse or ignore, not {quoted(extra)}.")
    return extra == "ignore"


def instances_of(document: Any, model: Model, *, ignore: bool = False) -> tuple[list[Any], dict[str, str]]:
    """The rows of a body, and the headers that tell what of it was ignored.

    Raises:
        Problem: 413 or 422: it has no rows, too many of them or, unless that is ignored, members beside them.
    """
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
    if not isinstance(document.get(WARNINGS, False), bool):
        raise Problem(
            422,
            "The body has a member that can't be read.",
            errors=[{"pointer": f"/{WARNINGS}", "detail": "expected true or false"}],
            count=1,
        )
    instances = limits.check_rows(document["instances"], model.most_rows)
    if ignore:
        from serving import ignored  # not above: few clients ask for it

        instances, columns = ignored.without_unknown(instances, model.schema)
        return instances, ignored.headers(columns, unknown)
    if unknown:
        errors = [
            {
                "pointer": pointer(name[:200]),
                "detail": "unknown member; there are instances and warnings, ?extra=ignore leaves others out",
            }
            for name in unknown[:MAX_PROBLEMS]
        ]
        raise Problem(422, "The body has unknown members.", errors=errors, count=len(unknown))
    return instances, {}


def _json_to_json(body: bytes, model: Model) -> tuple[str, int]:
    short = model.predict_json(body)
    if short is not None and short[1] <= limits.MAX_ROWS:
        return short
    document = json_body.parse(body)
    instances = instances_of(document, model)[0]
    text = model.predict_text(instances)
    told = warnings_of(document, instances, model)
    return f"{text[:-1]},{json_body.encode(told)[1:]}" if told else text, len(instances)


def warnings_of(document: dict[str, Any], instances: list[Any], model: Model) -> dict[str, Any]:
    """The member on categories that training has not seen, where a body asks for it; else nothing."""
    if not document.get(WARNINGS):
        return {}
    from serving.unseen import warnings  # not above: few ask for them

    return {WARNINGS: warnings(instances, model.schema)}


def _predict_csv(request: Request, model: Model, *, ignore: bool) -> tuple[dict[str, Any], dict[str, str]]:
    from serving import csv_body, ignored

    header = parameter(request.headers, "header") != "absent"
    read = csv_body.read(request.body, model.schema, model.most_rows, header=header, ignore_unknown=ignore)
    try:
        body = model.predict_instances(read.instances)
    except Problem as problem:
        for error in problem.errors or []:
            error["line"] = read.lines[int(error["pointer"].split("/")[2])]
        raise
    return body, ignored.headers(read.ignored, missing=read.missing)
