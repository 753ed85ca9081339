"""The API as a WSGI application (PEP 3333), for any Python web server.

from wsgiref.simple_server import make_server

from serving.adapters.wsgi import application

make_server("127.0.0.1", 8000, application()).serve_forever()
"""

from __future__ import annotations

import functools
import re
from http import HTTPStatus

from serving import limits
from serving.adapters.service import MAX_DROPPED_BYTES, Service
from serving.errors import Problem
from serving.http import joined

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from wsgiref.types import InputStream, StartResponse, WSGIApplication, WSGIEnvironment

    from serving.model import Model

_BLOCK = 65536
_MAX_LINE = 4096
_MAX_TRAILERS = 100
_LENGTH = re.compile(r"[0-9]{1,16}")
_CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*[;\r\n]")


def application(model: Model | None = None) -> WSGIApplication:
    """An application that answers with a model, by default the one that `serving.model.locate` finds.

    Raises:
        ArtifactError: There is no model.
    """
    service = Service(model)

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO") or "/"
        answer = service.answer(
            environ["REQUEST_METHOD"],
            path.encode("latin-1").decode("utf-8", "replace"),  # as PEP 3333 has it
            joined(_headers(environ)),
            functools.partial(_body, environ),
            environ.get("QUERY_STRING") or "",
        )
        phrase = HTTPStatus(answer.status).phrase
        start_response(f"{answer.status} {phrase}", list(answer.headers.items()))
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]

    return app


def _headers(environ: WSGIEnvironment) -> Iterator[tuple[str, str]]:
    for name, value in environ.items():
        if name.startswith("HTTP_"):
            yield name[5:].replace("_", "-"), value
    if environ.get("CONTENT_TYPE"):
        yield "content-type", environ["CONTENT_TYPE"]


def _body(environ: WSGIEnvironment) -> bytes:
    """The body, or a byte more than the limit of one that is longer.

    Raises:
        Problem: 400: its length is no number, or it ends before it.
    """
    stream: InputStream = environ["wsgi.input"]
    length = environ.get("CONTENT_LENGTH") or ""
    coding = (environ.get("HTTP_TRANSFER_ENCODING") or "").strip().lower()
    if environ.get("wsgi.input_terminated"):  # the server has decoded it, and the stream ends where it ends
        return _read(_blocks(stream))
    if coding == "chunked" and not length:  # the server has left the chunks to us, as wsgiref does
        return _read(_chunks(stream))
    if coding:
        raise Problem(400, "A body comes with either a Content-Length or Transfer-Encoding: chunked.")
    if not length:
        return b""
    if not _LENGTH.fullmatch(length):
        raise Problem(400, "Content-Length is not a number of bytes.")
    expected = int(length)
    body = _read(_blocks(stream, expected))
    if len(body) < min(expected, limits.MAX_BODY_BYTES + 1):
        raise Problem(400, f"The body ends after {len(body)} of {expected} bytes.")
    return body


def _read(blocks: Iterable[bytes]) -> bytes:
    """What the blocks hold, up to a byte over the limit; of the rest, `MAX_DROPPED_BYTES` are read and dropped."""
    parts: list[bytes] = []
    size = 0
    for block in blocks:
        if size <= limits.MAX_BODY_BYTES:
            parts.append(block)
        size += len(block)
        if size > limits.MAX_BODY_BYTES + MAX_DROPPED_BYTES:
            break
    return b"".join(parts)[: limits.MAX_BODY_BYTES + 1]


def _blocks(stream: InputStream, length: int | None = None) -> Iterator[bytes]:
    """A stream block by block, up to its length or to its end."""
    left = length
    while left is None or left > 0:
        block = stream.read(_BLOCK if left is None else min(_BLOCK, left))
        if not block:
            return
        yield block
        left = None if left is None else left - len(block)


def _chunks(stream: InputStream) -> Iterator[bytes]:
    """The content of a chunked body (RFC 9112, section 7.1)."""
    while size := _chunk_size(stream):
        received = 0
        for block in _blocks(stream, size):
            received += len(block)
            yield block
        if received < size or stream.readline(_MAX_LINE).strip(b"\r\n"):
            raise _malformed()
    for _ in range(_MAX_TRAILERS):
        if not stream.readline(_MAX_LINE).strip(b"\r\n"):
            return
    raise _malformed()


def _chunk_size(stream: InputStream) -> int:
    line = stream.readline(_MAX_LINE)
    match = _CHUNK_SIZE.match(line) if line.endswith(b"\n") else None
    if match is None:
        raise _malformed()
    return int(match[1], 16)


def _malformed() -> Problem:
    return Problem(400, "The chunks of the body are malformed.")
