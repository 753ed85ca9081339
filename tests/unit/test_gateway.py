from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.errors import Problem
from serving.gateway import NotHTTPError, handler, request_of
from serving.http import CSV, JSON, accepted, content_type


def event(**changes: Any) -> dict[str, Any]:
    return {"httpMethod": "POST", "resource": "/predict", "path": "/predict", **changes}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"path": "/live/predict"}, "/predict"),
        ({"resource": None, "path": "/predict"}, "/predict"),
        ({"resource": "/{proxy+}", "pathParameters": {"proxy": "v2/health/live"}}, "/v2/health/live"),
        ({"resource": "/v2/models/{name}", "pathParameters": {"name": "birds"}}, "/v2/models/birds"),
        ({"resource": None, "path": None}, "/"),
        ({"resource": "$default", "path": "/live/model", "requestContext": {"stage": "live"}}, "/model"),
        ({"resource": "$default", "path": "/model", "requestContext": {"stage": "$default"}}, "/model"),
    ],
)
def test_paths_come_without_a_prefix(changes: dict[str, Any], path: str) -> None:
    assert request_of(event(**changes), "").path == path


def test_headers_of_both_shapes_in_lower_case() -> None:
    headers = {"Accept": "b", "X-Null": None}
    request = request_of(
        event(multiValueHeaders={"ACCEPT": ["a", "b"], "X-A": ["1", "2"]}, headers=headers), ""
    )
    assert request.headers == {"accept": "a, b", "x-a": "1, 2"}
    assert request_of(event(headers=headers), "").headers == {"accept": "b"}
    assert request_of(event(headers=None, multiValueHeaders=None), "").headers == {}


@given(st.binary(max_size=50))
def test_base64_is_decoded(body: bytes) -> None:
    encoded = base64.b64encode(body).decode()
    assert request_of(event(body=encoded, isBase64Encoded=True), "").body == body


@pytest.mark.parametrize("body", ["a", "a===", "é", "aGk=\n\n?", "aGk"])
def test_what_is_not_base64_is_malformed(body: str) -> None:
    with pytest.raises(Problem, match="base64"):
        request_of(event(body=body, isBase64Encoded=True), "")


def payload_2(route: str = "$default", stage: str = "$default", **changes: Any) -> dict[str, Any]:
    """An event of an HTTP API or a function URL, with what both of them send."""
    return {
        "version": "2.0",
        "routeKey": route,
        "rawPath": "/predict",
        "rawQueryString": "",
        "headers": {"content-type": "application/json", "accept": "a,b"},
        "requestContext": {
            "http": {"method": "POST", "path": "/predict", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
            "stage": stage,
        },
        "isBase64Encoded": False,
        **changes,
    }


@pytest.mark.parametrize(
    ("event", "path"),
    [
        (payload_2(), "/predict"),
        (payload_2("POST /predict", "live", rawPath="/live/predict"), "/predict"),
        (payload_2("$default", "live", rawPath="/live/predict"), "/predict"),
        (payload_2("$default", "live", rawPath="/lively"), "/lively"),
        (payload_2("$default", "live", rawPath="/live"), "/"),
        (payload_2("$default", "live", rawPath="/live/"), "/"),
        (
            payload_2("ANY /v2/{path+}", rawPath="/v2/models/a", pathParameters={"path": "models/a"}),
            "/v2/models/a",
        ),
        (payload_2(rawPath=""), "/"),
    ],
)
def test_payload_2_comes_without_a_stage(event: dict[str, Any], path: str) -> None:
    request = request_of({**event, "body": "e30=", "isBase64Encoded": True}, "the-id")
    assert (request.method, request.path, request.body, request.request_id) == ("POST", path, b"{}", "the-id")
    assert request.headers == {"content-type": "application/json", "accept": "a,b"}


def test_cookies_of_payload_2_are_one_header() -> None:
    event = payload_2(headers={"X-A": "1", "X-Null": None}, cookies=["a=1", "b=2"])
    assert request_of(event, "").headers == {"x-a": "1", "cookie": "a=1; b=2"}


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"Records": [{"eventSource": "aws:sqs", "body": '{"instances": []}'}]},
        {"Records": [{"eventSource": "aws:s3", "s3": {"object": {"key": "a"}}}]},
        {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}},
        {"version": "2.0", "rawPath": "/"},
        {"version": "2.0", "rawPath": None, "requestContext": {"http": {"method": "GET"}}},
        {"version": "2.0", "rawPath": "/", "requestContext": {"http": {"method": None}}},
        {"version": "2.0", "rawPath": "/", "requestContext": {"http": "GET"}},
        {"rawPath": "/", "requestContext": []},
        {"httpMethod": None},
        [],
        [{"instances": []}],
        "text",
        "instances",
        7,
        None,
    ],
    ids=str,
)
def test_what_is_no_request_raises_so_that_a_queue_keeps_its_message(other: Any) -> None:
    with pytest.raises(NotHTTPError, match="httpMethod"):
        handler(lambda: None)(other, None)  # type: ignore[arg-type,return-value]


@pytest.mark.parametrize(
    ("accept", "best"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("text/csv", CSV),
        ("text/*;q=0.5, application/json;q=0.4", CSV),
        ("text/csv;q=0.5, */*", JSON),
        ("application/json;q=0, */*", CSV),
        ("TEXT/CSV; Q=0.9", CSV),
        ("text/csv, application/json", JSON),
    ],
)
def test_the_best_liked_answer_wins(accept: str, best: str) -> None:
    assert accepted({"accept": accept}, (JSON, CSV)) == best


@pytest.mark.parametrize("accept", ["image/png", "application/json;q=0", "*/*;q=0"])
def test_nothing_acceptable_is_a_406(accept: str) -> None:
    with pytest.raises(Problem) as caught:
        accepted({"accept": accept}, (JSON,))
    assert caught.value.status == 406


@given(st.text(max_size=60))
def test_any_header_is_a_media_type_or_a_problem(text: str) -> None:
    for negotiate, name in ((accepted, "accept"), (content_type, "content-type")):
        try:
            assert negotiate({name: text}, (JSON, CSV)) in {JSON, CSV}
        except Problem as problem:
            assert problem.status in {406, 415}  # noqa: PT017 (some texts are media types)
