"""The API as one function of a request, for Google Cloud Functions, Azure, OpenFaaS, Knative and their like.

    functions-framework --source main.py --target run_model

where `main.py` holds `from serving.adapters.functions import run_model`. The request need only be like
Flask's: `get_json(silent=True)` is enough; `method`, `path`, `headers` and `get_data()` are used where it
has them, and then every route of the API answers. A function has one address, so a body that is posted to its
root goes to `/predict`.
"""

from __future__ import annotations

import functools
import json

from serving.api import handle
from serving.http import JSON, Request, query_of
from serving.model import Model, load, locate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def run_model(request: Any) -> tuple[str | bytes, int, dict[str, str]]:
    """Answer a Flask-like request with the model that `serving.model.locate` finds.

    Returns:
        Body, status and headers, as Flask and its likes take them from a function.

    Raises:
        ArtifactError: There is no model.
    """
    response = handle(_request(request), _model())
    return response.body, response.status, response.headers


@functools.cache
def _model() -> Model:
    return load(locate())


def _request(request: Any) -> Request:
    method = getattr(request, "method", "POST")
    path = getattr(request, "path", "/")
    headers = {name.lower(): value for name, value in dict(getattr(request, "headers", {})).items()}
    if hasattr(request, "get_data"):
        body = request.get_data()
    else:
        body, headers["content-type"] = json.dumps(request.get_json(silent=True)).encode(), JSON
    return Request(
        method=method,
        path="/predict" if path == "/" and method == "POST" else path,
        headers=headers,
        body=body,
        request_id=headers.get("x-request-id", ""),
        query=query_of(getattr(request, "query_string", b"").decode("latin-1")),
    )
