"""The HTTP API: every protocol and adapter meets in `handle`, every route is a line of `ROUTES`."""

from __future__ import annotations

import os
from time import perf_counter

from serving import json_body, log
from serving.errors import MAX_PROBLEMS, Problem, pointer
from serving.http import CSV, JSON, PROBLEM, Request, Response, accepted, content_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from serving.model import Model

# A synchronous invocation carries 6 MB (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html),
# the event around the body included.
MAX_BODY_BYTES = int(os.environ.get("SKYLAYER_MAX_BODY_BYTES") or 5 * 1024 * 1024)
MAX_ROWS = int(os.environ.get("SKYLAYER_MAX_ROWS") or 10_000)


def handle(request: Request, model: Model) -> Response:
    """Answer a request; nothing that a client sends makes it raise.

    Args:
        request: The request, its path without a stage's prefix.
        model: What answers it, from beginning to end.

    Returns:
        The answer, or a problem document (RFC 9457) that says what was wrong with the request.
    """
    started = perf_counter()
    try:
        response = answer(request, model)
    except Problem as problem:
        response = problem_response(problem)
    except Exception as error:  # noqa: BLE001 (the client gets the request's id, the log the rest)
        log.failure(request.request_id, error)
        response = _internal_error(request)
    if request.method == "HEAD":
        response.body = ""
    route = _normal(request.path)
    log.request(request, route if route in ROUTES else None, response, model, perf_counter() - started)
    return response


def answer(request: Request, model: Model) -> Response:
    """The answer to a request, neither logged nor guarded.

    Raises:
        Problem: Something is wrong with the request.
    """
    return _route(request)(request, model)


def json_response(document: Any, *, rows: int = 0, headers: dict[str, str] | None = None) -> Response:
    """A document as `application/json`."""
    return Response(200, {"content-type": JSON, **(headers or {})}, json_body.encode(document), rows=rows)


def problem_response(problem: Problem) -> Response:
    """A problem as `application/problem+json`."""
    headers = {"content-type": PROBLEM, **problem.headers}
    return Response(problem.status, headers, json_body.encode(problem.document()), outcome=problem.outcome)


def _predict(request: Request, model: Model) -> Response:
    sent = content_type(request.headers, (JSON, CSV))
    wanted = accepted(request.headers, (JSON, CSV) if sent == JSON else (CSV, JSON))
    if len(request.body) > MAX_BODY_BYTES:
        raise Problem(413, f"The body is longer than {MAX_BODY_BYTES} bytes: send fewer rows at a time.")
    headers = {"model-version": model.reference["version"]}
    if sent == wanted == JSON:
        short = model.predict_json(request.body)
        if short is None or short[1] > MAX_ROWS:
            instances = _instances(request.body)
            short = model.answer_json(instances), len(instances)
        return Response(200, {"content-type": JSON, **headers}, short[0], rows=short[1])
    answer = (
        model.predict_instances(_instances(request.body))
        if sent == JSON
        else _csv_answer(request.body, model)
    )
    rows = len(answer[model.fields[0]])
    if wanted == JSON:
        return json_response(answer, rows=rows, headers=headers)
    from serving import csv_body

    table = csv_body.write(answer, model.fields, model.manifest["output"].get("targets") or [])
    return Response(
        200, {"content-type": f"{CSV}; charset=utf-8; header=present", **headers}, table, rows=rows
    )


def _instances(body: bytes) -> list[Any]:
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
    unknown = [name for name in document if name != "instances"]
    if unknown:
        errors = [
            {"pointer": pointer(name[:200]), "detail": "unknown member; instances is the only one"}
            for name in unknown[:MAX_PROBLEMS]
        ]
        raise Problem(422, "The body has unknown members.", errors=errors, count=len(unknown))
    instances: list[Any] = document["instances"]
    if len(instances) > MAX_ROWS:
        raise Problem(413, f"The body has {len(instances)} rows; at most {MAX_ROWS} are taken at a time.")
    return instances


def _csv_answer(body: bytes, model: Model) -> dict[str, Any]:
    from serving import csv_body

    instances, lines = csv_body.read(body, model.schema, MAX_ROWS)
    try:
        return model.predict_instances(instances)
    except Problem as problem:
        for error in problem.errors or []:
            error["line"] = lines[int(error["pointer"].split("/")[2])]
        raise


def _health(_: Request, model: Model) -> Response:
    return json_response({"status": "ok", "model": model.reference})


def _later(module: str, name: str) -> Callable[[Request, Model], Response]:
    """A function of a module that is imported with its first request, so that a prediction doesn't pay for it."""

    def answer(request: Request, model: Model) -> Response:
        return getattr(__import__(module, fromlist=[name]), name)(request, model)  # type: ignore[no-any-return]

    return answer


_inference = _later("serving.protocols.inference", "answer")

# Path -> method -> what answers. Whatever only some requests need is imported by the function, not above.
ROUTES: dict[str, dict[str, Callable[[Request, Model], Response]]] = {
    "/predict": {"POST": _predict},
    "/model": {"GET": _later("serving.description", "model")},
    "/health": {"GET": _health},
    "/openapi.json": {"GET": _later("serving.description", "openapi")},
    "/": {"GET": _later("serving.description", "playground")},
    # Which method each path below it takes, the protocol says itself.
    "/v2": dict.fromkeys(("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"), _inference),
    "/ping": {"GET": _later("serving.protocols.scoring", "ping")},
    "/version": {"GET": _later("serving.protocols.scoring", "version")},
    "/invocations": {"POST": _later("serving.protocols.scoring", "invocations")},
}


def _route(request: Request) -> Callable[[Request, Model], Response]:
    methods = ROUTES.get(_normal(request.path))
    if methods is None:
        raise Problem(404, f"There is nothing here; there is {', '.join(ROUTES)}.")
    answer = methods.get("GET" if request.method == "HEAD" else request.method)
    if answer is None:
        allowed = [*methods, "HEAD"] if "GET" in methods else [*methods]
        raise Problem(405, f"Use {' or '.join(methods)} here.", headers={"allow": ", ".join(allowed)})
    return answer


def _normal(path: str) -> str:
    """The line of `ROUTES` that a path belongs to: all of an inference server's are one."""
    return "/v2" if path.startswith("/v2/") else path.rstrip("/") or "/"


def _internal_error(request: Request) -> Response:
    document = {
        "type": "urn:skylayer:problem:internal-error",
        "title": "Internal Server Error",
        "status": 500,
        "request_id": request.request_id,
    }
    return Response(500, {"content-type": PROBLEM}, json_body.encode(document), outcome="internal-error")
