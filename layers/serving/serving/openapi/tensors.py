"""Schemas of the Open Inference Protocol v2 and of MLflow's scoring protocol."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TEXT = {"type": "string"}
_TRUE_OR_FALSE = {"type": "boolean"}
_SHAPE = {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 1, "maxItems": 2}
_ROWS = {"type": "array", "items": {}}

DATATYPES = ["BOOL", "BYTES", "FP16", "FP32", "FP64", "BF16"] + [
    f"{sign}INT{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)
]


def protocol_schemas(score: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every named schema of the protocols.

    Args:
        score: The schema of what one row is answered by: its prediction or, where that is asked for, its numbers.
    """
    datatype = {"type": "string", "enum": DATATYPES}
    tensor = {"name": _TEXT, "datatype": datatype, "shape": _SHAPE, "data": _ROWS}
    metadata = {
        "name": _TEXT,
        "datatype": datatype,
        "shape": _list({"type": "integer", "description": "-1 for the number of rows"}),
    }
    described = _object(metadata, "name", "datatype", "shape")
    return {
        "ServerMetadata": _object({"name": _TEXT, "version": _TEXT, "extensions": _list(_TEXT)}, "name"),
        "ServerLive": _object({"live": _TRUE_OR_FALSE}, "live"),
        "ServerReady": _object({"ready": _TRUE_OR_FALSE}, "ready"),
        "ServedModels": _object({"models": _list(_TEXT)}, "models"),
        "ModelReady": _object({"name": _TEXT, "ready": _TRUE_OR_FALSE}, "name", "ready"),
        "ModelMetadata": _object(
            {
                "name": _TEXT,
                "versions": _list(_TEXT),
                "platform": _TEXT,
                "inputs": _list({"$ref": "#/components/schemas/TensorMetadata"}),
                "outputs": _list({"$ref": "#/components/schemas/TensorMetadata"}),
            },
            "name",
            "platform",
            "inputs",
            "outputs",
        ),
        "TensorMetadata": described,
        "Tensor": _object(tensor, "name", "datatype", "shape", "data"),
        "InferenceRequest": _object(
            {
                "id": _TEXT,
                "inputs": {"type": "array", "items": {"$ref": "#/components/schemas/Tensor"}, "minItems": 1},
                "outputs": _list(_object({"name": _TEXT}, "name")),
                "parameters": {"type": "object"},
            },
            "inputs",
        ),
        "InferenceResponse": _object(
            {
                "id": _TEXT,
                "model_name": _TEXT,
                "model_version": _TEXT,
                "outputs": _list({"$ref": "#/components/schemas/Tensor"}),
            },
            "model_name",
            "outputs",
        ),
        "InferenceError": _object({"error": _TEXT}, "error"),
        "ScoringRequest": {
            "type": "object",
            "description": "Exactly one of the first four",
            "properties": {
                "dataframe_split": _object(
                    {"columns": _list({"type": ["string", "integer"]}), "data": _ROWS}, "data"
                ),
                "dataframe_records": _list({"type": "object"}),
                "instances": _ROWS,
                "inputs": {
                    "anyOf": [_ROWS, {"type": "object", "additionalProperties": _ROWS}],
                    "description": "Rows, or by its name the values of each column",
                },
                "params": {
                    "type": "object",
                    "properties": {
                        "predict_method": {
                            "type": "string",
                            "description": "predict, predict_proba, decision_function or transform: what to answer",
                        }
                    },
                },
                "signature_name": _TEXT,
            },
            "minProperties": 1,
        },
        "BareRows": {
            **_ROWS,
            "description": "Rows in the order of the columns, as SageMaker's clients send them",
        },
        "Scores": _list(score) | {"description": "One for each row"},
        "ScoringResponse": _object({"predictions": {"$ref": "#/components/schemas/Scores"}}, "predictions"),
        "ExecutionParameters": _object(
            {
                "MaxConcurrentTransforms": {"type": "integer"},
                "BatchStrategy": _TEXT,
                "MaxPayloadInMB": {"type": "integer"},
            },
            "MaxConcurrentTransforms",
            "BatchStrategy",
            "MaxPayloadInMB",
        ),
        "ScoringError": _object({"error_code": _TEXT, "message": _TEXT}, "error_code", "message"),
    }


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _object(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}
