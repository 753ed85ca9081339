from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.errors import Problem
from serving.gateway import NotHTTPError, proxy, request_of
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


@pytest.mark.parametrize(
    "other",
    [{}, {"Records": []}, {"version": "2.0", "rawPath": "/"}, {"httpMethod": None}, [], "text", None],
    ids=str,
)
def test_what_is_no_http_request_raises_so_that_a_queue_keeps_its_message(other: Any) -> None:
    with pytest.raises(NotHTTPError, match="httpMethod"):
        proxy(other, "", None)  # type: ignore[arg-type]


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
