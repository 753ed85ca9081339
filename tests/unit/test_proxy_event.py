"""The event that stands for API Gateway's is one that the function reads as the request it was made from."""

from __future__ import annotations

import json

from serving import gateway
from skylayer.aws.proxy_event import proxy_event


def test_the_function_reads_the_request_that_it_was_made_from() -> None:
    document = {"instances": [{"length": 1.5, "name": None}]}
    request = gateway.request_of(json.loads(json.dumps(proxy_event("POST", "/predict", document))), "id")
    assert (request.method, request.path, json.loads(request.body)) == ("POST", "/predict", document)
    assert request.headers["content-type"] == request.headers["accept"] == "application/json"


def test_a_request_without_a_document_has_no_body() -> None:
    event = proxy_event("GET", "/model")
    assert event["body"] is None
    request = gateway.request_of(event, "id")
    assert (request.method, request.path, request.body) == ("GET", "/model", b"")
