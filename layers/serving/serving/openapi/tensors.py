"""Schemas of the Open Inference Protocol v2 and of MLflow's scoring protocol."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TEXT = {"type": "string"}
_SHAPE = {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 1, "maxItems": 2}
_ROWS = {"type": "array", "items": {}}

DATATYPES = ["BOOL", "BYTES", "FP16", "FP32", "FP64", "BF16"] + [
    f"{sign}INT{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)
]


def protocol_schemas() -> dict[str, dict[str, Any]]:
    """Every named schema of the protocols."""
    tensor = {"name": _TEXT, "datatype": {"enum": DATATYPES}, "shape": _SHAPE, "data": _ROWS}
    return {
        "Tensor": _object(tensor, "name", "datatype", "shape", "data"),
        "InferenceRequest": _object(
            {
                "id": _TEXT,
                "inputs": {"type": "array", "items": {"$ref": "#/components/schemas/Tensor"}, "minItems": 1},
                "outputs": {"type": "array", "items": _object({"name": _TEXT}, "name")},
                "parameters": {"type": "object"},
            },
            "inputs",
        ),
        "InferenceResponse": _object(
            {
                "id": _TEXT,
                "model_name": _TEXT,
                "model_version": _TEXT,
                "outputs": {"type": "array", "items": {"$ref": "#/components/schemas/Tensor"}},
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
                    {"columns": {"type": "array", "items": {"type": ["string", "integer"]}}, "data": _ROWS},
                    "data",
                ),
                "dataframe_records": {"type": "array", "items": {"type": "object"}},
                "instances": _ROWS,
                "inputs": {"type": ["array", "object"]},
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
        "ScoringResponse": _object({"predictions": _ROWS}, "predictions"),
        "ScoringError": _object({"error_code": _TEXT, "message": _TEXT}, "error_code", "message"),
    }


def _object(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}
