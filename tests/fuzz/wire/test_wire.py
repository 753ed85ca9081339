"""A bounded sample of `make fuzz ONLY=requests`, what it must find, and what holds for every reader of a body."""

from __future__ import annotations

import base64
import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz.wire import campaign, models
from fuzz.wire.campaign import Broken, Found
from fuzz.wire.damage import event_of
from fuzz.wire.flawless import CSV, NPY, Maker
from serving import api, gateway
from serving.answered import fields_of
from serving.errors import Problem
from serving.shadow import compare

if TYPE_CHECKING:
    from serving.model import Model

# An engine each, and each container; `make fuzz` takes all eight.
SAMPLE = ("forest", "boosting", "own", "onnx")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Model]:
    folder = tmp_path_factory.mktemp("models")
    return {name: models.make(name, folder) for name in SAMPLE}


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKYLAYER_LOG_LEVEL", "ERROR")


def ask(model: Model, event: dict[str, Any]) -> dict[str, Any]:
    return gateway.handler(lambda: model)(event, None)


def predictions(answer: dict[str, Any]) -> list[Any]:
    """What an answer of any form predicts."""
    if answer["isBase64Encoded"]:
        found: list[Any] = np.load(io.BytesIO(base64.b64decode(answer["body"]))).tolist()
        return found
    if answer["headers"]["content-type"].startswith(CSV):
        rows = answer["body"].split("\r\n")[1:-1]
        return [
            json.loads(row.partition(",")[0]) if row[:1] in "-0123456789" else row.partition(",")[0]
            for row in rows
        ]
    document = json.loads(answer["body"])
    if isinstance(document, list):
        return document
    return list(document["predictions"] if "predictions" in document else document["outputs"][0]["data"])


@pytest.mark.parametrize("name", SAMPLE)
def test_every_format_of_a_flawless_request_gets_the_same_predictions(
    name: str, made: dict[str, Model]
) -> None:
    maker = Maker(made[name])
    got = {
        form: predictions(ask(made[name], event_of(write(maker.rows))))
        for form, write in maker.formats().items()
    }
    assert len(got["objects"]) == len(maker.rows)
    assert got == dict.fromkeys(got, got["objects"])


@pytest.mark.parametrize("name", SAMPLE)
def test_a_shadow_is_compared_in_every_format(name: str, made: dict[str, Model]) -> None:
    maker = Maker(made[name])
    rows = maker.rows
    for form, write in maker.formats().items():
        answer, other = (
            fields_of(api.dispatch(gateway.request_of(event_of(write(sent)), "id"), made[name]))
            for sent in (rows, rows[::-1])
        )
        found = compare(answer, answer)
        assert (found["rows"], found["differing"]) == (len(rows), 0), form
        assert found["largest_difference"] in {0, None}, form
        assert compare(answer, other)["differing"] > 0, form


@pytest.mark.parametrize("name", SAMPLE)
def test_no_request_of_a_sample_breaks_anything(name: str, made: dict[str, Model]) -> None:
    found = campaign.attack(made[name], 400, seed=2)
    assert found.statuses.total() == 400
    assert {200, 400, 404, 405, 415} <= {*found.statuses}


@given(data=st.data())
@settings(max_examples=400, deadline=None)
def test_no_reader_answers_text_whose_letters_were_lost(made: dict[str, Model], data: st.DataObject) -> None:
    maker = Maker(made[data.draw(st.sampled_from(SAMPLE))])
    forms = {form: write for form, write in maker.formats().items() if write(maker.rows[:1]).kind != NPY}
    sent = forms[data.draw(st.sampled_from(sorted(forms)))](maker.rows[:3])
    assert isinstance(sent.body, str)
    at = data.draw(st.integers(0, len(sent.body)))
    cut = data.draw(st.integers(0, 3))
    event = event_of(sent) | {"body": f"{sent.body[:at]}\ufffd{sent.body[at + cut :]}"}
    answer = ask(maker.model, event)
    assert answer["statusCode"] == 400, event
    assert "U+FFFD" in answer["body"]


