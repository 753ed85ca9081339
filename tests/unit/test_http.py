"""Media types of requests and responses, and the limits that every protocol shares."""

from __future__ import annotations

import json
from typing import Any

import pytest

from serving import http, limits
from serving.errors import Problem, pointer
from serving.http import (
    CSV,
    JSON,
    Request,
    Response,
    accepted,
    content_type,
    internal_error,
    json_response,
    problem_response,
)
from serving.schema import Column

BOTH = (JSON, CSV)


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({}, JSON),
        ({"content-type": " "}, JSON),
        ({"content-type": "TEXT/CSV"}, CSV),
        ({"content-type": 'text/csv; header=present; charset="UTF-8"'}, CSV),
        ({"content-type": "application/json;charset=utf8"}, JSON),
        ({"content-type": "application/json; charset=us-ascii", "content-encoding": "Identity"}, JSON),
    ],
)
def test_the_media_type_of_a_body(headers: dict[str, str], found: str) -> None:
    assert content_type(headers, BOTH) == found


@pytest.mark.parametrize(
    ("headers", "detail"),
    [
        ({"content-encoding": "gzip"}, "Content-Encoding 'gzip' can't be read: send the body as it is."),
        (
            {"content-type": "text/html; charset=utf-8"},
            "Content-Type 'text/html' can't be read: send application/json or text/csv.",
        ),
        ({"content-type": "text/csv; charset=latin-1"}, "charset 'latin-1' can't be read: send UTF-8."),
        (
            {"content-type": "x" * 100},
            f"Content-Type '{'x' * 60}' can't be read: send application/json or text/csv.",
        ),
    ],
)
def test_a_body_that_cannot_be_read(headers: dict[str, str], detail: str) -> None:
    with pytest.raises(Problem) as caught:
        content_type(headers, BOTH)
    assert (caught.value.status, caught.value.detail) == (415, detail)


@pytest.mark.parametrize(
    ("accept", "found"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/json", JSON),
        ("text/csv", CSV),
        ("text/*", CSV),
        ("application/json;q=0.5, text/csv;q=0.75", CSV),
        ("application/json;q=0.5, text/csv;q=0.5", JSON),
        ("application/json;q=0, */*;q=0.25", CSV),
        ("text/csv;q=0.5, */*;q=0.25", CSV),
        ("text/csv;q=much, application/json;q=0.75", CSV),
        ("text/csv;q=much, application/json", JSON),
        ("application/json;q=0.75, text/csv", CSV),
        ("text/html, application/*;q=0.1", JSON),
    ],
)
def test_the_client_s_preference_decides(accept: str | None, found: str) -> None:
    assert accepted({} if accept is None else {"accept": accept}, BOTH) == found


@pytest.mark.parametrize("accept", ["text/html", "*/*;q=0", "application/json;q=0, text/csv;q=0"])
def test_an_answer_that_nobody_wants_is_refused(accept: str) -> None:
    with pytest.raises(Problem) as caught:
        accepted({"accept": accept}, BOTH)
    assert caught.value.status == 406
    assert (
        caught.value.detail
        == "Nothing that Accept asks for can be sent: accept application/json or text/csv."
    )


def test_a_request_and_a_response_have_these_defaults() -> None:
    request = Request("GET", "/")
    assert (request.headers, request.body, request.request_id) == ({}, b"", "")
    response = Response(200, {}, "")
    assert (response.rows, response.outcome) == (0, "ok")


def test_a_document_is_json_with_its_headers() -> None:
    response = json_response({"a": [1, None]}, rows=3, headers={"x-a": "b"})
    assert (response.status, response.body, response.rows, response.outcome) == (
        200,
        '{"a":[1,null]}',
        3,
        "ok",
    )
    assert response.headers == {"content-type": "application/json", "x-a": "b"}
    assert json_response({}).headers == {"content-type": "application/json"}
    assert json_response({}).rows == 0


