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
        "/v2": {"get": _read("server_metadata", "The server", "inference")},
        "/v2/health/live": {
            "get": _read("server_live", "Whether the server is live", "inference", open_=True)
        },
        "/v2/health/ready": {
            "get": _read("server_ready", "Whether the server is ready", "inference", open_=True)
        },
    }
    model, version = manifest["name"], manifest["version"]
    for prefix, name in (
        (f"/v2/models/{model}", "model"),
        (f"/v2/models/{model}/versions/{version}", "version"),
    ):
        paths[prefix] = {"get": _read(f"{name}_metadata", "The model's tensors", "inference")}
        paths[f"{prefix}/ready"] = {"get": _read(f"{name}_ready", "Whether the model is ready", "inference")}
        paths[f"{prefix}/infer"] = {"post": _infer(f"{name}_infer")}
    return paths


def inference_v1_paths(manifest: dict[str, Any]) -> dict[str, Any]:
    """Routes of KServe's first protocol."""
    model = manifest["name"]
    return {
        "/v1/models": {"get": _read("v1_models", "The models, of which there is one", "inference")},
        f"/v1/models/{model}": {"get": _read("v1_model", "Whether the model is ready", "inference")},
        f"/v1/models/{model}:predict": {
            "post": {
                "operationId": "v1_predict",
                "summary": "One prediction for each instance, as KServe's first protocol has it",
                "description": "Columns and members that the model doesn't have are left out.",
                "tags": ["inference"],
                "requestBody": content(
                    "Instances", {"application/json": {"schema": reference("Instances")}}, required=True
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
    rows = {"application/json": _named_or_alone("ScoringRequest"), **others}
    answers = {"application/json": _named_or_alone("ScoringResponse"), **others}
    return {
        "/ping": {"get": {**_text("ping", "Whether the model is loaded"), "security": []}},
        "/version": {"get": _text("scoring_version", "Version of the scoring protocol")},
        "/execution-parameters": {
            "get": _read("execution_parameters", "How SageMaker's batch transform may cut a file", "scoring")
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


def _named_or_alone(name: str) -> dict[str, Any]:
    return {"schema": {"anyOf": [reference(name), {"type": "array", "items": {}}]}}


def _read(operation: str, summary: str, tag: str, *, open_: bool = False) -> dict[str, Any]:
    answer = content(summary, {"application/json": {"schema": {}}})
    told = {"operationId": operation, "summary": summary, "tags": [tag], "responses": _responses(answer)}
    return {**told, "security": []} if open_ else told


def _text(operation: str, summary: str) -> dict[str, Any]:
    answer = content(summary, {"text/plain": page()})
    return {
        "operationId": operation,
        "summary": summary,
        "tags": ["scoring"],
        "responses": _responses(answer),
    }


def _infer(operation: str) -> dict[str, Any]:
    return {
        "operationId": operation,
        "summary": "Inference: one tensor for each column, or one matrix",
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
