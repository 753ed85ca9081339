"""The Open Inference Protocol, over a model that needs no artifact."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from serving import limits
from serving.errors import Problem
from serving.http import Request
from serving.protocols import inference
from serving.schema import Column

if TYPE_CHECKING:
    from serving.model import Model

REFERENCE = {"name": "birds", "version": "abc"}
INPUT = {"name": "x", "datatype": "FP64", "shape": [2], "data": [0.25, 0.5]}


def predict(rows: list[list[float]]) -> dict[str, Any]:
    shares = [[[row[0], 1 - row[0]], [0.25, 0.25, 0.5]] for row in rows]
    return {"predictions": [[0, 4] for _ in rows], "probabilities": shares}


MODEL = cast(
    "Model",
    SimpleNamespace(
        reference=REFERENCE,
        folder="",
        manifest={
            "engine": "native",
            "task": "classification",
            "output": {
                "fields": ["predictions", "probabilities"],
                "classes": [[0, 1], [2, 3, 4]],
                "targets": ["y", "z"],
            },
        },
        schema=[Column({"name": "x", "kind": "number", "nullable": True})],
        predict_instances=predict,
    ),
)


def send(method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any, dict[str, str]]:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response = inference.respond(Request(method, path, named, sent), MODEL)
    return response.status, json.loads(response.body), response.headers


def infer(body: Any, **headers: str) -> tuple[int, Any, dict[str, str]]:
    return send("POST", "/v2/models/birds/infer", body, **headers)


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("/v2", {"name": "skylayer", "version": "2", "extensions": []}),
        ("/v2/", {"name": "skylayer", "version": "2", "extensions": []}),
        ("/v2/health/live", {"live": True}),
        ("/v2/health/ready", {"ready": True}),
        ("/v2/models/birds/ready", {"name": "birds", "ready": True}),
        ("/v2/models/birds/versions/abc/ready", {"name": "birds", "ready": True}),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_is_read(method: str, path: str, document: dict[str, Any]) -> None:
    assert send(method, path)[:2] == (200, document)


@pytest.mark.parametrize("path", ["/v2/models/birds", "/v2/models/birds/versions/abc"])
def test_the_metadata_of_a_model_of_two_targets(path: str) -> None:
    assert send("GET", path)[:2] == (
        200,
        {
            "name": "birds",
            "versions": ["abc"],
            "platform": "skylayer_native",
            "inputs": [{"name": "x", "datatype": "FP64", "shape": [-1]}],
            "outputs": [
                {"name": "predictions", "datatype": "INT64", "shape": [-1, 2]},
                {"name": "probabilities_y", "datatype": "FP64", "shape": [-1, 2]},
                {"name": "probabilities_z", "datatype": "FP64", "shape": [-1, 3]},
            ],
        },
    )


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/v2/else", "There is nothing here; there is /v2/models/birds."),
        ("/v2/models", "There is nothing here; there is /v2/models/birds."),
        ("/v2/else/birds", "There is nothing here; there is /v2/models/birds."),
        ("/v2/health/else", "There is nothing here; there is /v2/models/birds."),
        ("/v2/models/fish", "There is no model of this name; there is birds."),
        ("/v2/models/birds/versions", "There is no such version of birds; there is abc."),
        ("/v2/models/birds/versions/abd", "There is no such version of birds; there is abc."),
        ("/v2/models/birds/else", "There is nothing here: see GET /v2 and the Open Inference Protocol."),
        ("/v2/models/birds/infer/more", "There is nothing here: see the Open Inference Protocol."),
        (
            "/v2/models/birds/versions/abc/infer/more",
            "There is nothing here: see the Open Inference Protocol.",
        ),
    ],
)
def test_what_is_not_there(path: str, error: str) -> None:
    assert send("GET", path)[:2] == (404, {"error": error})


def test_the_other_method_is_refused_and_the_right_one_named() -> None:
    status, document, headers = send("POST", "/v2")
    assert (status, document, headers["allow"]) == (405, {"error": "Use GET here."}, "GET, HEAD")
    status, document, headers = send("GET", "/v2/models/birds/infer")
    assert (status, document, headers["allow"]) == (405, {"error": "Use POST here."}, "POST")


def test_an_answer_holds_every_output_the_version_and_the_id() -> None:
    status, document, headers = infer({"id": "7", "inputs": [INPUT]})
    assert (status, headers["model-version"]) == (200, "abc")
    assert document == {
        "model_name": "birds",
        "model_version": "abc",
        "outputs": [
            {"name": "predictions", "datatype": "INT64", "shape": [2, 2], "data": [0, 4, 0, 4]},
            {"name": "probabilities_y", "datatype": "FP64", "shape": [2, 2], "data": [0.25, 0.75, 0.5, 0.5]},
            {
                "name": "probabilities_z",
                "datatype": "FP64",
                "shape": [2, 3],
                "data": [0.25, 0.25, 0.5, 0.25, 0.25, 0.5],
            },
        ],
        "id": "7",
    }
    assert "id" not in infer({"inputs": [INPUT]})[1]
    assert "id" not in infer({"id": 7, "inputs": [INPUT]})[1]


def test_an_answer_counts_its_rows_for_the_log() -> None:
    body = json.dumps({"inputs": [INPUT]}).encode()
    assert inference.respond(Request("POST", "/v2/models/birds/infer", {}, body), MODEL).rows == 2


def test_only_the_outputs_that_were_asked_for_come_in_their_order() -> None:
    names = [{"name": "probabilities_z"}, {"name": "predictions"}]
    found = infer({"inputs": [INPUT], "outputs": names})[1]["outputs"]
    assert [output["name"] for output in found] == ["probabilities_z", "predictions"]
    found = infer({"inputs": [INPUT], "outputs": names[:1]})[1]["outputs"]
    assert [output["name"] for output in found] == ["probabilities_z"]
    assert len(infer({"inputs": [INPUT], "outputs": []})[1]["outputs"]) == 3


NO_OUTPUTS: list[Any] = ["a", {"name": "a"}, ["a"], [{}], [{"name": 1}], [{"name": "predictions"}, 1]]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ([], "The body must be an inference request: an object with inputs."),
        (
            {"inputs": [INPUT], "outputs": [{"name": "u"}, {"name": "v"}]},
            "There is no output 'u'; there is predictions, probabilities_y, probabilities_z.",
        ),
        ({}, "inputs must be a list of at least one tensor."),
        (
            {"inputs": [INPUT], "outputs": [{"name": "x" * 100}]},
            f"There is no output '{'x' * 60}'; there is predictions, probabilities_y, probabilities_z.",
        ),
        *(
            (
                {"inputs": [INPUT], "outputs": outputs},
                'outputs must be a list of objects with a name: [{"name": "predictions"}].',
            )
            for outputs in NO_OUTPUTS
        ),
    ],
)
def test_a_request_that_is_none_is_refused(body: Any, error: str) -> None:
    assert infer(body)[:2] == (400, {"error": error})


def test_nan_is_a_missing_value(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def answer(rows: list[Any]) -> dict[str, Any]:
        asked.extend(rows)
        return predict([[0.0] for _ in rows])

    monkeypatch.setattr(MODEL, "predict_instances", answer)
    body = json.dumps({"inputs": [{**INPUT, "data": [float("nan"), 1.0]}]}).encode()
    assert (b"NaN" in body, infer(body)[0], asked) == (True, 200, [[None], [1.0]])


def test_a_tensor_that_is_no_column_is_told_in_a_header() -> None:
    status, _, headers = infer({"inputs": [INPUT, {**INPUT, "name": "id\r\n"}]})
    assert (status, headers["ignored-columns"]) == (200, r'"id\r\n"')
    assert "ignored-columns" not in infer({"inputs": [INPUT]})[2]


def test_binary_tensors_are_not_read() -> None:
    status, document, _ = infer({"inputs": [INPUT]}, inference_header_content_length="3")
    assert (status, "binary_data=False" in document["error"]) == (400, True)


def test_rows_and_bytes_have_their_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    body = {"inputs": [INPUT]}
    monkeypatch.setattr(limits, "MAX_ROWS", 2)
    monkeypatch.setattr(limits, "MAX_BODY_BYTES", len(json.dumps(body)))
    assert infer(body)[0] == 200
    monkeypatch.setattr(limits, "MAX_ROWS", 1)
    assert infer(body)[:2] == (413, {"error": "The body has 2 rows; at most 1 are taken at a time."})
    monkeypatch.setattr(limits, "MAX_BODY_BYTES", len(json.dumps(body)) - 1)
    assert infer(body)[0] == 413


@pytest.mark.parametrize(("status", "shown"), [(415, 400), (422, 400), (413, 413), (406, 406)])
def test_the_protocol_knows_one_status_for_what_is_wrong_with_a_request(
    status: int, shown: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Any) -> None:
        raise Problem(status, "no", errors=[], count=0, headers={"x-a": "b"})

    monkeypatch.setattr(MODEL, "predict_instances", refuse)
    found, document, headers = infer({"inputs": [INPUT]})
    assert (found, document, headers["x-a"]) == (shown, {"error": "no"}, "b")
