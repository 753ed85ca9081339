"""The API as an ASGI 3 application (https://asgi.readthedocs.io/en/latest/specs/www.html).

uvicorn serving.adapters.asgi:application --factory
"""

from __future__ import annotations

import asyncio

from serving import limits
from serving.adapters.service import MAX_DROPPED_BYTES, Service
from serving.http import joined

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping
    from typing import Any

    from serving.model import Model

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

# What a server may answer to a WebSocket handshake in place of an empty 403.
_REFUSAL = "websocket.http.response"


def application(model: Model | None = None) -> Callable[[Message, Receive, Send], Awaitable[None]]:
    """An application that answers with a model, by default the one that `serving.model.locate` finds.

    Raises:
        ArtifactError: There is no model.
    """
    service = Service(model)

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "websocket":
            await _handshake(scope, receive, send)
        elif scope["type"] == "http":
            body = await _body(receive)
            if body is not None:
                await _answer(scope, body, send, "http.response")
        else:
            raise ValueError(f"There is no answer to a scope of type {scope['type']!r}.")

    async def _handshake(scope: Message, receive: Receive, send: Send) -> None:
        """A WebSocket is not opened: the request is answered as if it had not asked for one (RFC 9110, 7.8)."""
        await receive()
        if _REFUSAL in (scope.get("extensions") or {}):
            await _answer(scope, b"", send, _REFUSAL)
        else:
            await send({"type": "websocket.close"})

    async def _answer(scope: Message, body: bytes, send: Send, kind: str) -> None:
        method = scope.get("method", "GET")  # a handshake is always one
        headers = joined(
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]
        )
        query = scope.get("query_string", b"").decode("latin-1")
        answer = await asyncio.to_thread(service.answer, method, _path(scope), headers, lambda: body, query)
        pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
        await send({"type": f"{kind}.start", "status": answer.status, "headers": pairs})
        await send({"type": f"{kind}.body", "body": b"" if method == "HEAD" else answer.body})

    return app


def _path(scope: Message) -> str:
    """The path below the place that the application is mounted at."""
    path: str = scope["path"]
    root = (scope.get("root_path") or "").rstrip("/")
    return path.removeprefix(root) or "/" if path == root or path.startswith(f"{root}/") else path


async def _body(receive: Receive) -> bytes | None:
    """The body, or a byte more than the limit of one that is longer; None if the client has gone."""
    parts: list[bytes] = []
    size = 0
    more = True
    while more and size <= limits.MAX_BODY_BYTES + MAX_DROPPED_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        if size <= limits.MAX_BODY_BYTES:
            parts.append(message.get("body", b""))
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)[: limits.MAX_BODY_BYTES + 1]


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
