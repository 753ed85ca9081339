"""What a person or a program may know of the model that answers: `GET /model`, `/openapi.json` and `/`."""

from __future__ import annotations

import hashlib
import json
import os

from serving import limits
from serving.artifact import GOLDEN, MODEL_CARD_PAGE, STATISTICS
from serving.http import JSON, Request, Response, accepted, json_response
from serving.openapi import document
from serving.openapi.security import authentication
from serving.playground import digest, page

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from serving.model import Model

HTML = "text/html"
_TAG_DIGITS = 32

_TOLD = ("task", "created", "engine", "engine_reason", "input", "output", "metrics", "training", "libraries")


def model(request: Request, model: Model) -> Response:
    """The model as JSON, or its card as a page, whichever the client likes better.

    Raises:
        Problem: 406: the client accepts neither.
    """
    path = os.path.join(model.folder, MODEL_CARD_PAGE)
    offered = (JSON, HTML) if os.path.isfile(path) else (JSON,)
    if accepted(request.headers, offered) == HTML:
        with open(path, encoding="utf-8") as file:
            return _unless_known(request, _card(file.read()))
    told = {name: model.manifest[name] for name in _TOLD}
    response = json_response(
        {
            **model.reference,
            **told,
            "statistics": _read(model, STATISTICS),
            "examples": _read(model, GOLDEN),
            "limits": {"rows": limits.MAX_ROWS, "body_bytes": limits.MAX_BODY_BYTES},
            "card": model.card(),
        }
    )
    return _unless_known(request, response)


def openapi(request: Request, model: Model) -> Response:
    """The OpenAPI document of the model's API, for whoever may call this stack."""
    response = json_response(document(model.manifest, _read(model, GOLDEN), authentication()))
    return _unless_known(request, response)


def playground(request: Request, _: Model) -> Response:
    """The playground, a page that tells nothing of the model by itself."""
    return _unless_known(request, _page(*page(authentication())))


def _unless_known(request: Request, response: Response) -> Response:
    """The response with a tag, or 304 and nothing if the client has the one of this tag (RFC 9110, section 13.1.2).

    The tag is a weak one: the gateway may compress what it stands for.
    """
    tag = hashlib.sha256(response.content).hexdigest()[:_TAG_DIGITS]
    headers = {"etag": f'W/"{tag}"', "cache-control": "private, no-cache", "vary": "accept"}
    known = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    if f'"{tag}"' in known or known == ["*"]:
        return Response(304, headers, "")
    response.headers |= headers
    return response


def _card(html: str) -> Response:
    """A model card: its pictures are data of its own, and nothing on it may run or be fetched."""
    style = html.partition("<style>")[2].partition("</style>")[0]
    return _page(
        html, f"default-src 'none'; style-src '{digest(style)}'; img-src data:; frame-ancestors 'none'"
    )


def _page(html: str, policy: str) -> Response:
    headers = {
        "content-type": f"{HTML}; charset=utf-8",
        "content-security-policy": policy,
        "referrer-policy": "no-referrer",
    }
    return Response(200, headers, html)


def _read(model: Model, name: str) -> dict[str, Any]:
    """A JSON file of the artifact; empty for an artifact from elsewhere that lacks it."""
    try:
        with open(os.path.join(model.folder, name), encoding="utf-8") as file:
            content: dict[str, Any] = json.load(file)
    except FileNotFoundError:
        return {}
    return content
