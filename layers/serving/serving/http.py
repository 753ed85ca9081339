"""Requests, responses and their media types (RFC 9110), whatever brings them: a gateway, WSGI, a test."""

from __future__ import annotations

import os

from serving import json_body
from serving.errors import Problem, quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

JSON = "application/json"
CSV = "text/csv"
PROBLEM = "application/problem+json"
# Every answer's, whoever gives it: the function, an adapter or, by the template, the gateway itself;
# a response may say that it is to be kept.
SECURITY_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
# What a page of the allowed origin may read beside the headers that any may.
_EXPOSED = "model-version, x-request-id, ignored-columns, ignored-members, missing-columns, retry-after, etag"
_MAX_ID = 128


class Request:
    """One HTTP request, its path without the prefix of a stage and its header names in lower case.

    `query` holds what follows the question mark, of a name that comes several times the last; None where there is
    nothing.
    """

    __slots__ = ("body", "headers", "method", "path", "query", "request_id")

    def __init__(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        request_id: str = "",
        *,
        query: Mapping[str, str] | None = None,
    ) -> None:
        self.method = method
        self.path = path
        self.headers = headers or {}
        self.body = body
        self.request_id = request_id
        self.query = query


class Response:
    """One HTTP response; `rows` and `outcome` are for the log: how many were predicted, what went wrong.

    A body of text is sent as UTF-8, one of bytes as it is.
    """

    __slots__ = ("body", "headers", "outcome", "rows", "status")

    def __init__(
        self,
        status: int,
        headers: dict[str, str],
        body: str | bytes,
        *,
        rows: int = 0,
        outcome: str = "ok",
    ) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.rows = rows
        self.outcome = outcome

    @property
    def content(self) -> bytes:
        """The body as it goes over a wire."""
        return self.body.encode() if isinstance(self.body, str) else self.body


def json_response(document: Any, *, rows: int = 0, headers: dict[str, str] | None = None) -> Response:
    """A document as `application/json`."""
    return Response(200, {"content-type": JSON, **(headers or {})}, json_body.encode(document), rows=rows)


def problem_response(problem: Problem) -> Response:
    """A problem as `application/problem+json`."""
    return error_response(problem, problem.status, problem.document(), PROBLEM)


def error_response(problem: Problem, status: int, document: Any, media_type: str = JSON) -> Response:
    """A problem as some protocol writes it: with the headers and the outcome that it has in each.

    Args:
        problem: What is wrong.
        status: The protocol's status for it.
        document: The protocol's body for it, ready for JSON.
        media_type: Of the body.
    """
    headers = {"content-type": media_type, **problem.headers}
    return Response(status, headers, json_body.encode(document), outcome=problem.outcome)


def internal_error(request_id: str) -> Response:
    """The problem document of an unforeseen error: the request's id, by which the log has the rest."""
    document = {
        "type": "urn:skylayer:problem:internal-error",
        "title": "Internal Server Error",
        "status": 500,
        "request_id": request_id,
    }
    return Response(500, {"content-type": PROBLEM}, json_body.encode(document), outcome="internal-error")


def allowed_origin() -> str:
    """The origin whose pages may call, `*` for any; empty for none."""
    return os.environ.get("SKYLAYER_CORS_ORIGIN") or ""


def sent_headers(response: Response, origin: str | None = None) -> dict[str, str]:
    """The headers of a response with those that every one has, and those for a page of the origin that may call.

    The origin is the environment's unless one is given.
    """
    headers = {**SECURITY_HEADERS, **response.headers}
    origin = allowed_origin() if origin is None else origin
    if origin:
        headers["access-control-allow-origin"] = origin
        headers["access-control-expose-headers"] = _EXPOSED
        if origin != "*":
            headers["vary"] = f"{headers['vary']}, origin" if "vary" in headers else "origin"
    return headers


def joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers by lower-case name; one that came several times is one list (RFC 9110, section 5.2)."""
    headers: dict[str, str] = {}
    for name, value in pairs:
        lower = name.lower()
        headers[lower] = f"{headers[lower]}, {value}" if lower in headers else value
    return headers


def request_id_of(request: Request) -> str:
    """What a client may call its request by: its own `X-Request-Id`, if that may stand in a header, or ours."""
    sent = request.headers.get("x-request-id")
    if sent is None:
        return request.request_id
    if 0 < len(sent) <= _MAX_ID and sent.isascii() and sent.isprintable():
        return sent
    return "" if request.request_id == sent else request.request_id


def query_of(text: str) -> dict[str, str]:
    """What follows a URL's question mark, by name; of several values the last, as an API Gateway's event has it."""
    from urllib.parse import parse_qsl  # not above: a gateway has read it already

    return dict(parse_qsl(text, keep_blank_values=True)) if text else {}


def content_type(headers: Mapping[str, str], supported: tuple[str, ...]) -> str:
    """The media type of a request's body, the first supported one if the client names none.

    Raises:
        Problem: 415: the media type, charset or content coding is not one that can be read.
    """
    coding = headers.get("content-encoding", "").strip().lower()
    if coding not in {"", "identity"}:
        raise Problem(415, f"Content-Encoding {quoted(coding)} can't be read: send the body as it is.")
    value = headers.get("content-type", "").strip().lower()
    if not value:
        return supported[0]
    if value in supported:
        return value
    media_type, parameters = _split(value)
    if media_type not in supported:
        raise Problem(415, f"Content-Type {quoted(media_type)} can't be read: send {' or '.join(supported)}.")
    charset = parameters.get("charset", "utf-8")
    if charset not in {"utf-8", "utf8", "us-ascii"}:
        raise Problem(415, f"charset {quoted(charset)} can't be read: send UTF-8.")
    return media_type


def parameter(headers: Mapping[str, str], name: str) -> str:
    """A parameter of the body's media type in lower case, such as `header` of `text/csv`; empty without it."""
    value = headers.get("content-type", "").strip().lower()
    return _split(value)[1].get(name, "") if ";" in value else ""


def accepted(headers: Mapping[str, str], offered: tuple[str, ...]) -> str:
    """The offered media type that the client's Accept header likes best (RFC 9110, section 12.5.1).

    Among equals, the first offered wins; so does it where the client names none.

    Raises:
        Problem: 406: the client accepts none of them.
    """
    value = headers.get("accept", "").strip().lower()
    if value in {"", "*/*", offered[0]}:
        return offered[0]
    ranges = [_split(part) for part in value.split(",")]
    qualities = [_quality(media_type, ranges) for media_type in offered]
    best = max(qualities)
    if best <= 0:
        raise Problem(406, f"Nothing that Accept asks for can be sent: accept {' or '.join(offered)}.")
    return offered[qualities.index(best)]


def asks_for_guard(headers: Mapping[str, str]) -> bool:
    """Whether the client opens the answer in a spreadsheet and says so: `accept: text/csv; guard=formulas`."""
    ranges = map(_split, headers.get("accept", "").lower().split(","))
    return any(
        media_type == CSV and parameters.get("guard") == "formulas" for media_type, parameters in ranges
    )


def _quality(media_type: str, ranges: list[tuple[str, dict[str, str]]]) -> float:
    kind = media_type.partition("/")[0]
    for pattern in (media_type, f"{kind}/*", "*/*"):
        for candidate, parameters in ranges:
            if candidate == pattern:
                try:
                    return float(parameters.get("q", "1"))
                except ValueError:
                    return 1.0
    return 0.0


def _split(value: str) -> tuple[str, dict[str, str]]:
    media_type, *parameters = value.split(";")
    pairs = (parameter.partition("=") for parameter in parameters)
    return media_type.strip(), {name.strip(): text.strip().strip('"') for name, _, text in pairs}
