"""The API through the deployed handler: what it answers, and how it refuses."""

from __future__ import annotations

import base64
import gzip
import json
import logging
from typing import TYPE_CHECKING, Any

import artifacts
import joblib
import pytest
from conftest import Answer, Client

from serving import gateway, limits, model
from serving.errors import Problem
from serving.schema import Column

if TYPE_CHECKING:
    from pathlib import Path

BIRD = artifacts.BIRD


def with_bird(**changes: Any) -> dict[str, Any]:
    return {"instances": [{**BIRD, **changes}]}


def test_answers_are_the_estimators(birds: Client, bird_folder: Path) -> None:
    frame, _ = artifacts.birds()
    estimator = joblib.load(bird_folder / "estimator.joblib")
    answer = birds.post(f'{{"instances": {frame.to_json(orient="records")}}}')
    assert answer.status == 200, answer.body
    assert answer.json() == {
        "predictions": estimator.predict(frame).tolist(),
        "probabilities": estimator.predict_proba(frame).tolist(),
        "classes": ["Adelie", "Chinstrap", "Gentoo"],
        "model": {"name": "birds", "version": answer.headers["model-version"]},
    }


def test_rows_may_be_arrays(birds: Client) -> None:
    as_object = birds.post({"instances": [BIRD]}).body
    assert birds.post({"instances": [list(BIRD.values())]}).body == as_object


def test_health_says_the_version(birds: Client) -> None:
    answer = birds.send(None, "/health", "GET", headers=None, multiValueHeaders=None)
    assert answer.status == 200
    assert answer.json() == {
        "status": "ok",
        "model": {"name": "birds", "version": birds.post(with_bird()).headers["model-version"]},
    }


def test_model_says_what_it_takes(birds: Client) -> None:
    document = birds.send(None, "/model", "GET").json()
    assert document["input"]["columns"] == artifacts.BIRD_COLUMNS
    assert document["engine"] == "sklearn"
    assert birds.send(None, "/model", "GET", headers={"accept": "image/png"}).status == 406


def test_head_has_the_headers_of_get_and_no_body(birds: Client) -> None:
    answer = birds.send(None, "/health", "HEAD")
    assert (answer.status, answer.body) == (200, "")


@pytest.mark.parametrize(
    ("path", "accept"),
    [("/model", "application/json"), ("/openapi.json", "*/*"), ("/", "text/html")],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_a_client_has_already_is_not_sent_again(
    birds: Client, path: str, accept: str, method: str
) -> None:
    first = birds.send(None, path, "GET", headers={"accept": accept})
    tag = first.headers["etag"]
    assert (first.headers["cache-control"], first.headers["vary"]) == ("private, no-cache", "accept")
    for known in (tag, f'"other", {tag}', tag.removeprefix("W/"), "*"):
        again = birds.send(None, path, method, headers={"accept": accept, "if-none-match": known})
        assert (again.status, again.body, again.headers["etag"]) == (304, "", tag)
        assert again.headers["cache-control"] == "private, no-cache"
        assert "content-type" not in again.headers
    for other in ('W/"other"', tag[:-2] + '"', "", '"*"'):
        again = birds.send(None, path, "GET", headers={"accept": accept, "if-none-match": other})
        assert (again.status, again.body) == (200, first.body)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "identity"])
def test_a_body_that_the_gateway_has_unpacked_is_read(birds: Client, coding: str) -> None:
    assert birds.post(with_bird(), content_encoding=coding).status == 200


def test_a_body_that_nobody_has_unpacked_is_refused(birds: Client) -> None:
    packed = base64.b64encode(gzip.compress(json.dumps(with_bird()).encode())).decode()
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    assert birds.send(packed, headers=headers, isBase64Encoded=True).status == 415
    assert birds.post(with_bird(), content_encoding="br").status == 415


def test_a_prediction_is_never_kept(birds: Client) -> None:
    answer = birds.post(with_bird(), if_none_match="*")
    assert (answer.status, answer.headers["cache-control"], "etag" in answer.headers) == (
        200,
        "no-store",
        False,
    )


