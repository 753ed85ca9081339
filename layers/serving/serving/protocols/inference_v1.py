"""KServe's first inference protocol, which TensorFlow Serving shares: over REST, its body is that of `POST /predict`.

https://kserve.github.io/website/docs/concepts/architecture/data-plane/v1-protocol
"""

from __future__ import annotations

from serving import json_body, limits
from serving.errors import Problem
from serving.http import JSON, Request, Response, content_type, json_response
from serving.predict import instances_of, warnings_of
from serving.protocols.messages import kserve_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from serving.model import Model

_PREFIX = "/v1/models"


def respond(request: Request, model: Model) -> Response:
    """Respond to a request to `/v1/models` or below; errors are `{"error": text}`, as the protocol has them."""
    try:
        return _route(request, model)
    except Problem as problem:
        return kserve_error(problem)


def _route(request: Request, model: Model) -> Response:
    name = model.reference["name"]
    asked, _, verb = request.path.rstrip("/").removeprefix(_PREFIX).removeprefix("/").partition(":")
    if asked not in {name, ""} or (asked, verb) == ("", "predict") or verb not in {"predict", ""}:
        raise Problem(404, f"There is nothing here; there is POST {_PREFIX}/{name}:predict.")
    if verb == "predict":
        if request.method != "POST":
            raise Problem(405, "Use POST here.", headers={"allow": "POST"})
        return _predict(request, model)
    if request.method not in {"GET", "HEAD"}:
        raise Problem(405, "Use GET here.", headers={"allow": "GET, HEAD"})
    return json_response({"name": name, "ready": True} if asked else {"models": [name]})


def _predict(request: Request, model: Model) -> Response:
    content_type(request.headers, (JSON,))
    limits.check_body(request.body, model.schema)
    document = json_body.parse(request.body, nan_is_null=True)
    instances, told = instances_of(document, model, ignore=True)
    headers = {"model-version": model.reference["version"], **told}
    body = model.predict_instances(instances) | warnings_of(document, instances, model)
    return json_response(body, rows=len(instances), headers=headers)
