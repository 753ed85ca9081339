"""The API over real HTTP, below a stage's prefix and behind a key, as a gateway serves it."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from serving import model
from serving.adapters.wsgi import application
from skylayer.compiler.kernel_build import use_host_kernel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

KEY = "a key of the tests"
STAGE = "/live"
OPEN = {"/", "/health", "/ping", "/v2/health/live", "/v2/health/ready"}


class Quiet(WSGIRequestHandler):
    """No line on the terminal for each request."""

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def behind_a_gateway(
    api: WSGIApplication, stage: str, key: str | None, header: str = "x-api-key"
) -> WSGIApplication:
    """The API below a stage's prefix, its key asked for in a header everywhere but at its open routes."""
    shown = f"HTTP_{header.replace('-', '_').upper()}"

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix(stage) or "/"
        if key and environ["PATH_INFO"] not in OPEN and environ.get(shown) != key:
            start_response("403 Forbidden", [("content-type", "application/json")])
            return [b'{"message": "Forbidden"}']
        return api(environ, start_response)

    return answer


@contextmanager
def served(
    folder: Path, stage: str = STAGE, key: str | None = KEY, header: str = "x-api-key"
) -> Iterator[str]:
    """The address at which the model of a folder answers."""
    use_host_kernel()
    api = behind_a_gateway(application(model.load(folder)), stage, key, header)
    with make_server("127.0.0.1", 0, api, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}{stage}/"
        finally:
            server.shutdown()
            thread.join()