def test_an_answer_for_one_origin_says_what_it_depends_on(
    birds: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKYLAYER_CORS_ORIGIN", "https://example.com")
    assert birds.send(None, "/model", "GET").headers["vary"] == "accept, origin"
    assert birds.post(with_bird()).headers["vary"] == "origin"


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (None, "the-request-id"),
        ("my id/7", "my id/7"),
        ("x" * 128, "x" * 128),
        ("x" * 129, "the-request-id"),
        ("", "the-request-id"),
        ("a\r\nb", "the-request-id"),
        ("\u00fc", "the-request-id"),
    ],
)
def test_a_request_has_an_id_that_its_answer_and_its_log_line_name(
    birds: Client, sent: str | None, shown: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", "skylayer"):
        headers = {} if sent is None else {"x_request_id": sent}
        assert birds.post(with_bird(), **headers).headers["x-request-id"] == shown
        assert birds.post({}, **headers).headers["x-request-id"] == shown
    for record in caplog.records:
        assert vars(record)["request_id"] == "the-request-id"
        assert vars(record).get("client_request_id", "the-request-id") == shown


def test_all_problems_come_at_once_with_pointers(birds: Client) -> None:
    changes = {"bill": "39.1", "mass": True, "tagged": 1, "islnd": "Dream"}
    incomplete = {name: value for name, value in BIRD.items() if name != "note"}
    answer = birds.post({"instances": [{**BIRD, **changes}, incomplete, 3, [1, 2], {**BIRD, "mass": None}]})
    assert answer.status == 422
    assert answer.problems() == {
        "/instances/0/bill": 'bill: expected a number or null, got the string "39.1"; send the number '
        "without quotes",
        "/instances/0/mass": "mass: expected an integer, got true",
        "/instances/0/tagged": "tagged: expected true or false, got the number 1",
        "/instances/0/islnd": '"islnd": expected only columns of the model, got an unknown column; did you '
        'mean "island"?',
        "/instances/1/note": "note: expected a string or null, got no such column; a missing value is sent as null",
        "/instances/2": "expected an object or an array of 5 values, got the number 3",
        "/instances/3": "expected an array of 5 values, got 2 values",
        "/instances/4/mass": "mass: expected an integer, got null; the training data had no missing value "
        "here",
    }
    assert answer.json()["count"] == 8


def test_only_the_first_hundred_problems_are_listed(birds: Client) -> None:
    document = birds.post({"instances": [{**BIRD, "mass": "x" * 5000}] * 101}).json()
    assert len(document["errors"]) == 100
    assert document["count"] == 101
    assert document["errors"][0]["received"] == "a string of 5000 characters"
    assert len(birds.post({"instances": [{**BIRD, "mass": "1"}] * 100}).json()["errors"]) == 100


@pytest.mark.parametrize(
    ("number", "detail"),
    [
        ("1e400", "bill: expected a number or null, got a number beyond the range of a double"),
        ("-1e400", "bill: expected a number or null, got a number beyond the range of a double"),
        (str(10**400), "bill: expected a number or null, got a number of 401 digits"),
        ("9" * 5000, "bill: expected a number or null, got a number beyond the range of a double"),
    ],
    ids=["1e400", "-1e400", "401-digits", "5000-digits"],
)
def test_huge_numbers_are_refused_in_their_place(birds: Client, number: str, detail: str) -> None:
    body = json.dumps(with_bird(bill=0)).replace('"bill": 0', f'"bill": {number}')
    answer = birds.post(body)
    assert answer.status == 422
    assert answer.problems()["/instances/0/bill"].startswith(detail)


def test_integers_end_at_64_bits(birds: Client) -> None:
    assert birds.post(with_bird(mass=2**63)).status == 422
    assert birds.post(with_bird(mass=-(2**63) - 1)).status == 422
    assert birds.post(with_bird(mass=2**63 - 1)).status == 200
    assert birds.post(with_bird(mass=3750.0)).body == birds.post(with_bird(mass=3750)).body
    assert birds.post(with_bird(mass=3750.5)).status == 422


def test_what_the_estimator_refuses_is_a_problem_of_its_cell(birds: Client) -> None:
    answer = birds.post({"instances": [BIRD, BIRD, {**BIRD, "bill": 1e39}, BIRD, {**BIRD, "bill": 1e300}]})
    assert answer.status == 422
    assert list(answer.problems()) == ["/instances/2/bill"]
    assert "float32" in answer.problems()["/instances/2/bill"]
    as_array = birds.post({"instances": [list({**BIRD, "bill": 1e39}.values())]})
    assert list(as_array.problems()) == ["/instances/0/0"]


def test_an_unseen_category_goes_to_the_estimator(birds: Client) -> None:
    assert birds.post(with_bird(island="Elephant")).status == 200


@pytest.mark.parametrize("body", ["[]", "{}", '{"instances": {}}', '{"instances": null}', "3", '"x"', "null"])
def test_bodies_of_another_shape_are_unprocessable(birds: Client, body: str) -> None:
    answer = birds.post(body)
    assert answer.status == 422
    assert list(answer.problems()) == ["/instances" if body.startswith("{") else ""]


def test_no_instances_and_unknown_members_are_unprocessable(birds: Client) -> None:
    assert birds.post({"instances": []}).status == 422
    assert list(birds.post({**with_bird(), "a/b": 1}).problems()) == ["/a~1b"]


@pytest.mark.parametrize("body", [None, "", " \n", "\ufeff"])
def test_an_empty_body_is_malformed(birds: Client, body: str | None) -> None:
    answer = birds.send(body)
    assert answer.status == 400
    assert answer.json()["detail"] == "The body is empty."


def test_base64_bodies_are_decoded(birds: Client) -> None:
    encoded = base64.b64encode(json.dumps(with_bird()).encode()).decode()
    assert birds.send(encoded, isBase64Encoded=True).body == birds.post(with_bird()).body
    assert birds.send("no base64!", isBase64Encoded=True).status == 400
    assert birds.send("é", isBase64Encoded=True).status == 400
    assert birds.send(base64.b64encode(b"\xff{}").decode(), isBase64Encoded=True).status == 400


def test_half_a_surrogate_pair_in_the_event_is_malformed(birds: Client) -> None:
    assert birds.send('{"instances": ["\ud800"]}').status == 400


def test_methods_and_routes(birds: Client) -> None:
    answer = birds.send(None, method="GET")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    answer = birds.send("{}", "/model", "POST")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
    assert birds.send(None, "/nothing", "GET").status == 404
    assert birds.send(None, "/predict/extra").status == 404


def test_media_types(birds: Client) -> None:
    bird = with_bird()
    answer = birds.post(bird, Content_Type="application/x-www-form-urlencoded")
    assert answer.status == 415
    assert "application/json or text/csv" in answer.json()["detail"]
    assert birds.post(bird, Content_Type="application/json; charset=latin-1").status == 415
    assert birds.post(bird, Content_Encoding="br").status == 415
    assert birds.post(bird, accept="image/png").status == 406
    assert birds.post(bird, accept="text/html, */*;q=0.1").status == 200
    assert birds.send(json.dumps(bird), headers=None).status == 200


@pytest.mark.parametrize("path", ["/predict", "/invocations"])
@pytest.mark.parametrize("kind", ["application/json", "text/csv"])
def test_letters_that_the_gateway_lost_are_refused_and_not_an_unseen_category(
    birds: Client, kind: str, path: str
) -> None:
    # What API Gateway makes of "Zürich" in Latin-1 before the function sees it.
    lost = b"Z\xfcrich".decode("utf-8", "replace")
    bird = {**artifacts.BIRD, "island": lost}
    table = ",".join(bird) + "\n" + ",".join("" if v is None else str(v).lower() for v in bird.values())
    body = table if kind == "text/csv" else json.dumps({"instances": [bird]}, ensure_ascii=False)
    answer = birds.send(body, path, headers={"content-type": kind})
    assert answer.status == 400
    assert "UTF-8" in answer.body


def test_a_model_that_was_trained_on_the_replacement_character_takes_it() -> None:
    description = {"name": "x", "kind": "category", "nullable": False, "categories": ["caf\ufffd", "bar"]}
    limits.check_body("caf\ufffd".encode(), [Column(description)])
    with pytest.raises(Problem):
        limits.check_body("caf\ufffd".encode(), [])


def test_body_limit_at_its_edge(birds: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    body = json.dumps(with_bird(note="é"), ensure_ascii=False)
    monkeypatch.setattr(limits, "MAX_BODY_BYTES", len(body.encode()))
    assert birds.post(body).status == 200
    assert birds.post(f"{body} ").status == 413


def test_row_limit_at_its_edge(birds: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_ROWS", 3)
    header, row = "bill,mass,tagged,island,note\n", "1,2,true,Dream,\n"
    assert birds.post({"instances": [BIRD] * 3}).status == 200
    assert birds.post({"instances": [BIRD] * 4}).status == 413
    assert birds.post_csv(header + row * 3).status == 200
    assert birds.post_csv(header + row * 4).status == 413


def test_answer_limit_at_its_edge(birds: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = birds.post(with_bird())
    proxied = {
        "statusCode": 200,
        "headers": answer.headers,
        "body": answer.body,
        "isBase64Encoded": False,
    }
    size = len(json.dumps(proxied, ensure_ascii=False).encode())
    monkeypatch.setattr(limits, "MAX_ANSWER_BYTES", size)
    assert birds.post(with_bird()).status == 200
    monkeypatch.setattr(limits, "MAX_ANSWER_BYTES", size - 1)
    refused = birds.post(with_bird())
    assert refused.status == 413
    assert "answer" in refused.json()["detail"]
    assert "limits" not in refused.json()  # there are no fewer rows than one


def test_an_answer_that_is_too_long_says_how_many_rows_would_be_taken(
    birds: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(rows: int) -> Answer:
        return birds.post({"instances": [artifacts.BIRD] * rows})

    monkeypatch.setattr(limits, "MAX_ANSWER_BYTES", len(ask(1_000).body))
    fewer = ask(4_000).json()["limits"]["rows"]
    assert 500 < fewer < 1_000
    assert ask(fewer).status == 200


def test_a_broken_model_is_a_500_that_says_the_request_id_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = artifacts.bird_artifact(tmp_path)
    estimator = joblib.load(folder / "estimator.joblib")
    del estimator.steps[-1][1].estimators_
    joblib.dump(estimator, folder / "estimator.joblib")
    loaded = model.load(folder)
    broken = Client(gateway.handler(lambda: loaded))
    answer = broken.post(with_bird(island="a secret island"))
    assert answer.status == 500
    assert answer.json() == {
        "type": "urn:skylayer:problem:internal-error",
        "title": "Internal Server Error",
        "status": 500,
        "request_id": "the-request-id",
    }
    assert "secret" not in str([vars(record) for record in caplog.records])


def test_a_request_is_one_line_of_log_without_its_values(
    birds: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "skylayer"):
        birds.post(with_bird(island="a secret island"))
        birds.post(with_bird(mass="a secret mass"))
        birds.send("{}", "/a/secret/path")
    assert [record.message for record in caplog.records] == ["request"] * 3
    first, second, third = (vars(record) for record in caplog.records)
    assert first["request_id"] == "the-request-id"
    assert first["version"] == birds.post(with_bird()).headers["model-version"]
    assert (first["rows"], first["status"], first["outcome"]) == (1, 200, "ok")
    assert (second["rows"], second["status"], second["outcome"]) == (0, 422, "invalid-instances")
    assert (third["route"], third["status"]) == (None, 404)
    assert first["latency_ms"] > 0
    assert "secret" not in str([first, second, third])


@pytest.mark.parametrize(
    ("authentication", "security"),
    [(None, [{"api_key": []}]), ("iam", [{"signature": []}]), ("cognito", [{"id_token": []}]), ("none", [])],
)
def test_the_document_says_what_this_stack_asks_its_callers_for(
    birds: Client, authentication: str | None, security: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    if authentication:
        monkeypatch.setenv("SKYLAYER_AUTHENTICATION", authentication)
    served = birds.send(None, "/openapi.json", "GET").json()
    assert served["security"] == security
    assert set(served["components"]["securitySchemes"]) == {name for each in security for name in each}


def test_cors_headers_only_when_asked_for(birds: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "access-control-allow-origin" not in birds.post(with_bird()).headers
    monkeypatch.setenv("SKYLAYER_CORS_ORIGIN", "https://example.com")
    headers = birds.post(with_bird()).headers
    assert headers["access-control-allow-origin"] == "https://example.com"
    assert headers["vary"] == "origin"


def test_csv_in_and_out(birds: Client) -> None:
    body = 'note,island,tagged,mass,bill\r\n,"Dream, ""big""",TRUE,3750,\r\nnest,Dream,false,+1e3,39.1\r\n'
    body = body.replace("+1e3", "+1000")
    as_json = birds.post(
        {
            "instances": [
                {"bill": None, "mass": 3750, "tagged": True, "island": 'Dream, "big"', "note": None},
                {"bill": 39.1, "mass": 1000, "tagged": False, "island": "Dream", "note": "nest"},
            ]
        }
    )
    answer = birds.post_csv(body)
    assert answer.headers["content-type"].startswith("text/csv")
    header, *rows = [line.split(",") for line in answer.body.split("\r\n")[:-1]]
    assert header == ["prediction", "probability_Adelie", "probability_Chinstrap", "probability_Gentoo"]
    assert [row[0] for row in rows] == as_json.json()["predictions"]
    assert [[float(cell) for cell in row[1:]] for row in rows] == as_json.json()["probabilities"]
    assert birds.post_csv(body, accept="application/json").body == as_json.body
    assert birds.post(with_bird(), accept="text/csv").body.startswith("prediction,")


def test_csv_problems_have_pointers_and_lines(birds: Client) -> None:
    header = "bill,mass,tagged,island,note\n"
    answer = birds.post_csv(header + '1,2,true,"Dr\neam",\nx,2.5,2,Dream,\n')
    assert answer.status == 422
    assert {e["pointer"]: e["line"] for e in answer.json()["errors"]} == {
        "/instances/1/bill": 4,
        "/instances/1/mass": 4,
        "/instances/1/tagged": 4,
    }
    unknown = birds.post_csv("bill,mass,tagged,island,colour\n1,2,true,Dream,red\n")
    assert set(unknown.problems()) == {"/instances/0/note", "/instances/0/colour"}
    assert birds.post_csv(header).status == 422
