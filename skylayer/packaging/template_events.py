"""Events of functions that SAM would leave out of an API without a word."""

from __future__ import annotations

from typing import Any

from skylayer.errors import UserError

# Type of event -> the property that names its API.
_API_OF = {"Api": "RestApiId", "HttpApi": "ApiId"}


def check_template(template: dict[str, Any]) -> None:
    """Refuse an event that should add a route to an API whose definition the template writes out.

    SAM adds the routes of events only to a definition that it makes itself, or where `MergeDefinitions` is set:
    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-api.html

    Raises:
        UserError: Names each event and where its route belongs.
    """
    resources: dict[str, Any] = template["Resources"]
    ignored = [
        f"{event} of {name}"
        for name, resource in resources.items()
        for event, described in resource.get("Properties", {}).get("Events", {}).items()
        if _is_ignored(described, resources)
    ]
    if ignored:
        raise UserError(
            f"template.yaml: SAM would add no route for {', '.join(ignored)}, since the API has a definition of its "
            "own. Write the route there: docs/extend.md."
        )


def _is_ignored(event: dict[str, Any], resources: dict[str, Any]) -> bool:
    named = event.get("Properties", {}).get(_API_OF.get(event.get("Type", ""), ""))
    name = named.get("Ref") if isinstance(named, dict) else named
    properties = resources.get(name, {}).get("Properties", {}) if isinstance(name, str) else {}
    return "DefinitionBody" in properties and not properties.get("MergeDefinitions")
