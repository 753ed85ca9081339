"""The API as an ASGI 3 application (https://asgi.readthedocs.io/en/latest/specs/www.html).

uvicorn serving.adapters.asgi:application --factory
"""

from __future__ import annotations

import asyncio

from serving import limits
from serving.api import handle
from serving.http import Request, query_of
from serving.model import Model, load, locate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping
    from typing import Any

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]


def application(model: Model | None = None) -> Callable[[Message, Receive, Send], Awaitable[None]]:
    """An application that answers with a model, by default the one that `serving.model.locate` finds.

    Raises:
        ArtifactError: There is no model.
    """
    answering = model or load(locate())

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        request = await _request(scope, receive)
        response = await asyncio.to_thread(handle, request, answering)
        headers = [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.items()
        ]
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": response.content})

    return app


async def _request(scope: Message, receive: Receive) -> Request:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    body = b""
    more = True
    while more:
        message = await receive()
        more = message.get("more_body", False)
        # Beyond the limit the rest is read and dropped: the API refuses it anyway.
        if len(body) <= limits.MAX_BODY_BYTES:
            body += message.get("body", b"")
    path = scope["path"].removeprefix(scope.get("root_path") or "")
    query = query_of(scope.get("query_string", b"").decode("latin-1"))
    request_id = headers.get("x-request-id", "")
    return Request(scope["method"], path, headers, body, request_id, query=query)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
