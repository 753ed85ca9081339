"""`POST /predict` and the router before it, over a model that needs no artifact."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from serving import api, limits
from serving.errors import Problem
from serving.http import CSV, JSON, Request, Response
from serving.predict import predict
from serving.schema import Column

if TYPE_CHECKING:
    from serving.model import Model


class Answering(SimpleNamespace):
    """A model of one column that answers 1.5 to each row; `short` is what its engine's short cut gives."""

    short: tuple[str, int] | None = None
    refused: Problem | None = None

    @property
    def most_rows(self) -> int:
        return limits.MAX_ROWS

    def predict_json(self, _: bytes) -> tuple[str, int] | None:
        return self.short

    def predict_text(self, instances: list[Any]) -> str:
        return json.dumps(self.predict_instances(instances))

    def predict_instances(self, instances: list[Any]) -> dict[str, Any]:
        if self.refused is not None:
            raise self.refused
        self.asked = instances
        return {"predictions": [1.5 for _ in instances]}


@pytest.fixture
def model() -> Answering:
    return Answering(
        reference={"name": "m", "version": "v"},
        manifest={"engine": "native", "output": {"fields": ["predictions"], "targets": ["y"]}},
        fields=["predictions"],
        schema=[Column({"name": "a", "kind": "number", "nullable": False})],
    )


def send(model: Answering, body: Any, **headers: str) -> Response:
    sent = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return predict(Request("POST", "/predict", named, sent), cast("Model", model))


def refusal(model: Answering, body: Any, **headers: str) -> Problem:
    with pytest.raises(Problem) as caught:
        send(model, body, **headers)
    return caught.value


ROWS = {"instances": [{"a": 1}, {"a": 2}]}
TABLE = "prediction\r\n1.5\r\n1.5\r\n"


@pytest.mark.parametrize(
    ("sent", "accept", "kind", "text"),
    [
        (JSON, None, JSON, '{"predictions": [1.5, 1.5]}'),
        (JSON, CSV, f"{CSV}; charset=utf-8; header=present", TABLE),
        (CSV, None, f"{CSV}; charset=utf-8; header=present", TABLE),
        (CSV, JSON, JSON, '{"predictions":[1.5,1.5]}'),
    ],
)
def test_an_answer_comes_as_it_was_sent_or_asked_for(
    model: Answering, sent: str, accept: str | None, kind: str, text: str
) -> None:
    headers = {"content_type": sent} | ({"accept": accept} if accept else {})
    response = send(model, ROWS if sent == JSON else "a\n1\n2\n", **headers)
    assert (response.status, response.body, response.rows) == (200, text, 2)
    assert response.headers == {"content-type": kind, "model-version": "v"}
    assert [row["a"] for row in model.asked] == [1, 2]


