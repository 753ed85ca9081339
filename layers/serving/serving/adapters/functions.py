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

from serving.adapters.service import Service
from serving.http import JSON, joined

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from serving.model import Model

    Function = Callable[[Any], tuple[bytes, int, dict[str, str]]]


def application(model: Model | None = None) -> Function:
    """A function that answers a Flask-like request, by default with the model that `serving.model.locate` finds.

    Raises:
        ArtifactError: There is no model.
    """
    service = Service(model)

    def answer(request: Any) -> tuple[bytes, int, dict[str, str]]:
        method = getattr(request, "method", "POST")
        path = getattr(request, "path", "/")
        headers = joined(dict(getattr(request, "headers", {})).items())
        if hasattr(request, "get_data"):
            read: Callable[[], bytes] = request.get_data
        else:
            headers["content-type"] = JSON
            read = functools.partial(_json, request)
        path = "/predict" if path == "/" and method == "POST" else path
        query = getattr(request, "query_string", b"").decode("latin-1")
        answer = service.answer(method, path, headers, read, query)
        return answer.body, answer.status, answer.headers

    return answer


def run_model(request: Any) -> tuple[bytes, int, dict[str, str]]:
    """Answer a Flask-like request with the model that `serving.model.locate` finds.

    Returns:
        Body, status and headers, as Flask and its likes take them from a function.

    Raises:
        ArtifactError: There is no model.
    """
    return _default()(request)


_default = functools.cache(application)


def _json(request: Any) -> bytes:
    return json.dumps(request.get_json(silent=True)).encode()
