"""The event that a REST API's proxy integration hands to a function."""

from __future__ import annotations

import json
from typing import Any

_JSON = "application/json"


def proxy_event(method: str, path: str, document: Any = None) -> dict[str, Any]:
    """A request with a JSON body as API Gateway hands it to a function, in payload format 1.0.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html#apigateway-example-event

    Args:
        method: In capitals, such as `POST`.
        path: A route without parameters, below the stage.
        document: The body; None for a request without one.
    """
    headers = {"content-type": _JSON, "accept": _JSON}
    return {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": path,
            "httpMethod": method,
            "path": f"/live{path}",
            "stage": "live",
            "requestId": "00000000-0000-4000-8000-000000000000",
            "identity": {"sourceIp": "127.0.0.1", "userAgent": "sam"},
        },
        "body": None if document is None else json.dumps(document),
        "isBase64Encoded": False,
    }
