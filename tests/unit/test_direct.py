"""A direct invocation: the document of a prediction, or an exception that says what kept it from being made."""

from __future__ import annotations

import json
from typing import Any

import pytest

from serving import limits
from serving.direct import InstancesRefused, PredictionFailed, invoke
from serving.http import Request, Response

MODEL: Any = object()


def invoked(event: dict[str, Any], response: Response) -> tuple[dict[str, Any], Request]:
    asked: list[Request] = []

    def respond(request: Request, model: Any) -> Response:
        assert model is MODEL
        asked.append(request)
        return response

    answer = invoke(event, "r-1", MODEL, respond)
    return answer, asked[0]


@pytest.mark.parametrize(
    "body", ['{"predictions": ["ü"]}', '{"predictions": ["ü"]}'.encode()], ids=["text", "bytes"]
)
def test_an_answer_is_the_document_of_a_prediction(body: Any) -> None:
    answer, request = invoked({"instances": [["ü"]]}, Response(200, {}, body))
    assert answer == {"predictions": ["ü"]}
    assert (request.method, request.path, request.request_id) == ("POST", "/predict", "r-1")
    assert request.headers == {"content-type": "application/json"}
    assert json.loads(request.body) == {"instances": [["ü"]]}


def test_half_a_surrogate_pair_goes_on_to_the_parser() -> None:
    _, request = invoked({"instances": [["\ud83d"]]}, Response(200, {}, "{}"))
    assert b"\xed\xa0\xbd" in request.body


@pytest.mark.parametrize("status", [400, 413, 422, 499])
def test_a_refusal_says_where_and_quotes_no_value(status: int) -> None:
    problem = {
        "status": status,
        "title": "Unprocessable",
        "errors": [{"pointer": "/instances/0", "detail": "is 'secret'"}, {"pointer": "/x", "name": "a"}],
    }
    with pytest.raises(InstancesRefused) as caught:
        invoked({}, Response(status, {}, json.dumps(problem)))
    assert json.loads(str(caught.value)) == {
        **problem,
        "errors": [{"pointer": "/instances/0"}, {"pointer": "/x"}],
    }


def test_a_refusal_without_places_is_told_as_it_is() -> None:
    problem = {"status": 400, "title": "Bad Request", "detail": "The body is not JSON."}
    with pytest.raises(InstancesRefused) as caught:
        invoked({}, Response(400, {}, json.dumps(problem)))
    assert json.loads(str(caught.value)) == problem


@pytest.mark.parametrize("status", [500, 503])
def test_a_failure_of_the_server_is_another_exception(status: int) -> None:
    with pytest.raises(PredictionFailed) as caught:
        invoked({}, Response(status, {}, json.dumps({"status": status})))
    assert json.loads(str(caught.value)) == {"status": status}


def test_an_answer_of_as_many_bytes_as_lambda_takes_passes_and_one_more_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "MAX_ANSWER_BYTES", 10)
    fits = '{"a": 123}'
    assert len(fits) == 10
    assert invoked({}, Response(200, {}, fits))[0] == {"a": 123}
    for longer in ('{"a": 1234}', '{"a": "é"}'):
        assert len(longer.encode()) == 11
        with pytest.raises(InstancesRefused) as caught:
            invoked({}, Response(200, {}, longer))
        refused = json.loads(str(caught.value))
        assert refused["status"] == 413
        assert refused["detail"].startswith("The answer would be longer than 10 bytes: ")
