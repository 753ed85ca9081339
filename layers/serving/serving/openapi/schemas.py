"""JSON Schemas (draft 2020-12, as OpenAPI 3.1 has them) of what goes in and what comes out."""

from __future__ import annotations

from serving.openapi.answers import answer_schemas, any_of, enumeration, fixed, score
from serving.openapi.tensors import protocol_schemas
from serving.schema import FRACTION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Schema = dict[str, Any]

# What the gateway answers by itself, whatever the route and whoever calls.
GATEWAY = (429, 504)

_JSON_TYPES = {str: "string", bool: "boolean", int: "number", float: "number"}


def reference(name: str) -> Schema:
    """A pointer to one of the schemas below."""
    return {"$ref": f"#/components/schemas/{name}"}


def content(description: str, types: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A request's body or an answer: a schema for each media type."""
    return {"description": description, "content": types, **more}


def failures(statuses: tuple[int, ...], errors: dict[int, str], shape: str = "Problem") -> dict[str, Any]:
    """The failures of a route: those of the API in its protocol's shape, those of the gateway before it.

    Args:
        statuses: Those that the API itself gives.
        errors: Status -> what it means.
        shape: Schema of the API's own errors; problem documents unless the route's protocol has others.
    """
    problem = {"application/problem+json": {"schema": reference("Problem")}}
    of_api = problem if shape == "Problem" else {**problem, "application/json": {"schema": reference(shape)}}
    own = {status: content(errors[status], of_api) for status in statuses}
    gateway = {status: gateway_failure(errors[status]) for status in GATEWAY}
    return {str(status): told for status, told in sorted({**own, **gateway}.items())}


def gateway_failure(description: str) -> dict[str, Any]:
    """A failure that the gateway tells, before any function is asked."""
    shapes = {"application/problem+json": "Problem", "application/json": "GatewayMessage"}
    return content(description, {kind: {"schema": reference(shape)} for kind, shape in shapes.items()})


def told() -> dict[str, Any]:
    """The headers of an answer: the version, and what of the request had no effect."""
    text = {"type": "string"}
    return {
        "model-version": {"schema": text, "description": "The version that answered"},
        "ignored-columns": {
            "schema": text,
            "description": "Columns that the model doesn't have, where left out",
        },
        "ignored-members": {"schema": text, "description": "Members of the body that had no effect"},
        "missing-columns": {
            "schema": text,
            "description": "Columns that the CSV body lacked: missing in every row",
        },
    }


def page() -> dict[str, Any]:
    """A page for a person."""
    return {"schema": {"type": "string"}}


def schemas(manifest: dict[str, Any], answers: dict[str, Any]) -> dict[str, Schema]:
    """Every named schema of the document.

    Args:
        manifest: The artifact's.
        answers: The estimator's to the golden rows, by field.
    """
    columns = manifest["input"]["columns"]
    output, task = manifest["output"], manifest["task"]
    return {
        "Instance": {
            "type": "object",
            "description": "One row by the names of its columns",
            "properties": {column["name"]: _column(column) for column in columns},
            "required": [column["name"] for column in columns],
            "additionalProperties": False,
        },
        "InstanceWithMore": {
            "type": "object",
            "description": "One row by the names of its columns; what else it has is left out",
            "properties": {column["name"]: _column(column) for column in columns},
            "required": [column["name"] for column in columns],
        },
        "InstanceAsList": {
            **fixed([_column(column) for column in columns]),
            "description": "One row as a list: " + ", ".join(column["name"] for column in columns),
        },
        "Instances": {**_instances(columns, "Instance"), "additionalProperties": False},
        "InstancesWithMore": _instances(columns, "InstanceWithMore"),
        **answer_schemas(output, task, answers),
        "ModelVersion": {
            "type": "object",
            "description": "The version that answered",
            "properties": {"name": {"type": "string"}, "version": {"type": "string"}},
            "required": ["name", "version"],
        },
        "Health": {
            "type": "object",
            "properties": {"status": {"type": "string"}, "model": reference("ModelVersion")},
            "required": ["status", "model"],
        },
        "Model": _model(),
        "Problem": _problem(),
        "Limits": _limits(),
        "GatewayMessage": {
            "type": "object",
            "description": "What a gateway without the template's own responses says, an emulator's among them",
            "properties": {"message": {"type": "string"}},
            "required": ["message"],
        },
        **protocol_schemas(score(output, task, answers)),
        "InvalidInstances": _invalid_instances(),
    }


def _instances(columns: list[dict[str, Any]], name: str) -> Schema:
    """A body of rows, each as the named schema or as a list; the only column of a model goes without either."""
    rows = [reference(name), reference("InstanceAsList")]
    items = any_of([*rows, _column(columns[0])] if len(columns) == 1 else rows)
    return {
        "type": "object",
        "properties": {
            "instances": {"type": "array", "minItems": 1, "items": items},
            "warnings": {
                "type": "boolean",
                "default": False,
                "description": "Whether a JSON answer tells of categories unseen in training",
            },
        },
        "required": ["instances"],
    }


def _column(column: dict[str, Any]) -> Schema:
    kind = column["kind"]
    if kind == "category":
        return _category(column)
    if kind == "integer" and FRACTION in column.get("widened", ()):
        kind = "number"
    name = kind if kind in {"number", "integer", "boolean"} else "string"
    schema: Schema = {"type": [name, "null"] if column["nullable"] else name}
    if kind == "integer":
        schema["format"] = "int64"
    if kind == "date":
        schema["description"] = "A date, or a date with its time, as ISO 8601 writes it"
        schema["anyOf"] = [{"format": "date"}, {"format": "date-time"}]
    if column.get("minimum") is not None:
        schema["description"] = (
            f"In training from {column['minimum']} to {column['maximum']}; values beyond are answered too"
        )
    return schema


def _category(column: dict[str, Any]) -> Schema:
    """The categories seen, beside their types: the estimator, not the schema, decides on an unseen one."""
    categories = [value for value in column.get("categories", []) if value is not None]
    seen = enumeration(categories) if categories else {"anyOf": []}
    types = sorted({_JSON_TYPES[type(value)] for value in categories}) or ["string", "number", "boolean"]
    choices: list[Schema] = [*seen.get("anyOf", [seen])]
    if column.get("unseen") is not False:
        choices += ({"type": name, "description": "A category unseen in training"} for name in types)
    if column["nullable"]:
        choices.append({"type": "null"})
    return {
        **any_of(choices),
        "description": "A category; enumerations and examples hold those seen in training",
    }


def _model() -> Schema:
    return {
        "type": "object",
        "description": "What the model is: its schema, metrics, engine, versions and training statistics",
        "properties": {
            "name": {"type": "string"},
            "version": {"type": "string"},
            "created": {"type": "string"},
            "task": {"type": "string"},
            "engine": {"type": "string"},
            "engine_reason": {"type": "string"},
            "input": {"type": "object"},
            "output": {"type": "object"},
            "metrics": {"type": "object"},
        },
        "required": ["name", "version", "task", "engine", "input", "output", "metrics"],
    }


def _problem() -> Schema:
    return {
        "type": "object",
        "description": "Problem details (RFC 9457)",
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "limits": reference("Limits"),
        },
    }


def _limits() -> Schema:
    counts = {name: {"type": "integer", "minimum": 0} for name in ("rows", "characters", "body_bytes")}
    return {
        "type": "object",
        "description": "Where something was too much: how many rows, characters or body_bytes fit",
        "properties": counts,
    }


def _invalid_instances() -> Schema:
    error = {
        "type": "object",
        "properties": {
            "pointer": {
                "type": "string",
                "description": "JSON pointer (RFC 6901) to the value in the request",
            },
            "detail": {"type": "string", "description": "What was expected, and what came"},
        },
        "required": ["pointer", "detail"],
    }
    return {
        "allOf": [reference("Problem")],
        "type": "object",
        "properties": {
            "errors": {"type": "array", "items": error},
            "count": {"type": "integer", "description": "How many there are; `errors` holds the first"},
        },
        "required": ["errors"],
    }
