"""A template whose conditions are resolved, for `sam local`, which knows Fn::If and not AWS::NoValue."""

from __future__ import annotations

from typing import Any

NOTHING = {"Ref": "AWS::NoValue"}


def resolve(template: dict[str, Any], parameters: dict[str, str]) -> dict[str, Any]:
    """The template as it is with these parameters: each Fn::If decided, what it leaves out left out.

    Args:
        template: A CloudFormation template in its long form ({"Fn::If": …}).
        parameters: Values of parameters, over their defaults.
    """
    defaults = {name: str(part.get("Default", "")) for name, part in template["Parameters"].items()}
    values = defaults | parameters
    conditions = template.get("Conditions", {})
    held = {name: _holds(condition, values, conditions) for name, condition in conditions.items()}
    resources = {
        name: {key: value for key, value in resource.items() if key != "Condition"}
        for name, resource in template["Resources"].items()
        if "Condition" not in resource or held[resource["Condition"]]
    }
    return {**template, "Resources": _decided(resources, held)}


def _holds(condition: Any, values: dict[str, str], conditions: dict[str, Any]) -> bool:
    ((function, parts),) = condition.items()
    if function == "Condition":
        return _holds(conditions[parts], values, conditions)
    if function == "Fn::Equals":
        first, second = (_text(part, values) for part in parts)
        return first == second
    if function == "Fn::Not":
        return not _holds(parts[0], values, conditions)
    many = [_holds(part, values, conditions) for part in parts]
    return all(many) if function == "Fn::And" else any(many)


def _text(part: Any, values: dict[str, str]) -> str:
    if isinstance(part, dict) and "Ref" in part:
        return values[part["Ref"]]
    if isinstance(part, dict) and "Fn::Join" in part:
        between, listed = part["Fn::Join"]
        return _text(listed, values).replace(",", between)
    return str(part)


def _decided(value: Any, held: dict[str, bool]) -> Any:
    if isinstance(value, list):
        decided = [_decided(part, held) for part in value]
        return [part for part in decided if part != NOTHING]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Fn::If"}:
        condition, yes, no = value["Fn::If"]
        return _decided(yes if held[condition] else no, held)
    decided_members = {name: _decided(part, held) for name, part in value.items()}
    return {name: part for name, part in decided_members.items() if part != NOTHING}
