"""The routes that other servers' clients call: Open Inference Protocol v2, MLflow and SageMaker."""

from __future__ import annotations

from serving.openapi.errors import ERRORS
from serving.openapi.schemas import content, failures, page, reference, told

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def inference_paths(manifest: dict[str, Any]) -> dict[str, Any]:
    """Routes of the Open Inference Protocol."""
    paths = {
        "/v2": {"get": _read("server_metadata", "The server", "ServerMetadata", "Its name and extensions.")},
        "/v2/health/live": {
            "get": _open(_read("server_live", "Whether the server is live", "ServerLive", _ANSWERS))
        },
        "/v2/health/ready": {
            "get": _open(_read("server_ready", "Whether the server is ready", "ServerReady", _ANSWERS))
        },
    }
    model, version = manifest["name"], manifest["version"]
    for prefix, name in (
        (f"/v2/models/{model}", "model"),
        (f"/v2/models/{model}/versions/{version}", "version"),
    ):
        tensors = "Name, datatype and shape of each input and output."
        paths[prefix] = {"get": _read(f"{name}_metadata", "The model's tensors", "ModelMetadata", tensors)}
        paths[f"{prefix}/ready"] = {
            "get": _read(f"{name}_ready", "Whether the model is ready", "ModelReady", _ANSWERS)
        }
        paths[f"{prefix}/infer"] = {"post": _infer(f"{name}_infer")}
    return paths


_ANSWERS = "It is, or nothing would answer."


def inference_v1_paths(manifest: dict[str, Any]) -> dict[str, Any]:
    """Routes of KServe's first protocol."""
    model = manifest["name"]
    return {
        "/v1/models": {
            "get": _read("v1_models", "The models, of which there is one", "ServedModels", "Its name.")
        },
        f"/v1/models/{model}": {
            "get": _read("v1_model", "Whether the model is ready", "ModelReady", _ANSWERS)
        },
        f"/v1/models/{model}:predict": {
            "post": {
                "operationId": "v1_predict",
                "summary": "One prediction for each instance, as KServe's first protocol has it",
                "description": "Columns and members that the model doesn't have are left out.",
                "tags": ["inference"],
                "requestBody": content(
                    "Instances",
                    {"application/json": {"schema": reference("InstancesWithMore")}},
                    required=True,
                ),
                "responses": _responses(
                    content("Predictions", {"application/json": {"schema": reference("Predictions")}}),
                    "InferenceError",
                ),
            }
        },
    }


def scoring_paths() -> dict[str, Any]:
    """Routes of MLflow's scoring server, which SageMaker's containers share."""
    others = {"text/csv": page(), "application/jsonlines": page(), "application/x-npy": _BINARY}
    rows = {"application/json": _either("ScoringRequest", "BareRows"), **others}
    answers = {"application/json": _either("ScoringResponse", "Scores"), **others}
    return {
        "/ping": {"get": _open(_text("ping", "Whether the model is loaded", _ANSWERS))},
        "/version": {
            "get": _text(
                "scoring_version", "Version of the scoring protocol", "The MLflow whose protocol it is."
            )
        },
        "/execution-parameters": {
            "get": _read(
                "execution_parameters",
                "How SageMaker's batch transform may cut a file",
                "ExecutionParameters",
                "It asks before it starts.",
                "scoring",
            )
        },
        "/invocations": {
            "post": {
                "operationId": "invocations",
                "summary": "Predictions for a data frame, a tensor or rows",
                "description": (
                    "Rows that come with a name, in JSON or in CSV with a header, are answered as MLflow does; rows "
                    "alone as SageMaker's container for scikit-learn does, by predictions alone. Columns and members "
                    "that the model doesn't have are left out."
                ),
                "tags": ["scoring"],
                "requestBody": content("Rows", rows, required=True),
                "responses": _responses(
                    content("One prediction per row", answers, headers=told()), "ScoringError"
                ),
            }
        },
    }


_BINARY: dict[str, Any] = {"schema": {}}


def _either(named: str, alone: str) -> dict[str, Any]:
    return {"schema": {"anyOf": [reference(named), reference(alone)]}}


def _open(operation: dict[str, Any]) -> dict[str, Any]:
    """An operation that asks for no key."""
    return {**operation, "security": []}


def _read(
    operation: str, summary: str, schema: str, description: str, tag: str = "inference"
) -> dict[str, Any]:
    return {
        "operationId": operation,
        "summary": summary,
        "description": description,
        "tags": [tag],
        "responses": _responses(content(summary, {"application/json": {"schema": reference(schema)}})),
    }


def _text(operation: str, summary: str, description: str) -> dict[str, Any]:
    return {
        "operationId": operation,
        "summary": summary,
        "description": description,
        "tags": ["scoring"],
        "responses": _responses(content(summary, {"text/plain": page()})),
    }


def _infer(operation: str) -> dict[str, Any]:
    return {
        "operationId": operation,
        "summary": "Inference: one tensor for each column, or one matrix",
        "description": "Tensors of shape [rows] or [rows, 1], or a matrix of [rows, columns], in JSON.",
        "tags": ["inference"],
        "requestBody": content(
            "Tensors", {"application/json": {"schema": reference("InferenceRequest")}}, required=True
        ),
        "responses": _responses(
            content("Tensors", {"application/json": {"schema": reference("InferenceResponse")}}),
            "InferenceError",
        ),
    }


def _responses(answer: dict[str, Any], shape: str = "Problem") -> dict[str, Any]:
    own = (400, 404, 405, 406, 413, 415, 500) if shape != "Problem" else (500,)
    return {"200": answer, **failures(own, ERRORS, shape)}
