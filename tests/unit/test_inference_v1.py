"""KServe's first protocol, over a model that needs no artifact."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from serving import api, limits
from serving.errors import Problem
from serving.http import Request
from serving.protocols import inference_v1
from serving.schema import Column

if TYPE_CHECKING:
    from serving.model import Model


class Answering(SimpleNamespace):
    """A model of one column that answers each row with itself."""

    def predict_instances(self, instances: list[Any]) -> dict[str, Any]:
        if self.refused is not None:
            raise self.refused
        return {"predictions": instances, "model": self.reference}


@pytest.fixture
def model() -> Answering:
    schema = [Column({"name": "a", "kind": "number", "nullable": True})]
    return Answering(reference={"name": "birds", "version": "v"}, schema=schema, refused=None, most_rows=10)


def send(model: Answering, method: str, path: str, body: Any = None) -> tuple[int, Any, dict[str, str]]:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = inference_v1.respond(Request(method, path, {}, sent), cast("Model", model))
    return response.status, json.loads(response.body), response.headers


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("/v1/models", {"models": ["birds"]}),
        ("/v1/models/", {"models": ["birds"]}),
        ("/v1/models/birds", {"name": "birds", "ready": True}),
    ],
)
def test_what_is_read(model: Answering, method: str, path: str, document: Any) -> None:
    assert send(model, method, path)[:2] == (200, document)


def test_instances_are_answered_as_by_predict(model: Answering) -> None:
    status, document, headers = send(
        model,
        "POST",
        "/v1/models/birds:predict",
        b'{"instances": [{"a": NaN, "id": 7}], "signature_name": "x"}',
    )
    assert (status, document) == (
        200,
        {"predictions": [{"a": None}], "model": {"name": "birds", "version": "v"}},
    )
    assert headers["model-version"] == "v"
    assert (headers["ignored-columns"], headers["ignored-members"]) == ('"id"', '"signature_name"')


def test_warnings_come_to_those_who_ask_as_from_predict(model: Answering) -> None:
    column = {"name": "a", "kind": "category", "nullable": False, "categories": ["x", "y"]}
    model.schema = [Column(column)]
    path = "/v1/models/birds:predict"
    rows = [{"a": "x"}, {"a": "z"}]
    document = send(model, "POST", path, {"instances": rows, "warnings": True})[1]
    assert [warning["pointer"] for warning in document["warnings"]] == ["/instances/1/a"]
    assert "warnings" not in send(model, "POST", path, {"instances": rows})[1]
    assert send(model, "POST", path, {"instances": rows, "warnings": 1})[0] == 400


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/models/fish", 404),
        ("POST", "/v1/models/fish:predict", 404),
        ("POST", "/v1/models/birds:explain", 404),
        ("POST", "/v1/models/:predict", 404),
        ("POST", "/v1/models/birds", 405),
        ("POST", "/v1/models", 405),
        ("GET", "/v1/models/birds:predict", 405),
    ],
)
def test_what_is_not_there(model: Answering, method: str, path: str, status: int) -> None:
    found, document, headers = send(model, method, path, {"instances": []})
    assert (found, [*document]) == (status, ["error"])
    assert ("allow" in headers) is (status == 405)


def test_errors_are_a_text(model: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    path = "/v1/models/birds:predict"
    assert send(model, "POST", path, {})[:2] == (
        400,
        {
            "error": 'The body must be an object with an array of rows: {"instances": [{"column": value, ...}, ...]}. '
            "/instances: expected an array"
        },
    )
    model.refused = Problem(422, "Refused.", errors=[], count=0)
    assert send(model, "POST", path, {"instances": [{"a": 1}]})[:2] == (400, {"error": "Refused."})
    monkeypatch.setattr(limits, "MAX_ROWS", 1)
    assert send(model, "POST", path, {"instances": [1, 2]})[0] == 413
    monkeypatch.setattr(limits, "MAX_BODY_BYTES", 1)
    assert send(model, "POST", path, {"instances": []})[0] == 413


def test_every_path_below_its_line_is_routed(model: Answering) -> None:
    for path, status in (("/v1/models/birds", 200), ("/v1", 404), ("/v1/modelsx", 404), ("/version", 200)):
        request = Request("GET", path)
        try:
            assert api.dispatch(request, cast("Model", model)).status == status, path
        except Problem as problem:
            assert problem.status == status, path  # noqa: PT017 - some are answered
