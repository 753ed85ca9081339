"""A direct invocation with `{"instances": [...]}`: what Step Functions, an SDK or another Lambda sends.

The answer is the document of `POST /predict`, and whatever keeps a prediction from being made raises: a state machine
catches it by the name of its class, and an SDK finds it as `FunctionError`.
"""

from __future__ import annotations

import json

from serving import limits
from serving.http import JSON, Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from serving.http import Response
    from serving.model import Model

_OK = 200
_SERVER_ERROR = 500


class InstancesRefused(Exception):
    """The instances can't be predicted, now or later: the message is a problem document (RFC 9457).

    It names the places and quotes no value, since the platform writes the message of an exception into its log.
    """


class PredictionFailed(Exception):
    """The prediction failed for no reason of the caller's: the log has the rest, by the id of the request."""


def invoke(
    event: dict[str, Any], request_id: str, model: Model, respond: Callable[[Request, Model], Response]
) -> dict[str, Any]:
    """The prediction document for the instances of an event.

    Raises:
        InstancesRefused: What `POST /predict` answers with a status of 4xx.
        PredictionFailed: What it answers with 500.
    """
    # Half a surrogate pair can't be UTF-8; it goes on to the parser, which refuses it.
    body = json.dumps(event, ensure_ascii=False).encode("utf-8", "surrogatepass")
    response = respond(Request("POST", "/predict", {"content-type": JSON}, body, request_id), model)
    answer = response.body if isinstance(response.body, bytes) else response.body.encode()
    if response.status == _OK and len(answer) > limits.MAX_ANSWER_BYTES:
        raise InstancesRefused(json.dumps(limits.answer_too_long(len(answer), response.rows).document()))
    document: dict[str, Any] = json.loads(response.body)
    if response.status == _OK:
        return document
    if response.status >= _SERVER_ERROR:
        raise PredictionFailed(json.dumps(document))
    raise InstancesRefused(json.dumps(_without_values(document)))


def _without_values(problem: dict[str, Any]) -> dict[str, Any]:
    """A problem document whose errors say where alone; its own detail counts and never quotes."""
    if "errors" not in problem:
        return problem
    return {**problem, "errors": [{"pointer": error["pointer"]} for error in problem["errors"]]}