@pytest.mark.parametrize(
    ("status", "title", "kind"),
    [
        (400, "Bad Request", "malformed-body"),
        (404, "Not Found", "unknown-route"),
        (405, "Method Not Allowed", "method-not-allowed"),
        (406, "Not Acceptable", "not-acceptable"),
        (413, "Content Too Large", "too-large"),
        (415, "Unsupported Media Type", "unsupported-media-type"),
        (422, "Unprocessable Content", "invalid-instances"),
        (500, "Internal Server Error", "internal-error"),
    ],
)
def test_a_problem_is_a_document_of_its_kind(status: int, title: str, kind: str) -> None:
    response = problem_response(Problem(status, "why", headers={"allow": "GET"}))
    assert (response.status, response.outcome) == (status, kind)
    assert response.headers == {"content-type": "application/problem+json", "allow": "GET"}
    assert json.loads(response.body) == {
        "type": f"urn:skylayer:problem:{kind}",
        "title": title,
        "status": status,
        "detail": "why",
    }


def test_a_problem_of_instances_lists_and_counts_them() -> None:
    assert Problem(422, "why", errors=[], count=0).document()["errors"] == []
    document = Problem(422, "why", errors=[{"pointer": "/instances/0"}], count=7).document()
    assert (document["errors"], document["count"]) == ([{"pointer": "/instances/0"}], 7)
    assert Problem(422, "why").count == 0


def test_an_unforeseen_error_tells_only_the_request_s_id() -> None:
    response = internal_error("7")
    assert (response.status, response.outcome) == (500, "internal-error")
    assert response.headers == {"content-type": "application/problem+json"}
    assert json.loads(response.body) == {
        "type": "urn:skylayer:problem:internal-error",
        "title": "Internal Server Error",
        "status": 500,
        "request_id": "7",
    }


def test_a_pointer_escapes_what_rfc_6901_escapes() -> None:
    assert pointer("instances", 0, "a/b~c") == "/instances/0/a~1b~0c"
    assert pointer() == ""


def test_the_limits_are_those_that_the_docs_promise() -> None:
    assert limits.MAX_BODY_BYTES == 5_242_880
    assert limits.MAX_ROWS == 10_000
    assert limits.MAX_ANSWER_BYTES == 6_291_456
    assert limits.MAX_DEPTH == 32
    assert limits.MAX_INTEGER_DIGITS == 400


def test_as_much_as_the_limit_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_BODY_BYTES", 3)
    monkeypatch.setattr(limits, "MAX_ROWS", 2)
    limits.check_body(b"abc", [])
    assert limits.check_rows([1, 2]) == [1, 2]
    with pytest.raises(Problem, match="longer than 3 bytes") as caught:
        limits.check_body(b"abcd", [])
    assert caught.value.status == 413
    with pytest.raises(Problem, match="has 3 rows; at most 2") as caught:
        limits.check_rows([1, 2, 3])
    assert caught.value.status == 413


def test_lost_letters_are_refused_unless_the_model_knows_them() -> None:
    def schema(*categories: Any) -> list[Column]:
        return [
            Column({"name": "a", "kind": "category", "nullable": False, "categories": ["x", *categories]})
        ]

    limits.check_body("\ufffd".encode(), schema("\ufffd"))
    with pytest.raises(Problem, match=r"U\+FFFD") as caught:
        limits.check_body("a\ufffd".encode(), schema())
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("", {}),
        ("extra=ignore", {"extra": "ignore"}),
        ("a=1&a=2&b=&c", {"a": "2", "b": "", "c": ""}),
        ("a=%C3%BC+x", {"a": "\u00fc x"}),
    ],
)
def test_a_query_is_read_by_name(text: str, query: dict[str, str]) -> None:
    assert http.query_of(text) == query


def test_a_parameter_of_the_media_type_is_read() -> None:
    assert http.parameter({"content-type": 'text/csv; Header="Absent"'}, "header") == "absent"
    assert http.parameter({"content-type": "text/csv"}, "header") == ""
    assert http.parameter({}, "header") == ""


def test_a_body_is_text_or_bytes() -> None:
    assert Response(200, {}, "\u00fc").content == b"\xc3\xbc"
    assert Response(200, {}, b"\xff").content == b"\xff"
