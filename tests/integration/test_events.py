"""Events of other sources than the template's API: HTTP APIs, function URLs and direct invocations."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import artifacts
import pytest
from conftest import Answer

from serving import gateway, limits
from serving.direct import InstancesRefused, PredictionFailed

if TYPE_CHECKING:
    from conftest import Client

    from serving.model import Model

SECRET = "a value that no log may hold"  # noqa: S105


def function_url(path: str, body: str | None, method: str = "POST") -> dict[str, Any]:
    """An event as a function URL sends it."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"content-type": "application/json", "accept": "*/*"},
        "requestContext": {
            "domainName": "abc.lambda-url.us-east-1.on.aws",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1"},
            "stage": "$default",
        },
        "body": body,
        "isBase64Encoded": False,
    }


def http_api(path: str, body: str | None, method: str = "POST") -> dict[str, Any]:
    """An event as an HTTP API sends it from a stage and a route of its own."""
    event = function_url(f"/prod{path}", body, method)
    event["routeKey"] = f"{method} {path}"
    event["requestContext"]["stage"] = "prod"
    return event


@pytest.mark.parametrize("event", [function_url, http_api])
def test_payload_2_gives_the_answers_of_the_rest_api(birds: Client, event: Any) -> None:
    body = json.dumps({"instances": [artifacts.BIRD]})
    answer = Answer(birds.invoke(event("/predict", body)))
    expected = birds.send(body)
    assert answer.status == 200
    assert (answer.headers, answer.json()) == (expected.headers, expected.json())
    health = Answer(birds.invoke(event("/health", None, "GET")))
    assert (health.status, health.json()["status"]) == (200, "ok")
    refused = Answer(birds.invoke(event("/predict", "{")))
    assert (refused.status, refused.headers["content-type"]) == (400, "application/problem+json")
    assert Answer(birds.invoke(event("/nowhere", None, "GET"))).status == 404


def test_a_direct_invocation_gives_the_document_of_a_prediction(birds: Client) -> None:
    rows = {"instances": [artifacts.BIRD, list(artifacts.BIRD.values())]}
    assert birds.invoke(rows) == birds.post(rows).json()


@pytest.mark.parametrize(
    ("event", "status", "pointers"),
    [
        ({"instances": [{**artifacts.BIRD, "bill": SECRET}]}, 422, ["/instances/0/bill"]),
        ({"instances": "none"}, 422, ["/instances"]),
        ({"instances": [], "Records": []}, 422, ["/Records"]),
        ({"instances": [{**artifacts.BIRD, "bill": float("nan")}]}, 400, None),
        ({"instances": [{**artifacts.BIRD, "island": "\ud800"}]}, 400, None),
        ({"instances": [artifacts.BIRD] * (limits.MAX_ROWS + 1)}, 413, None),
    ],
    ids=["value", "rows", "member", "nan", "surrogate", "many"],
)
def test_a_direct_invocation_that_is_refused_raises_and_quotes_no_value(
    birds: Client, event: dict[str, Any], status: int, pointers: list[str] | None
) -> None:
    with pytest.raises(InstancesRefused) as caught:
        birds.invoke(event)
    problem = json.loads(str(caught.value))
    assert problem["status"] == status
    assert [error["pointer"] for error in problem.get("errors", [])] == (pointers or [])
    assert SECRET not in str(caught.value)


def test_an_answer_too_long_for_lambda_is_refused(birds: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_ANSWER_BYTES", 100)
    with pytest.raises(InstancesRefused, match="fewer rows"):
        birds.invoke({"instances": [artifacts.BIRD] * 3})


def test_a_direct_invocation_that_fails_raises_with_the_id_of_its_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken:
        def __init__(self) -> None:
            self.reference = {"name": "broken", "version": "0"}
            self.schema: list[Any] = []

        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(SECRET)

    broken: Model = Broken()  # type: ignore[assignment]
    invoke = gateway.handler(lambda: broken)
    with caplog.at_level(logging.CRITICAL), pytest.raises(PredictionFailed) as caught:
        invoke({"instances": []}, type("Context", (), {"aws_request_id": "the-id"}))
    assert json.loads(str(caught.value))["request_id"] == "the-id"
    assert SECRET not in str(caught.value)
