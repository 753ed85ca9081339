"""What a template asks of its functions, held against what Lambda takes."""

from __future__ import annotations

from typing import Any

from skylayer.aws import quotas
from skylayer.errors import UserError


def check_template(template: dict[str, Any]) -> None:
    """Hold what a template says of its functions against Lambda's limits; refuse it with all that is over them.

    Only literal values can be known here; a parameter's range is in the template itself.
    """
    exceeded = []
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            exceeded += [f"{name}: {reason}" for reason in _exceeded(resource["Properties"])]
    if exceeded:
        raise UserError(f"template.yaml asks for more than AWS gives. {'; '.join(exceeded)}")


def _exceeded(properties: dict[str, Any]) -> list[str]:
    variables = properties.get("Environment", {}).get("Variables", {})
    literal = {name: str(value) if isinstance(value, str | int) else "" for name, value in variables.items()}
    asked: list[tuple[quotas.Limit, Any]] = [
        (quotas.LAYERS, len(properties.get("Layers", []))),
        (quotas.ENVIRONMENT, quotas.environment_size(literal)),
        (quotas.TIMEOUT, properties.get("Timeout", 0)),
        (quotas.MEMORY, properties.get("MemorySize", 0)),
    ]
    exceeded = (quotas.exceeded(limit, value) for limit, value in asked if isinstance(value, int))
    return [reason for reason in exceeded if reason]
