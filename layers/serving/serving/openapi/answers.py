"""Schemas of what this very model answers: its labels, and how many numbers each row has."""

from __future__ import annotations

from serving.openapi.meanings import meaning

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Schema = dict[str, Any]

LABEL = "Label"
_LABEL_OF = {"$ref": f"#/components/schemas/{LABEL}"}
_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number"}
_NUMBER = {"type": "number"}
# As a choice and not as two types: Schemathesis stumbles over those in a list.
_NUMBER_OR_NULL = {"anyOf": [_NUMBER, {"type": "null"}]}
_OUTLIER = (-1, 1)


def answer_schemas(output: dict[str, Any], task: str, golden: dict[str, Any]) -> dict[str, Schema]:
    """`Label` where the model has classes, and `Predictions`.

    Args:
        output: The manifest's.
        task: The manifest's.
        golden: The estimator's answers to the golden rows by field, empty for an artifact that has none.
    """
    classes = output.get("classes")
    nested = classes is not None and all(isinstance(labels, list) for labels in classes)
    schemas: dict[str, Schema] = {}
    if classes and not nested:
        schemas[LABEL] = enumeration(classes) | {"description": "A class of the model"}
    properties = {
        "predictions": _per_row(prediction(output, task, golden), _told("predictions", task, output))
    }
    for field in output["fields"][1:]:
        properties[field] = _per_row(_row(field, output, golden), _told(field, task, output))
    if classes:
        of_target = [_list_of(enumeration(labels), len(labels)) for labels in classes] if nested else []
        items = fixed(of_target) if nested else _list_of(_LABEL_OF, len(classes))
        properties["classes"] = items | {"description": "The classes in the order of the numbers"}
    properties["model"] = {"$ref": "#/components/schemas/ModelVersion"}
    required = [*properties]
    properties["warnings"] = _WARNINGS
    answer = {"type": "object", "properties": properties, "required": required}
    return schemas | {"Predictions": answer}


def _told(field: str, task: str, output: dict[str, Any]) -> str:
    """What a field holds for each instance, in words."""
    said = meaning(field, task, output)
    return f"For each instance {said}." if said else f"The {field} of each instance"


_WARNINGS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
        "required": ["pointer", "detail"],
    },
    "description": "Values that are categories unseen in training, the first 100; only where asked for",
}


def prediction(output: dict[str, Any], task: str, golden: dict[str, Any]) -> Schema:
    """The schema of one row's prediction."""
    classes = output.get("classes") or []
    targets = output.get("targets") or [None]
    if len(targets) == 1:
        return _LABEL_OF if classes else _value(task, golden)
    if classes and all(isinstance(labels, list) for labels in classes):
        return fixed([enumeration(labels) for labels in classes])
    return _list_of(_LABEL_OF if classes else _value(task, golden), len(targets))


def _value(task: str, golden: dict[str, Any]) -> Schema:
    """A prediction that is no class of the manifest's."""
    if task == "outlier_detection":
        return {"type": "integer", "enum": [*_OUTLIER], "description": "-1 for an outlier"}
    if task == "clustering" and all(isinstance(value, int) for value in golden.get("predictions", [])):
        return {"type": "integer", "description": "The number of a cluster"}
    return {**_NUMBER_OR_NULL, "description": "null where it is no finite number"}


def score(output: dict[str, Any], task: str, golden: dict[str, Any]) -> Schema:
    """The schema of what one row is scored by: its prediction or, where a client asks for them, its numbers."""
    numbers = (_row(field, output, golden) for field in output["fields"][1:])
    return any_of([prediction(output, task, golden), *numbers])


def _row(field: str, output: dict[str, Any], golden: dict[str, Any]) -> Schema:
    """A row's numbers, as many as the golden rows have; without them, what the classes tell."""
    item = _NUMBER if _never_missing(field, golden) else _NUMBER_OR_NULL
    rows = golden.get(field)
    classes = output.get("classes") or []
    if rows:
        return _like(rows[0], item)
    if field == "probabilities" and classes and not isinstance(classes[0], list):
        return _list_of(item, len(classes))
    several = {"type": "array", "items": {"anyOf": [item, {"type": "array", "items": item}]}}
    return several if field != "scores" else {"anyOf": [item, several]}


def _like(value: Any, item: Schema) -> Schema:
    if not isinstance(value, list):
        return item
    if value and isinstance(value[0], list):
        return fixed([_like(of_target, item) for of_target in value])
    return _list_of(item, len(value))


def _never_missing(field: str, golden: dict[str, Any]) -> bool:
    """Whether a field's numbers are always finite: probabilities are, unless the golden rows show otherwise."""
    return field == "probabilities" and not _holds_null(golden.get(field))


def _holds_null(value: Any) -> bool:
    return any(map(_holds_null, value)) if isinstance(value, list) else value is None


def enumeration(values: list[Any]) -> Schema:
    """A schema for each JSON type of some values, with those values; generators take no enumeration of two types.

    Fractions and booleans are not enumerated: no generator of Python takes the first, nobody needs the second.
    """
    choices: list[Schema] = []
    for kind, name in _TYPES.items():
        members = [value for value in values if type(value) is kind]
        if members:
            choices.append({"type": name, _MEMBERS.get(name, "enum"): members})
    return any_of(choices)


_MEMBERS = {"number": "examples", "boolean": "examples"}


def any_of(choices: list[Schema]) -> Schema:
    """One of several schemas, each named once."""
    different = [choice for index, choice in enumerate(choices) if choice not in choices[:index]]
    return different[0] if len(different) == 1 else {"anyOf": different}


def fixed(items: list[Schema]) -> Schema:
    """A list of one thing of each kind; `items` beside `prefixItems` is for tools that know no tuples."""
    number = {"minItems": len(items), "maxItems": len(items)}
    return {"type": "array", "prefixItems": items, "items": any_of(items), **number}


def _list_of(item: Schema, number: int) -> Schema:
    return {"type": "array", "items": item, "minItems": number, "maxItems": number}


def _per_row(item: Schema, description: str) -> Schema:
    return {"type": "array", "items": item, "description": description}
