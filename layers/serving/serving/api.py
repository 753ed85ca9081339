"""The router: every protocol and adapter meets in `handle`, every route is a line of `ROUTES`."""

from __future__ import annotations

from time import perf_counter

from serving import log
from serving.errors import Problem
from serving.http import Request, Response, internal_error, json_response, problem_response, request_id_of
from serving.predict import predict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from serving.model import Model

    Handler = Callable[[Request, Model], Response]


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
        response = dispatch(request, model)
    except Problem as problem:
        response = problem_response(problem)
    except Exception as error:  # noqa: BLE001 (the client gets the request's id, the log the rest)
        log.failure(request.request_id, error)
        response = internal_error(request.request_id)
    if request.method == "HEAD":
        response.body = ""
    if shown := request_id_of(request):
        response.headers["x-request-id"] = shown
    log.request(request, route_of(request.path), response, model, perf_counter() - started)
    return response


def route_of(path: str) -> str | None:
    """The line of `ROUTES` that a path belongs to, None where there is none."""
    route = _normal(path)
    return route if route in ROUTES else None


def dispatch(request: Request, model: Model) -> Response:
    """The response of a request's route, neither logged nor guarded.

    Raises:
        Problem: Something is wrong with the request.
    """
    return _handler(request)(request, model)


def _health(_: Request, model: Model) -> Response:
    return json_response({"status": "ok", "model": model.reference})


def _later(module: str, name: str) -> Handler:
    """A function of a module that is imported with its first request, so that a prediction doesn't pay for it."""

    def handler(request: Request, model: Model) -> Response:
        return getattr(__import__(module, fromlist=[name]), name)(request, model)  # type: ignore[no-any-return]

    return handler


# Which method each path below a line takes, these protocols say themselves.
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_BELOW = ("/v2", "/v1/models")

# Path -> method -> what responds. Whatever only some requests need is imported by the function, not above.
ROUTES: dict[str, dict[str, Handler]] = {
    "/predict": {"POST": predict},
    "/model": {"GET": _later("serving.description", "model")},
    "/health": {"GET": _health},
    "/openapi.json": {"GET": _later("serving.description", "openapi")},
    "/": {"GET": _later("serving.description", "playground")},
    "/v2": dict.fromkeys(_METHODS, _later("serving.protocols.inference", "respond")),
    "/v1/models": dict.fromkeys(_METHODS, _later("serving.protocols.inference_v1", "respond")),
    "/ping": {"GET": _later("serving.protocols.scoring", "ping")},
    "/version": {"GET": _later("serving.protocols.scoring", "version")},
    "/invocations": {"POST": _later("serving.protocols.scoring", "invocations")},
    "/execution-parameters": {"GET": _later("serving.protocols.scoring", "execution_parameters")},
}


def _handler(request: Request) -> Handler:
    methods = ROUTES.get(_normal(request.path))
    if methods is None:
        raise Problem(404, f"There is nothing here; there is {', '.join(ROUTES)}.")
    handler = methods.get("GET" if request.method == "HEAD" else request.method)
    if handler is None:
        allowed = [*methods, "HEAD"] if "GET" in methods else [*methods]
        raise Problem(405, f"Use {' or '.join(methods)} here.", headers={"allow": ", ".join(allowed)})
    return handler


def _normal(path: str) -> str:
    """The line of `ROUTES` that a path belongs to: all of an inference server's are one."""
    if path.startswith("/v"):
        for line in _BELOW:
            if path.startswith(f"{line}/"):
                return line
    return path.rstrip("/") or "/"