def test_the_short_cut_is_taken_up_to_the_limit_of_rows(
    model: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_ROWS", 2)
    model.short = ("short", 2)
    response = send(model, ROWS)
    assert (response.body, response.rows) == ("short", 2)
    model.short = ("short", 3)
    assert send(model, ROWS).body == '{"predictions": [1.5, 1.5]}'
    assert refusal(model, {"instances": [{"a": 1}] * 3}).status == 413


@pytest.mark.parametrize(
    ("body", "pointer"), [([], ""), ("3", ""), ({}, "/instances"), ({"instances": {"a": 1}}, "/instances")]
)
def test_a_body_without_instances_is_refused_at_its_place(model: Answering, body: Any, pointer: str) -> None:
    problem = refusal(model, body)
    assert (problem.status, problem.errors, problem.count) == (
        422,
        [{"pointer": pointer, "detail": "expected an array"}],
        1,
    )


def test_unknown_members_are_listed_up_to_a_hundred(model: Answering) -> None:
    problem = refusal(model, {"instances": [], "x" * 300: 1, "b": 2})
    detail = "unknown member; there are instances and warnings, ?extra=ignore leaves others out"
    assert (problem.status, problem.count) == (422, 2)
    assert problem.errors == [{"pointer": f"/{name}", "detail": detail} for name in ("x" * 200, "b")]
    problem = refusal(model, {"instances": [], **{str(number): 1 for number in range(101)}})
    assert (problem.count, len(problem.errors or [])) == (101, 100)


def test_warnings_come_where_they_are_asked_for(model: Answering) -> None:
    column = {"name": "island", "kind": "category", "nullable": True, "categories": ["Dream", 1, "a/b"]}
    model.schema = [Column({"name": "a", "kind": "number", "nullable": False}), Column({**column})]
    rows = [{"a": 1, "island": "Mars"}, [1, "Dream"], [1, 1.0], [1, None], [2, 7], {"a": 1, "island": "a/b"}]
    asked = json.loads(send(model, {"instances": rows, "warnings": True}).body)
    assert asked["warnings"] == [
        {"pointer": "/instances/0/island", "detail": "island: 'Mars' is a category unseen in training"},
        {"pointer": "/instances/4/1", "detail": "island: 7 is a category unseen in training"},
    ]
    assert asked["predictions"] == [1.5] * 6
    for body in ({"instances": rows}, {"instances": rows, "warnings": False}):
        assert "warnings" not in json.loads(send(model, body).body)
    many = json.loads(send(model, {"instances": [[1, "Mars"]] * 101, "warnings": True}).body)
    assert len(many["warnings"]) == 100
    known = json.loads(send(model, {"instances": [[1, "Dream"]], "warnings": True}).body)
    assert known["warnings"] == []
    assert "warnings" not in str(send(model, {"instances": rows, "warnings": True}, accept=CSV).body)
    refused = refusal(model, {"instances": rows, "warnings": 1})
    assert refused.errors == [{"pointer": "/warnings", "detail": "expected true or false"}]


def test_the_only_column_needs_no_name_in_a_warning(model: Answering) -> None:
    model.schema = [Column({"name": "a", "kind": "category", "nullable": False, "categories": [True, "x"]})]
    asked = json.loads(send(model, {"instances": ["y", True, {"a": "x"}], "warnings": True}).body)
    assert [warning["pointer"] for warning in asked["warnings"]] == ["/instances/0"]


def test_a_problem_of_a_csv_row_names_its_line(model: Answering) -> None:
    errors = [{"pointer": "/instances/0/a"}, {"pointer": "/instances/2"}]
    model.refused = Problem(422, "no", errors=errors, count=2)
    problem = refusal(model, "a\n1\n2\n3\n", content_type=CSV)
    assert [error["line"] for error in problem.errors or []] == [2, 4]
    model.refused = Problem(422, "no")
    assert refusal(model, "a\n1\n", content_type=CSV) is model.refused


def test_media_types_and_length_have_their_status(model: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(model, ROWS, content_type="text/html").status == 415
    assert refusal(model, ROWS, accept="text/html").status == 406
    monkeypatch.setattr(limits, "MAX_BODY_BYTES", 3)
    assert refusal(model, ROWS).status == 413


def route(model: Answering, method: str, path: str, body: bytes = b"") -> Response:
    return api.handle(Request(method, path, {}, body, "id-7"), cast("Model", model))


@pytest.mark.parametrize("path", ["/health", "/health/"])
def test_health_names_the_model(model: Answering, path: str) -> None:
    response = route(model, "GET", path)
    assert (response.status, json.loads(response.body)) == (
        200,
        {"status": "ok", "model": {"name": "m", "version": "v"}},
    )


def test_head_is_get_without_a_body(model: Answering) -> None:
    response = route(model, "HEAD", "/health")
    assert (response.status, response.body, response.headers["content-type"]) == (200, "", JSON)


@pytest.mark.parametrize(
    ("path", "detail"),
    [("/else", "There is nothing here; there is "), ("/v2x", "There is nothing here; there is ")],
)
def test_an_unknown_path_is_answered_with_those_there_are(model: Answering, path: str, detail: str) -> None:
    response = route(model, "GET", path)
    document = json.loads(response.body)
    assert (response.status, document["detail"]) == (404, f"{detail}{', '.join(api.ROUTES)}.")


@pytest.mark.parametrize(
    ("method", "path", "allow", "detail"),
    [
        ("GET", "/predict", "POST", "Use POST here."),
        ("HEAD", "/predict", "POST", "Use POST here."),
        ("POST", "/health", "GET, HEAD", "Use GET here."),
        ("POST", "/", "GET, HEAD", "Use GET here."),
    ],
)
def test_another_method_is_refused_with_those_there_are(
    model: Answering, method: str, path: str, allow: str, detail: str
) -> None:
    response = route(model, method, path)
    assert (response.status, response.headers["allow"]) == (405, allow)
    assert method == "HEAD" or json.loads(response.body)["detail"] == detail


@pytest.mark.parametrize("path", ["/v2", "/v2/", "/v2/health/live"])
def test_all_paths_of_the_inference_protocol_are_one_route(model: Answering, path: str) -> None:
    assert route(model, "GET", path).status == 200


def test_the_scoring_protocol_is_routed(model: Answering) -> None:
    assert route(model, "GET", "/ping").body == "\n"
    assert route(model, "GET", "/version").body == "2.0.0"
    assert json.loads(route(model, "POST", "/invocations", b'{"instances": [[1]]}').body) == {
        "predictions": [1.5]
    }


def test_a_problem_is_a_document_and_anything_else_an_internal_error(model: Answering) -> None:
    response = route(model, "POST", "/predict", b"{")
    assert (response.status, response.headers["content-type"]) == (400, "application/problem+json")
    model.manifest = None
    response = route(model, "GET", "/v2/models/m")
    assert (response.status, json.loads(response.body)["request_id"]) == (500, "id-7")


def test_a_table_names_each_of_several_targets(model: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(instances: list[Any]) -> dict[str, Any]:
        return {"predictions": [[1, 2] for _ in instances]}

    model.manifest["output"]["targets"] = ["y", "z"]
    monkeypatch.setattr(model, "predict_instances", answer)
    assert send(model, ROWS, accept=CSV).body == "prediction_y,prediction_z\r\n1,2\r\n1,2\r\n"


@pytest.mark.parametrize(
    ("path", "route_of"), [("/health", "/health"), ("/v2/health/live", "/v2"), ("/else", None)]
)
def test_a_request_is_logged_with_its_route_and_how_long_it_took(
    model: Answering, path: str, route_of: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[tuple[str | None, float]] = []

    def log(_: Any, found: str | None, __: Any, ___: Any, seconds: float) -> None:
        logged.append((found, seconds))

    monkeypatch.setattr("serving.log.request", log)
    monkeypatch.setattr("serving.api.perf_counter", iter([100.0, 100.25]).__next__)
    route(model, "GET", path)
    assert logged == [(route_of, 0.25)]


@pytest.mark.parametrize(
    ("accept", "prediction"),
    [
        ("text/csv", "=1"),
        ("text/csv; guard=formulas", "'=1"),
        ("text/csv;guard=formulas;header=present", "'=1"),
        ("application/json;q=0.1, text/csv; guard=formulas", "'=1"),
        ("text/csv; guard=none", "=1"),
    ],
)
def test_a_spreadsheet_s_client_asks_for_a_guard(
    accept: str, prediction: str, model: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "predict_instances", lambda _: {"predictions": ["=1"]})
    response = send(model, {"instances": [[1.0]]}, accept=accept)
    assert response.body == f"prediction\r\n{prediction}\r\n"
