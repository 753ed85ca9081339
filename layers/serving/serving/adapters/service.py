"""What every adapter does around the API: codings, the gateway's headers, the length of a HEAD's answer, counts."""

from __future__ import annotations

import os
from dataclasses import dataclass
from http import HTTPStatus
from time import perf_counter

from serving import limits, log
from serving.adapters import codings
from serving.adapters.exposition import CONTENT_TYPE, Exposition
from serving.api import handle, route_of
from serving.errors import Problem
from serving.http import (
    Request,
    Response,
    allowed_origin,
    problem_response,
    query_of,
    request_id_of,
    sent_headers,
)
from serving.model import Model, load, locate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

METRICS = "/metrics"
# What the template's preflight allows, too.
PREFLIGHT = {
    "access-control-allow-methods": "GET,HEAD,POST,OPTIONS",
    "access-control-allow-headers": (
        "content-type,accept,x-request-id,x-api-key,authorization,"
        "x-amz-date,x-amz-security-token,x-amz-content-sha256"
    ),
}
_BODILESS = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}
# So much of a body that is too long is read and dropped, for a client that reads no answer before it has sent all.
MAX_DROPPED_BYTES = limits.MAX_BODY_BYTES


@dataclass(frozen=True, slots=True)
class Answer:
    """A response as it goes out: header names in lower case, `content-length` among them where it has a body.

    A HEAD has the body of a GET, whose length it tells: the adapter sends none of it.
    """

    status: int
    headers: dict[str, str]
    body: bytes


class Service:
    """A model's API for a server in this process, with `GET /metrics` beside its routes."""

    def __init__(self, model: Model | None = None) -> None:
        """Answer with a model, by default the one that `serving.model.locate` finds.

        Raises:
            ArtifactError: There is no model.
        """
        log.set_up()
        self._model = model or load(locate())
        self._exposition = Exposition(self._model)

    def answer(
        self, method: str, path: str, headers: dict[str, str], read: Callable[[], bytes], query: str = ""
    ) -> Answer:
        """Answer a request; nothing that a client sends makes it raise.

        Args:
            method: As the client wrote it.
            path: Decoded, without the prefix that the application is mounted at.
            headers: By lower-case name, as from `serving.http.joined`.
            read: Gives the body, at most a byte over the limit; may raise a `Problem`.
            query: What follows the question mark, as it came.
        """
        started = perf_counter()
        method = method.upper()  # as the gateway's handler takes it
        # A log has a name of its own for each request: a client may send the same one twice.
        request = Request(
            "GET" if method == "HEAD" else method,
            path,
            dict(headers),
            request_id=os.urandom(8).hex(),
            query=query_of(query),
        )
        response = self._respond(request, read)
        if path != METRICS:
            self._exposition.count(route_of(path), response, perf_counter() - started)
        return _sent(response, headers.get("accept-encoding", ""))

    def _respond(self, request: Request, read: Callable[[], bytes]) -> Response:
        try:
            if request.path == METRICS:
                return self._metrics(request.method)
            if request.method == "OPTIONS" and allowed_origin() and route_of(request.path):
                return Response(HTTPStatus.NO_CONTENT, {**PREFLIGHT}, "")
            request.headers, request.body = codings.decoded(
                request.headers, _read(read), limits.MAX_BODY_BYTES
            )
        except Problem as problem:
            response = problem_response(problem)
            response.headers["x-request-id"] = request_id_of(request)
            return response
        return handle(request, self._model)

    def _metrics(self, method: str) -> Response:
        if method != "GET":
            raise Problem(405, "Use GET here.", headers={"allow": "GET, HEAD"})
        return Response(200, {"content-type": CONTENT_TYPE}, self._exposition.text())


def _read(read: Callable[[], bytes]) -> bytes:
    try:
        return read()
    except (OSError, ValueError):  # as servers tell of a client that is gone, or of chunks that are malformed
        raise Problem(400, "The body could not be read to its end.") from None


def _sent(response: Response, accept_encoding: str) -> Answer:
    headers = sent_headers(response)
    body = response.content
    headers["vary"] = ", ".join(filter(None, [headers.get("vary"), "accept-encoding"]))
    packed = codings.encoded(body, accept_encoding)
    if packed is not None:
        body = packed
        headers["content-encoding"] = "gzip"
    if response.status not in _BODILESS:  # whose length would be that of what is not sent
        headers["content-length"] = str(len(body))
    return Answer(response.status, headers, body)
