"""Who may call, as the document says it: the scheme that the stack was deployed with."""

from __future__ import annotations

import os

from serving.openapi.schemas import gateway_failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

API_KEY = "api-key"  # pragma: allowlist secret (the name of a way to call)

# By the template's parameter Authentication: name and security scheme, None where anybody may call.
_SCHEMES: dict[str, tuple[str, dict[str, Any]] | None] = {
    API_KEY: (
        "api_key",
        {
            "type": "apiKey",
            "in": "header",
            "name": "x-api-key",
            "description": "The key of the stack's usage plan",
        },
    ),
    # As API Gateway's own export has it: OpenAPI knows no scheme for signatures.
    "iam": (
        "signature",
        {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "x-amazon-apigateway-authtype": "awsSigv4",
            "description": "AWS Signature Version 4, service execute-api",
        },
    ),
    "cognito": (
        "id_token",
        {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "An ID token of the stack's Cognito user pool",
        },
    ),
    "none": None,
}

_BY_ITS_RULES = "The gateway refuses the request"

_REFUSALS: dict[str, dict[int, str]] = {
    API_KEY: {403: "The key is missing or not known"},
    "iam": {403: "The signature is missing or not valid, or its identity may not call this"},
    "cognito": {401: "The token is missing, not valid or expired", 403: _BY_ITS_RULES},
    "none": {403: _BY_ITS_RULES},
}


def authentication() -> str:
    """What the stack asks its callers for, `SKYLAYER_AUTHENTICATION`: `api-key`, `iam`, `cognito` or `none`."""
    chosen = os.environ.get("SKYLAYER_AUTHENTICATION") or API_KEY
    return chosen if chosen in _SCHEMES else API_KEY


def schemes(kind: str) -> dict[str, Any]:
    """The named security schemes of the document."""
    scheme = _SCHEMES[kind]
    return {} if scheme is None else dict([scheme])


def requirement(kind: str) -> list[dict[str, list[str]]]:
    """What every route asks for that doesn't say otherwise."""
    return [{name: []} for name in schemes(kind)]


def add_refusals(paths: dict[str, Any], kind: str) -> dict[str, Any]:
    """The same paths, each route with the gateway's answers to a caller that it refuses."""
    refusals = {str(status): gateway_failure(words) for status, words in _REFUSALS[kind].items()}
    for operations in paths.values():
        for operation in operations.values():
            operation["responses"] = dict(sorted((operation["responses"] | refusals).items()))
    return paths
