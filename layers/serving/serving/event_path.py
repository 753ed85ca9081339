"""Paths of an event below the API's root: without a stage, and with the values of a route's parameters."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# What an HTTP API and a function URL call the route, and the stage, of whatever has none of its own.
DEFAULT = "$default"


def filled_in(path: str, event: dict[str, Any]) -> str:
    """A route's path with the values of its `{parameters}`."""
    for name, value in (event.get("pathParameters") or {}).items():
        path = path.replace(f"{{{name}}}", value).replace(f"{{{name}+}}", value)
    return path


def below_stage(path: str, event: dict[str, Any]) -> str:
    """A path without the stage that an HTTP API leaves before it, unless the stage is the one without a name."""
    stage = (event.get("requestContext") or {}).get("stage")
    if stage and stage != DEFAULT and f"{path}/".startswith(f"/{stage}/"):
        return path[len(stage) + 1 :] or "/"
    return path
