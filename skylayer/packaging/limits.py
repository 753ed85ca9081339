"""What is built, held against what AWS takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skylayer.aws import quotas
from skylayer.errors import UserError
from skylayer.packaging import tree

if TYPE_CHECKING:
    from pathlib import Path

UNZIPPED_LIMIT = quotas.UNZIPPED.maximum
PARTS = ("PredictFunction", "ServingLayer", "RuntimeLayer", "ModelLayer")


def check_size(build: Path) -> int:
    """Bytes of a function and its layers together, refused beyond what Lambda takes.

    The parts are built one by one, perhaps at once, and each calls this when it is done: the last one sees them all.
    """
    total = sum(tree.size(build / part) for part in PARTS if (build / part).is_dir())
    if total > UNZIPPED_LIMIT:
        folders = [build / part / "python" for part in PARTS]
        packages = ", ".join(f"{name} {_megabytes(bytes_)}" for name, bytes_ in tree.largest(folders))
        raise UserError(
            f"Function and layers are {_megabytes(total)} unzipped and Lambda takes {_megabytes(UNZIPPED_LIMIT)}. "
            f"Largest: {packages}. Use fewer packages, or an estimator that the native engine can compile."
        )
    return total


def check_template(template: dict[str, Any]) -> None:
    """Hold what a template says of its functions against Lambda's limits; refuse it with all that is over them.

    Only literal values can be known here; a parameter's range is in the template itself.
    """
    faults = []
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            faults += [f"{name}: {fault}" for fault in _function_faults(resource["Properties"])]
    if faults:
        raise UserError(f"template.yaml asks for more than AWS gives. {'; '.join(faults)}")


def _function_faults(properties: dict[str, Any]) -> list[str]:
    variables = properties.get("Environment", {}).get("Variables", {})
    literal = {name: str(value) if isinstance(value, str | int) else "" for name, value in variables.items()}
    asked: list[tuple[quotas.Limit, Any]] = [
        (quotas.LAYERS, len(properties.get("Layers", []))),
        (quotas.ENVIRONMENT, quotas.environment_size(literal)),
        (quotas.TIMEOUT, properties.get("Timeout", 0)),
        (quotas.MEMORY, properties.get("MemorySize", 0)),
    ]
    faults = (quotas.exceeded(limit, value) for limit, value in asked if isinstance(value, int))
    return [fault for fault in faults if fault]


def _megabytes(count: int) -> str:
    return f"{count / 2**20:.1f} MB"