@given(data=st.data())
@settings(max_examples=400, deadline=None)
def test_no_reader_answers_bytes_that_are_no_text(made: dict[str, Model], data: st.DataObject) -> None:
    maker = Maker(made[data.draw(st.sampled_from(SAMPLE))])
    forms = {form: write for form, write in maker.formats().items() if write(maker.rows[:1]).kind != NPY}
    sent = forms[data.draw(st.sampled_from(sorted(forms)))](maker.rows[:3])
    assert isinstance(sent.body, str)
    body = sent.body.encode()
    at = data.draw(st.integers(0, len(body)))
    broken = body[:at] + data.draw(st.sampled_from([b"\xff", b"\xe9", b"\xc3", b"\xed\xa0\x80"])) + body[at:]
    try:
        broken.decode()
    except UnicodeDecodeError:
        event = event_of(sent) | {"body": base64.b64encode(broken).decode(), "isBase64Encoded": True}
        assert ask(maker.model, event)["statusCode"] == 400, event


def answering(**changes: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "body": "{}",
        "isBase64Encoded": False,
    }
    return usual | changes


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (answering(statusCode=502), "status 502"),
        (answering(body="[NaN]"), "NaN is no JSON"),
        (answering(headers={"content-type": "application/json", "x": "a\nb"}), "the header x"),
        (answering(statusCode=400, body=""), "says nothing"),
        (answering(statusCode=400, body=json.dumps("x" * 200_000)), "a problem of 200002 characters"),
        (answering(body=json.dumps("x" * 2**23)), "longer than Lambda carries"),
    ],
    ids=["5xx", "no JSON", "header", "empty", "long problem", "long answer"],
)
def test_an_answer_that_is_none_is_told(
    answer: dict[str, Any], told: str, made: dict[str, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "handler", lambda _: lambda *_: answer)
    with pytest.raises(Broken, match=told):
        campaign.attack(made["forest"], 40, seed=2)


def test_what_takes_too_long_is_told(made: dict[str, Model], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "MOST_SECONDS", -1.0)
    with pytest.raises(Broken, match=r"request 0 of seed 2 to forest: .*0\.0 s"):
        campaign.attack(made["forest"], 1, seed=2)


def test_an_error_of_the_handler_is_told(made: dict[str, Model], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def handler(*event: object) -> dict[str, Any]:
        asked.append(event)
        if len(asked) > 1:
            raise Problem(400, "unforeseen")
        return answering()

    monkeypatch.setattr(gateway, "handler", lambda _: handler)
    with pytest.raises(Broken, match="unforeseen"):
        campaign.attack(made["forest"], 1, seed=2)


def test_a_prediction_of_damaged_text_is_told(
    made: dict[str, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    maker = Maker(made["forest"])
    sent = maker.formats()["objects"](maker.rows[:1])
    event = event_of(sent) | {"body": "\ufffd"}
    monkeypatch.setattr(campaign, "unusual", lambda *_: event)
    monkeypatch.setattr(gateway, "handler", lambda _: lambda *_: answering())
    with pytest.raises(Broken, match="letters were lost"):
        campaign.attack(made["forest"], 1, seed=2)


def test_a_model_that_answers_otherwise_after_an_attack_is_told(
    made: dict[str, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    maker = Maker(made["forest"])
    event = event_of(maker.formats()["objects"](maker.rows[:1]))
    monkeypatch.setattr(campaign, "unusual", lambda *_: event)
    bodies = iter(["{}", "{}", '{"a": 1}'])
    monkeypatch.setattr(gateway, "handler", lambda _: lambda *_: answering(body=next(bodies)))
    with pytest.raises(Broken, match="answered otherwise afterwards"):
        campaign.attack(made["forest"], 1, seed=2)


def test_memory_that_grows_is_told(made: dict[str, Model], monkeypatch: pytest.MonkeyPatch) -> None:
    held = iter(range(0, 2**40, 2**22))
    monkeypatch.setattr(campaign, "resident", lambda: [next(held)])
    with pytest.raises(Broken, match="forest: memory grows"):
        campaign.attack(made["forest"], 80, seed=2)
    assert Found(resident=[1, 9, 9, 9, 9, 9, 9, 9]).growth == 0
    assert Found().growth == 0


def test_what_this_process_holds_is_read() -> None:
    assert all(size > 2**20 for size in campaign.resident())
