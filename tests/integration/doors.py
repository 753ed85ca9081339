"""The API behind each of its front doors, and a client that sends any bytes to them."""

from __future__ import annotations

import gzip
import http.client
import socket
import threading
import time
import zlib
from base64 import b64decode, b64encode
from contextlib import closing, contextmanager
from dataclasses import dataclass
from socketserver import ThreadingMixIn
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit
from wsgiref.simple_server import WSGIServer, make_server

import pytest
from web import Quiet

from serving import gateway
from serving.adapters import asgi, wsgi
from serving.http import joined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from wsgiref.types import WSGIApplication

    from serving.model import Model

Headers = tuple[tuple[str, str], ...]
JSON: Headers = (("Content-Type", "application/json"),)
CSV: Headers = (("Content-Type", "text/csv"),)

# As the template tells the gateway.
BINARY = {"application/x-npy"}


@dataclass(frozen=True)
class Sent:
    """A request as a client writes it."""

    method: str = "GET"
    target: str = "/health"
    headers: Headers = ()
    body: bytes = b""
    chunks: tuple[bytes, ...] = ()  # sent in place of `body`, each as a chunk

    def content(self) -> bytes:
        return b"".join(self.chunks) or self.body

    def raw(self) -> bytes:
        """The request byte by byte, its framing added unless a header gives one."""
        names = {name.lower() for name, _ in self.headers}
        lines = [f"{self.method} {self.target} HTTP/1.1", "Host: 127.0.0.1"]
        lines += [] if "connection" in names else ["Connection: close"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        body = self.body
        if self.chunks:
            lines.append("Transfer-Encoding: chunked")
            body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in self.chunks) + b"0\r\n\r\n"
        elif (body or self.method == "POST") and not names & {"content-length", "transfer-encoding"}:
            lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


@dataclass(frozen=True)
class Got:
    """An answer: header names in lower case, the body without a coding."""

    status: int
    headers: dict[str, str]
    body: bytes


class Door(Protocol):
    def __call__(self, sent: Sent) -> Got: ...


class Address:
    """A door that listens on a port of this machine."""

    def __init__(self, port: int) -> None:
        self.port = port

    def __call__(self, sent: Sent) -> Got:
        return self.send(sent.raw(), sent.method)

    def send(self, raw: bytes, method: str = "POST") -> Got:
        with (
            socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection,
            closing(http.client.HTTPResponse(connection, method=method)) as response,
        ):
            connection.sendall(raw)
            response.begin()
            body = response.read()
            headers = joined(response.getheaders())
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body) if body else body
        return Got(response.status, headers, body)


def behind_the_gateway(model: Model) -> Door:
    """The Lambda handler, behind what a REST API does with a request: decode chunks and gzip, make an event."""
    handler = gateway.handler(lambda: model)

    def door(sent: Sent) -> Got:
        headers: dict[str, list[str]] = {}
        for name, value in sent.headers:
            headers.setdefault(name, []).append(value)
        content = sent.content()
        named = joined(sent.headers)
        if named.get("content-encoding") in {"gzip", "deflate"}:  # MinimumCompressionSize
            content = zlib.decompressobj(47).decompress(content)
        binary = named.get("content-type") in BINARY
        address = urlsplit(sent.target)
        path = unquote(address.path)
        below = path.removeprefix("/v2/") if path.startswith("/v2/") else None
        event: dict[str, Any] = {
            "httpMethod": sent.method,
            "resource": path if below is None else "/v2/{path+}",
            "pathParameters": None if below is None else {"path": below},
            "path": path,
            "headers": {name: values[-1] for name, values in headers.items()},
            "multiValueHeaders": headers,
            "queryStringParameters": dict(parse_qsl(address.query, keep_blank_values=True)) or None,
            # What is no binary media type, it hands on as text.
            "body": (b64encode(content) if binary else content).decode("utf-8", "replace") or None,
            "isBase64Encoded": binary,
        }
        answer = handler(event, SimpleNamespace(aws_request_id="1"))
        coded = answer["isBase64Encoded"]
        body = b64decode(answer["body"]) if coded else answer["body"].encode()
        return Got(answer["statusCode"], joined(answer["headers"].items()), body)

    return door


class Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = True


@contextmanager
def behind_wsgiref(application: WSGIApplication) -> Iterator[Address]:
    server = make_server("127.0.0.1", 0, application, server_class=Threads, handler_class=Quiet)
    with running(server.serve_forever, server.shutdown):
        yield Address(server.server_port)
    server.server_close()


@contextmanager
def behind_uvicorn(application: Any) -> Iterator[Address]:
    uvicorn = pytest.importorskip("uvicorn", reason="uv sync --group protocols")
    server = uvicorn.Server(uvicorn.Config(application, log_level="critical", lifespan="on"))
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        running(lambda: server.run([listening]), lambda: setattr(server, "should_exit", True)),
    ):
        wait_until(lambda: server.started)
        yield Address(listening.getsockname()[1])


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@contextmanager
def behind_functions_framework(main: Path) -> Iterator[Address]:
    framework = pytest.importorskip("functions_framework", reason="uv sync --group protocols")
    serving = pytest.importorskip("werkzeug.serving")
    app = framework.create_app("run_model", str(main))

    class Silent(serving.WSGIRequestHandler):  # type: ignore[name-defined,misc]
        def log(self, *_: Any) -> None:
            """Say nothing."""

    server = serving.make_server("127.0.0.1", 0, app, threaded=True, request_handler=Silent)
    with running(server.serve_forever, server.shutdown):
        yield Address(server.server_port)
    server.server_close()


@contextmanager
def running(run: Callable[[], object], stop: Callable[[], object]) -> Iterator[None]:
    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop()
        thread.join()


@contextmanager
def doors(model: Model, directory: Path) -> Iterator[dict[str, Door]]:
    """Every door, open to the same model."""
    main = directory / "main.py"
    main.write_text(
        "from serving.adapters.functions import application\n\nrun_model = application()\n", encoding="utf-8"
    )
    with (
        pytest.MonkeyPatch.context() as patch,
        behind_wsgiref(wsgi.application(model)) as of_wsgi,
        behind_uvicorn(asgi.application(model)) as of_asgi,
    ):
        patch.setenv("SKYLAYER_MODEL", model.folder)
        with behind_functions_framework(main) as of_functions:
            yield {
                "gateway": behind_the_gateway(model),
                "WSGI": of_wsgi,
                "ASGI": of_asgi,
                "functions": of_functions,
            }
