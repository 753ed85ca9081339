"""MLflow's scoring protocol, over a model that needs no artifact."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from serving import limits
from serving.errors import Problem
from serving.http import Request
from serving.protocols import scoring
from serving.protocols.messages import in_one_line
from serving.schema import Column

if TYPE_CHECKING:
    from serving.model import Model

COLUMNS = [Column({"name": name, "kind": "number", "nullable": True}) for name in ("a", "b")]


class Answering(SimpleNamespace):
    """A model that answers each row with the row itself, and keeps what it was asked."""

    asked: list[Any]

    @property
    def most_rows(self) -> int:
        return limits.MAX_ROWS

    def predict_instances(self, instances: list[Any]) -> dict[str, Any]:
        self.asked = instances
        return {"predictions": [[1, 2] for _ in instances], "scores": [0.5 for _ in instances]}


@pytest.fixture
def model() -> Answering:
    output = {"fields": ["predictions", "scores"], "targets": ["y", "z"]}
    return Answering(reference={"name": "m", "version": "v"}, manifest={"output": output}, schema=COLUMNS)


def send(model: Answering, body: Any, **headers: str) -> tuple[int, str, dict[str, str]]:
    sent = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response = scoring.invocations(Request("POST", "/invocations", named, sent), cast("Model", model))
    return response.status, response.content.decode(), response.headers


def refusal(model: Answering, body: Any, **headers: str) -> tuple[int, str]:
    status, text, _ = send(model, body, **headers)
    document = json.loads(text)
    assert document["error_code"] == "BAD_REQUEST"
    return status, document["message"]


def test_what_a_server_says_of_itself(model: Answering) -> None:
    asked = Request("GET", "/ping")
    alive, version = scoring.ping(asked, cast("Model", model)), scoring.version(asked, cast("Model", model))
    assert (alive.status, alive.body, alive.headers) == (200, "\n", {"content-type": scoring.TEXT})
    assert (version.status, version.body, version.headers) == (200, "2.0.0", {"content-type": scoring.TEXT})


def test_an_error_keeps_the_headers_and_the_outcome_of_its_problem(
    model: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(_: list[Any]) -> dict[str, Any]:
        raise Problem(413, "Too many.", headers={"retry-after": "1"})

    monkeypatch.setattr(model, "predict_instances", busy)
    response = scoring.invocations(Request("POST", "/invocations", {}, b"[[1, 2]]"), cast("Model", model))
    assert (response.status, response.outcome) == (413, "too-large")
    assert response.headers == {"content-type": "application/json", "retry-after": "1"}


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        ({"dataframe_split": {"columns": ["b", "a"], "data": [[1, 2]]}}, [{"b": 1, "a": 2}]),
        ({"dataframe_split": {"data": [[1, 2]]}}, [[1, 2]]),
        ({"dataframe_records": [{"a": 1, "b": 2}]}, [{"a": 1, "b": 2}]),
        ({"instances": [[1, 2]], "params": {}}, [[1, 2]]),
        ({"inputs": [[1, 2]]}, [[1, 2]]),
        ({"inputs": {"a": [1, 2], "b": [[3], 4]}}, [{"a": 1, "b": 3}, {"a": 2, "b": 4}]),
        ({"inputs": {"a": [[1, 2]]}}, [{"a": [1, 2]}]),
    ],
)
def test_each_format_becomes_instances(model: Answering, body: Any, rows: list[Any]) -> None:
    status, text, headers = send(model, body)
    assert (status, model.asked, headers["model-version"]) == (200, rows, "v")
    assert json.loads(text) == {"predictions": [[1, 2]] * len(rows)}


def test_nan_is_a_missing_value(model: Answering) -> None:
    assert send(model, '{"inputs": [[NaN, 1]]}')[0] == 200
    assert model.asked == [[None, 1]]


def test_csv_comes_and_goes(model: Answering) -> None:
    status, text, headers = send(model, "b,a\n1,2\n3,\n", content_type="text/csv", accept="text/csv")
    assert (status, model.asked) == (200, [{"b": 1.0, "a": 2.0}, {"b": 3.0, "a": None}])
    assert headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert headers["model-version"] == "v"
    assert text == "prediction_y,prediction_z\r\n1,2\r\n1,2\r\n"


@pytest.mark.parametrize(
    ("kind", "body"), [("application/json", '{"instances": [1, 2]}'), ("text/csv", "a,b\n1,2\n3,4\n")]
)
@pytest.mark.parametrize("accept", ["application/json", "text/csv"])
def test_rows_are_counted_for_the_log(model: Answering, kind: str, body: str, accept: str) -> None:
    headers = {"content-type": kind, "accept": accept}
    response = scoring.invocations(
        Request("POST", "/invocations", headers, body.encode()), cast("Model", model)
    )
    assert (response.status, response.rows) == (200, 2)


FORMATS = "dataframe_split, dataframe_records, instances, inputs"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (1, f"The body must be rows, or an object with one of {FORMATS}."),
        ({}, f"The body must have exactly one of {FORMATS}."),
        ({"else": []}, f"The body must have exactly one of {FORMATS}."),
        ({"instances": [], "inputs": []}, f"The body must have exactly one of {FORMATS}."),
        (
            {"instances": [], "params": {"predict_method": "predict_proba"}},
            "params.predict_method must be one of predict, decision_function, score_samples, not 'predict_proba'.",
        ),
        (
            {"instances": [], "params": {"predict_method": [1]}},
            "params.predict_method must be one of predict, decision_function, score_samples, not [1].",
        ),
        ({"instances": {}}, "The rows must be a list."),
        ({"inputs": 1}, "The rows must be a list."),
        ({"inputs": {"a": 1}}, "inputs: each column must be a list of values."),
        ({"inputs": {"a": [1], "b": 1}}, "inputs: each column must be a list of values."),
        ({"inputs": {"a": [1], "b": [1, 2]}}, "inputs: the columns have different lengths."),
        ({"dataframe_split": []}, 'dataframe_split must be {"columns": [...], "data": [[...], ...]}.'),
        ({"dataframe_split": {}}, 'dataframe_split must be {"columns": [...], "data": [[...], ...]}.'),
        (
            {"dataframe_split": {"columns": "a", "data": []}},
            "dataframe_split: columns must be a list of names or positions.",
        ),
        (
            {"dataframe_split": {"columns": [1.5], "data": []}},
            "dataframe_split: columns must be a list of names or positions.",
        ),
        (
            {"dataframe_split": {"columns": ["a", True], "data": []}},
            "dataframe_split: columns must be a list of names or positions.",
        ),
        (
            {"dataframe_split": {"columns": ["a", "a"], "data": []}},
            "dataframe_split: columns names one twice.",
        ),
        (
            {"dataframe_split": {"columns": ["0", 0], "data": []}},
            "dataframe_split: columns names one twice.",
        ),
        (
            {"dataframe_split": {"index": [1, 2], "data": [[1], [2], [3]]}},
            "dataframe_split: index has 2 values, data 3 rows.",
        ),
        (
            {"dataframe_split": {"columns": ["a"], "data": [[1], [1, 2]]}},
            "dataframe_split: row 1 of data must have 1 values.",
        ),
        (
            {"dataframe_split": {"columns": ["a"], "data": [1]}},
            "dataframe_split: row 0 of data must have 1 values.",
        ),
    ],
)
def test_what_is_no_format_is_refused(model: Answering, body: Any, message: str) -> None:
    assert refusal(model, body) == (400, message)


def test_media_types_and_limits_keep_their_status(model: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(model, {}, content_type="text/html")[0] == 415
    assert refusal(model, {"instances": []}, accept="text/html")[0] == 406
    monkeypatch.setattr(limits, "MAX_ROWS", 1)
    assert send(model, {"instances": [1]})[0] == 200
    assert refusal(model, {"instances": [1, 2]})[0] == 413
    assert refusal(model, "a,b\n1,2\n1,2\n", content_type="text/csv")[0] == 413


@pytest.mark.parametrize(("status", "shown"), [(422, 400), (404, 400), (405, 405), (413, 413)])
def test_other_problems_are_bad_requests(
    model: Answering, status: int, shown: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Any) -> None:
        errors = [{"pointer": f"/instances/{row}/a", "detail": "no"} for row in range(6)]
        raise Problem(status, "Refused.", errors=errors, count=7)

    monkeypatch.setattr(model, "predict_instances", refuse)
    shown_errors = "; ".join(f"{row}/a: no" for row in range(5))
    assert refusal(model, {"instances": [[1, 2]]}) == (shown, f"Refused. {shown_errors}; 2 more")


def test_a_problem_s_kind_is_the_outcome(model: Answering) -> None:
    response = scoring.invocations(Request("POST", "/invocations", {}, b"{}"), cast("Model", model))
    assert response.outcome == "malformed-body"


@pytest.mark.parametrize(("count", "more"), [(5, ""), (6, "; 1 more")])
def test_five_errors_are_shown_and_the_rest_counted(count: int, more: str) -> None:
    errors = [{"pointer": f"/instances/{row}", "detail": "no"} for row in range(count)]
    shown = "; ".join(f"{row}: no" for row in range(5))
    assert in_one_line(Problem(422, "Refused.", errors=errors, count=count)) == f"Refused. {shown}{more}"
    assert in_one_line(Problem(400, "Refused.")) == "Refused."


def test_a_column_is_named_once_in_an_error_of_one_line() -> None:
    errors = [
        {"pointer": "/instances/0/a~1b", "detail": "a/b: expected a number, got null"},
        {"pointer": "/instances/1/0", "detail": "a/b: expected a number, got null"},
        {"pointer": "", "detail": "expected an array"},
    ]
    told = in_one_line(Problem(422, "No.", errors=errors, count=3))
    assert told == (
        "No. 0/a~1b: expected a number, got null; 1/0: a/b: expected a number, got null; : expected an array"
    )
