"""Open Inference Protocol v2 over REST: what the clients of KServe, Triton and MLServer speak.

https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md

A request holds one tensor for each column, of shape [rows] or [rows, 1], or one matrix of shape [rows,
columns]; tensors of names that the model doesn't know are left out, and named in a header. Where the protocol
knows no missing value, `null` stands for one, NaN too in a tensor of floats, and in one of texts what CSV has for
it. Tensors are JSON; the binary extension is not spoken. A content type, by which MLServer decodes values, is refused
unless it changes nothing.
"""

from __future__ import annotations

from serving import golden, ignored, json_body
from serving.errors import Problem, quoted
from serving.http import JSON, Request, Response, json_response
from serving.limits import check_body, check_rows
from serving.protocols.messages import kserve_error
from serving.protocols.tensors import (
    check_request_content_type,
    datatype_of_column,
    output_tensors,
    output_types,
    rows_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from serving.model import Model

EXTENSIONS: list[str] = []


def respond(request: Request, model: Model) -> Response:
    """Respond to a request to `/v2` or below; errors are `{"error": text}`, as the protocol has them."""
    try:
        return _route(request, model)
    except Problem as problem:
        return kserve_error(problem)


def _route(request: Request, model: Model) -> Response:
    parts = request.path.strip("/").split("/")[1:]
    if parts == ["health", "live"]:
        return _read(request, {"live": True})
    if parts == ["health", "ready"]:
        return _read(request, {"ready": True})
    if not parts:
        return _read(request, {"name": "skylayer", "version": "2", "extensions": EXTENSIONS})
    verb = _verb(parts, model)
    if verb == "":
        return _read(request, _metadata(model))
    if verb == "ready":
        return _read(request, {"name": model.reference["name"], "ready": True})
    if verb != "infer":
        raise Problem(404, "There is nothing here: see GET /v2 and the Open Inference Protocol.")
    if request.method != "POST":
        raise Problem(405, "Use POST here.", headers={"allow": "POST"})
    return _infer(request, model)


def _verb(parts: list[str], model: Model) -> str:
    """What is asked of the model: nothing, `ready` or `infer`.

    Raises:
        Problem: 404: another model, another version, or no such path.
    """
    name, version = model.reference["name"], model.reference["version"]
    if parts[0] != "models" or len(parts) == 1:
        raise Problem(404, f"There is nothing here; there is /v2/models/{name}.")
    if parts[1] != name:
        raise Problem(404, f"There is no model of this name; there is {name}.")
    rest = parts[2:]
    if rest[:1] == ["versions"]:
        if len(rest) == 1 or rest[1] != version:
            raise Problem(404, f"There is no such version of {name}; there is {version}.")
        rest = rest[2:]
    if len(rest) > 1:
        raise Problem(404, "There is nothing here: see the Open Inference Protocol.")
    return rest[0] if rest else ""


def _read(request: Request, document: dict[str, Any]) -> Response:
    if request.method not in {"GET", "HEAD"}:
        raise Problem(405, "Use GET here.", headers={"allow": "GET, HEAD"})
    return json_response(document)


def _metadata(model: Model) -> dict[str, Any]:
    inputs = [
        {"name": column.name, "datatype": datatype_of_column(column), "shape": [-1]}
        for column in model.schema
    ]
    return {
        "name": model.reference["name"],
        "versions": [model.reference["version"]],
        "platform": f"skylayer_{model.manifest['engine']}",
        "inputs": inputs,
        "outputs": output_types(
            model.manifest["output"], model.manifest["task"], golden.answers(model.folder)
        ),
    }


def _infer(request: Request, model: Model) -> Response:
    check_body(request.body, model.schema)
    if "inference-header-content-length" in request.headers:
        raise Problem(
            400,
            f"Tensors in binary are not read: send {JSON} (binary_data=False in tritonclient and kserve).",
        )
    body = json_body.parse(request.body, nan_is_null=True)
    if not isinstance(body, dict):
        raise Problem(400, "The body must be an inference request: an object with inputs.")
    check_request_content_type(body.get("parameters"))
    asked = _asked(body)
    left_out: list[str] = []
    rows = check_rows(rows_of(body.get("inputs"), model.schema, left_out), model.most_rows)
    tensors = output_tensors(model.predict_instances(rows), model.manifest["output"])
    unknown = [name for name in asked if name not in tensors]
    if unknown:
        raise Problem(400, f"There is no output {quoted(unknown[0])}; there is {', '.join(tensors)}.")
    outputs = [{"name": name, **tensors[name]} for name in asked or tensors]
    document: dict[str, Any] = {
        "model_name": model.reference["name"],
        "model_version": model.reference["version"],
        "outputs": outputs,
    }
    if isinstance(body.get("id"), str):
        document["id"] = body["id"]
    headers = {"model-version": model.reference["version"], **ignored.headers(left_out)}
    return json_response(document, rows=len(rows), headers=headers)


def _asked(body: dict[str, Any]) -> list[str]:
    """Names of the outputs that the client wants; none means all."""
    wanted = body.get("outputs") or []
    if not isinstance(wanted, list) or not all(
        isinstance(output, dict) and isinstance(output.get("name"), str) for output in wanted
    ):
        raise Problem(400, 'outputs must be a list of objects with a name: [{"name": "predictions"}].')
    return [output["name"] for output in wanted]
