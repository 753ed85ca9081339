"""HTTP requests in payload format 2.0: what HTTP APIs and function URLs send a Lambda.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
"""

from __future__ import annotations

from serving.event_path import DEFAULT, below_stage, filled_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def head(event: dict[str, Any]) -> tuple[str, str, dict[str, str]]:
    """Method, path below the API's root and headers by lower-case name, of an event that is an HTTP request.

    A header that came several times is one already, joined by commas; cookies alone come apart.
    """
    headers = {
        name.lower(): value for name, value in (event.get("headers") or {}).items() if value is not None
    }
    if event.get("cookies"):
        headers["cookie"] = "; ".join(event["cookies"])
    return event["requestContext"]["http"]["method"], _path(event), headers


def _path(event: dict[str, Any]) -> str:
    """The route's own path, which has no stage before it, or what came where the route is the default one."""
    route: str = (event.get("routeKey") or DEFAULT).rpartition(" ")[2]
    if route == DEFAULT:
        return below_stage(event["rawPath"], event) or "/"
    return filled_in(route, event)
