"""The API as a WSGI application (PEP 3333), for any Python web server.

from wsgiref.simple_server import make_server

from serving.adapters.wsgi import application

make_server("127.0.0.1", 8000, application()).serve_forever()
"""

from __future__ import annotations

from http import HTTPStatus

from serving import limits
from serving.api import handle
from serving.http import Request, query_of
from serving.model import Model, load, locate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


def application(model: Model | None = None) -> WSGIApplication:
    """An application that answers with a model, by default the one that `serving.model.locate` finds.

    Raises:
        ArtifactError: There is no model.
    """
    answering = model or load(locate())

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        response = handle(_request(environ), answering)
        body = response.content
        phrase = HTTPStatus(response.status).phrase
        headers = {**response.headers, "content-length": str(len(body))}
        start_response(f"{response.status} {phrase}", list(headers.items()))
        return [body]

    return app


def _request(environ: WSGIEnvironment) -> Request:
    headers = {
        name[5:].replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    headers["content-type"] = environ.get("CONTENT_TYPE") or ""
    # One byte over the limit is enough for the API to refuse the rest unread.
    length = min(int(environ.get("CONTENT_LENGTH") or 0), limits.MAX_BODY_BYTES + 1)
    path = environ.get("PATH_INFO") or "/"
    return Request(
        method=environ["REQUEST_METHOD"],
        path=path.encode("latin-1").decode("utf-8", "replace"),  # as PEP 3333 has it
        headers=headers,
        body=environ["wsgi.input"].read(length),
        request_id=headers.get("x-request-id", ""),
        query=query_of(environ.get("QUERY_STRING") or ""),
    )
