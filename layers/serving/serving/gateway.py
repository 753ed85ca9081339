"""The events of a Lambda to requests, responses to what it expects of one.

An event is an HTTP request, as a REST API, a load balancer, an HTTP API or a function URL describes it, or a direct
invocation with `{"instances": [...]}`. The template's own are those of a REST API, so nothing else is imported for
them: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from __future__ import annotations

import json
import os

from serving import limits, log
from serving.api import handle
from serving.errors import Problem
from serving.http import Request, Response, joined, problem_response, sent_headers
from serving.model import load, locate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from serving.model import Model

# The value of SKYLAYER_STORE that means none, here so that the others need no import.
LAYER = "layer"

# The codings that API Gateway unpacks, and how a gzip file begins:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-make-request-with-compressed-payload.html
_UNPACKED = frozenset({"gzip", "deflate", "identity"})
_GZIP = b"\x1f\x8b"


class NotHTTPError(Exception):
    """An event that is no request at all, such as a queue's, a bucket's or a schedule's."""


def start() -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """The Lambda handler of the model that was deployed or, with SKYLAYER_STORE, of the one a store points to."""
    shipped = load(locate())
    if os.environ.get("SKYLAYER_STORE", LAYER) in {"", LAYER}:
        return handler(lambda: shipped)
    from serving.hot_swap import from_environment  # with a store only: a cold start pays for it

    log.set_up()
    swap = from_environment(shipped)
    return handler(swap.current, swap.respond)


def handler(
    current: Callable[[], Model], respond: Callable[[Request, Model], Response] = handle
) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """A Lambda handler of HTTP requests and of direct invocations with instances.

    Args:
        current: Gives the model; asked once per request, so a request is answered by one model throughout.
        respond: Answers a request by that model or, in a roll-out, by another.
    """
    log.set_up()

    def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        request_id = getattr(context, "aws_request_id", "")
        if isinstance(event, dict) and "instances" in event and not _is_http(event):
            from serving.direct import invoke  # not above: the API asks for none of it

            return invoke(event, request_id, current(), respond)
        return proxy(event, request_id, current(), respond)

    return lambda_handler


def proxy(
    event: dict[str, Any],
    request_id: str,
    model: Model,
    respond: Callable[[Request, Model], Response] = handle,
) -> dict[str, Any]:
    """The response to an event, as API Gateway takes it."""
    try:
        response = respond(request_of(event, request_id), model)
    except Problem as problem:
        response = problem_response(problem)
    proxied = response_of(response)
    size = _size(proxied)
    if size > limits.MAX_ANSWER_BYTES:
        proxied = response_of(problem_response(limits.answer_too_long(size, response.rows)))
    return proxied


def request_of(event: dict[str, Any], request_id: str) -> Request:
    """The request that an event carries.

    Raises:
        Problem: 400: its base64 body can't be decoded.
        NotHTTPError: It is no HTTP request. Lambda must see an error: a queue takes any answer for success and
            deletes its message.
    """
    if not _is_http(event):
        raise NotHTTPError(
            "The event is neither an HTTP request (httpMethod, or requestContext.http.method and rawPath) nor a "
            'direct invocation ({"instances": [...]}).'
        )
    if "httpMethod" not in event:
        from serving import payload_2  # not above: the template's API sends the other shape

        method, path, headers = payload_2.head(event)
    else:
        method, path, headers = event["httpMethod"], _path(event), _headers(event)
    body = _body(event)
    # With MinimumCompressionSize the gateway unpacks a body, and hands on the header that says how it was packed.
    if headers.get("content-encoding") in _UNPACKED and not body.startswith(_GZIP):
        del headers["content-encoding"]
    return Request(
        method=method.upper(),
        path=path,
        headers=headers,
        body=body,
        request_id=request_id,
        query=event.get("queryStringParameters"),
    )


def response_of(response: Response) -> dict[str, Any]:
    """A response as API Gateway takes it."""
    body = response.body
    binary = type(body) is bytes
    return {
        "statusCode": response.status,
        "headers": sent_headers(response),
        "body": _base64(body) if binary else body,
        "isBase64Encoded": binary,
    }


def _is_http(event: Any) -> bool:
    """Whether an event is an HTTP request, of either format of payload."""
    if not isinstance(event, dict):
        return False
    if "httpMethod" in event:
        return isinstance(event["httpMethod"], str)
    context = event.get("requestContext")
    http = context.get("http") if isinstance(context, dict) else None
    return (
        isinstance(http, dict)
        and isinstance(http.get("method"), str)
        and isinstance(event.get("rawPath"), str)
    )


def _base64(body: Any) -> str:
    import binascii  # not above: an answer in JSON or CSV goes as it is

    return binascii.b2a_base64(body, newline=False).decode()


def _path(event: dict[str, Any]) -> str:
    """The path below the API's root: a stage or a custom domain's base path may stand before it.

    The resource, the template's own path, has neither; its `{parameters}` are filled in. An HTTP API that sends this
    format has the resource `$default` where no route of its own matched.
    """
    path: str = event.get("resource") or event.get("path") or "/"
    if "{" not in path and path != "$default":
        return path
    from serving import event_path  # not above: the route of a prediction needs neither

    if path == event_path.DEFAULT:
        return event_path.below_stage(event.get("path") or "/", event)
    return event_path.filled_in(path, event)


def _headers(event: dict[str, Any]) -> dict[str, str]:
    """Headers by lower-case name; of one that came several times, `headers` has only the last value."""
    single = event.get("headers") or {}
    several = event.get("multiValueHeaders") or {}
    headers = {name.lower(): value for name, value in single.items() if value is not None}
    headers.update(joined((name, value) for name, values in several.items() for value in values))
    return headers


def _body(event: dict[str, Any]) -> bytes:
    body: str = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        # Half a surrogate pair can't be UTF-8; it goes on to the parser, which refuses it.
        return body.encode("utf-8", "surrogatepass")
    import binascii  # not above: a body of JSON comes as it is

    try:
        return binascii.a2b_base64(body, strict_mode=True)
    except (binascii.Error, ValueError):
        raise Problem(400, "The body is not valid base64.") from None


def _size(proxied: dict[str, Any]) -> int:
    """Bytes of the answer as the runtime sends it; the long way only where it could matter."""
    if len(proxied["body"]) * 6 < limits.MAX_ANSWER_BYTES:  # no character takes more than six bytes in JSON
        return 0
    return len(json.dumps(proxied, ensure_ascii=False).encode("utf-8"))
