"""No input whatever may give a 5xx: bodies and events of every kind through the deployed handler."""

from __future__ import annotations

import base64
import io
import json
import random
from typing import TYPE_CHECKING, Any

import artifacts
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Answer, Client

BODIES_PER_EXAMPLE = 100
EXAMPLES = 200

VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 3750, 2**31, 2**63 - 1, 2**63, -(2**63), 10**400, 39.1, 5e-324, 1e39, -1e308,
    "",
    "Dream", "nest", "39.1", "true", "NaN", "\x00", "é", "\u2028", "\ud800", "🐧", "x" * 300, [], {}, [1],
    {"bill": 1}, float("inf"), float("nan"),
]  # fmt: skip
TOKENS = [
    "{", "}", "[", "]", ",", ":", '"', "\\",
    "\\u", "\\ud800", "1e400", "-", "0", "01", "1.", "NaN", "Infinity",
    "null", "true", "tru", '"instances"', '"bill"', "9" * 5000,
    "\ufeff", "\x00", "\ud800", "\n", "\r", " ", "é",
    "🐧", '"mass"', "\x1f", "/", "'",
]  # fmt: skip
NAMES = [*artifacts.BIRD, "instances", "", "colour", "a/b~c", "\ud800"]
EVENTS: list[dict[str, Any]] = [
    {"headers": None},
    {"headers": {"content-type": "text/csv"}},
    {"headers": {"Content-Type": "text/csv", "Accept": "application/json;q=x, text/csv;q=0"}},
    {"headers": {"Content-Type": ";;=", "accept": ",,;"}},
    {"headers": {"CONTENT-TYPE": "application/json; charset", "content-encoding": "br"}},
    {"multiValueHeaders": {"Accept": ["text/csv", "*/*"]}},
    {"isBase64Encoded": True},
    {"resource": "/{proxy+}", "pathParameters": {"proxy": "predict"}},
    {"resource": "/{proxy+}", "pathParameters": None},
    {"resource": None, "path": "//predict///"},
    {"httpMethod": "PROPFIND"},
    {"httpMethod": "HEAD", "resource": "/health"},
    {"httpMethod": "GET", "resource": "/model"},
    {"queryStringParameters": None},
]


def bird(chance: random.Random) -> Any:
    """A row, mostly with something wrong with it."""
    row: dict[str, Any] = dict(artifacts.BIRD)
    for _ in range(chance.choice([0, 1, 1, 1, 2, 3])):
        row[chance.choice(NAMES)] = chance.choice(VALUES)
    if chance.random() < 0.1:
        row.pop(chance.choice(list(row)))
    return chance.choice([row, row, row, list(row.values()), chance.choice(VALUES)])


def json_body(chance: random.Random) -> str:
    return json.dumps(
        {
            chance.choice(["instances"] * 9 + NAMES): [
                bird(chance) for _ in range(chance.choice([0, 1, 1, 1, 2]))
            ]
        },
        ensure_ascii=chance.random() < 0.5,
    )


def csv_body(chance: random.Random) -> str:
    rows = [list(artifacts.BIRD)] + [
        [str(chance.choice([value, value, chance.choice(VALUES)])) for value in artifacts.BIRD.values()]
        for _ in range(chance.choice([0, 1, 2]))
    ]
    return chance.choice(["\n", "\r\n", "\r"]).join(
        chance.choice([",", ",", ",", ";"]).join(row) for row in rows
    )


def broken_body(chance: random.Random) -> str:
    """A body with pieces of it cut out, doubled or replaced."""
    text = chance.choice([json_body, csv_body])(chance)
    for _ in range(chance.choice([1, 1, 2, 5])):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.choice([0, 1, 1, 5, 50]))
        text = text[:start] + chance.choice(["", text[start:end] * 2, chance.choice(TOKENS)]) + text[end:]
    return text


def tokens(chance: random.Random) -> str:
    return "".join(chance.choices(TOKENS, k=chance.randrange(30)))


def raw_bytes(chance: random.Random) -> str:
    return base64.b64encode(chance.randbytes(chance.randrange(60))).decode()


def nested(chance: random.Random) -> str:
    return chance.choice(["[", '{"instances":[', '{"a":']) * chance.choice([1, 31, 32, 33, 5000])


KINDS: list[Callable[[random.Random], str]] = [
    json_body, json_body, json_body, csv_body,
    broken_body, broken_body, broken_body, broken_body, tokens, tokens, raw_bytes, nested,
]  # fmt: skip


def check(answer: Answer, sent: object) -> None:
    assert answer.status < 500, (answer.body, sent)
    if answer.status >= 400:
        problem = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert problem["status"] == answer.status, sent
        assert len(answer.body) < 200_000, sent
    json.dumps(answer.body).encode()


@pytest.mark.slow
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**64 - 1))
def test_twenty_thousand_bodies(birds: Client, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 (not for secrets)
    for _ in range(BODIES_PER_EXAMPLE):
        make = chance.choice(KINDS)
        body = make(chance)
        event: dict[str, Any] = dict(chance.choice(EVENTS)) if chance.random() < 0.3 else {}
        if make is csv_body:
            event = {"headers": {"content-type": "text/csv"}}
        if make is raw_bytes:
            event = {**event, "isBase64Encoded": True}
        check(birds.send(body, **event), (body, event))


MEDIA_TYPES = [
    "application/json",
    "text/csv",
    "text/csv; header=absent",
    "application/jsonlines",
    "application/x-npy",
]
FORMATS = ["instances", "inputs", "dataframe_records", "dataframe_split", "params", "signature_name", "index"]


def of_a_peer(chance: random.Random) -> str:
    """A body as MLflow's, KServe's and SageMaker's clients write it, mostly with something wrong with it."""
    rows: list[Any] = [bird(chance) for _ in range(chance.choice([0, 1, 1, 2]))]
    columns: Any = {
        chance.choice([name, name, chance.choice(NAMES)]): [value, chance.choice(VALUES)]
        for name, value in artifacts.BIRD.items()
    }
    split: Any = {
        "columns": chance.choice(
            [[*artifacts.BIRD], [0, 1, 2, 3, 4], [*artifacts.BIRD, "id"], chance.choice(VALUES)]
        ),
        "data": chance.choice([rows, [[*artifacts.BIRD.values()]], chance.choice(VALUES)]),
        "index": chance.choice([[0], [0, 1], None, "a"]),
    }
    params = {chance.choice(["predict_method", "a"]): chance.choice(["predict_proba", "transform", *VALUES])}
    values: list[Any] = [rows, rows, columns, split, params, chance.choice(VALUES)]
    body = {chance.choice(FORMATS): chance.choice(values) for _ in range(chance.choice([1, 1, 2, 3]))}
    lines = "\n".join(json.dumps(row) for row in rows)
    return chance.choice([json.dumps(body), json.dumps(rows), lines])


def array(chance: random.Random) -> bytes:
    """A file of NumPy's, now and then damaged."""
    file = io.BytesIO()
    width = chance.choice([5, 5, 1, 4])
    kind = chance.choice(["f8", "i1", "?", "U3", "f2", ">i4"])
    cells = [[chance.choice([0, 1, 2]) for _ in range(width)] for _ in range(chance.choice([0, 1, 3]))]
    np.save(file, np.array(cells).astype(kind))
    content = bytearray(file.getvalue())
    for _ in range(chance.choice([0, 0, 1, 3])):
        content[chance.randrange(len(content))] = chance.randrange(256)
    return bytes(content)


@pytest.mark.slow
@settings(max_examples=EXAMPLES // 2, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**64 - 1))
def test_ten_thousand_bodies_of_other_servers_clients(birds: Client, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 (not for secrets)
    for _ in range(BODIES_PER_EXAMPLE):
        kind = chance.choice(MEDIA_TYPES)
        make = chance.choice([of_a_peer, of_a_peer, csv_body, broken_body, tokens])
        binary = kind.endswith("npy") and chance.random() < 0.9
        body = base64.b64encode(array(chance)).decode() if binary else make(chance)
        path = chance.choice(["/invocations", "/invocations", "/v1/models/birds:predict", "/predict"])
        headers = {"content-type": kind, "x-request-id": chance.choice(["a", "\ud800", "\n"])}
        if chance.random() < 0.7:
            headers["accept"] = chance.choice([*MEDIA_TYPES, "*/*"])
        query = chance.choice([None, {"extra": "ignore"}, {"extra": "\ud800"}])
        answer = birds.send(body, path, headers=headers, isBase64Encoded=binary, queryStringParameters=query)
        assert answer.status < 500, (answer.body, body, headers)
        assert all(value.isascii() and value.isprintable() for value in answer.headers.values()), body
        if answer.status >= 400:
            assert "error" in answer.body or "detail" in answer.body
            json.loads(answer.body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
cells = json_values | st.sampled_from(["Dream", "nest"]) | st.floats(allow_nan=False, allow_infinity=False)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    instances=json_values | st.lists(st.fixed_dictionaries(dict.fromkeys(artifacts.BIRD, cells)), max_size=3)
)
@example(instances=[{**artifacts.BIRD, "bill": 1e308}])
def test_instances_of_any_shape(birds: Client, instances: Any) -> None:
    check(birds.post({"instances": instances}), instances)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.text(st.characters(), max_size=200), base64_encoded=st.booleans(), csv=st.booleans())
def test_any_text(birds: Client, text: str, *, base64_encoded: bool, csv: bool) -> None:
    headers = {"content-type": "text/csv" if csv else "application/json"}
    check(birds.send(text, headers=headers, isBase64Encoded=base64_encoded), text)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {
                "bill": st.none() | st.floats(allow_nan=False, allow_infinity=False),
                "mass": st.integers(-(2**63), 2**63 - 1),
                "tagged": st.booleans(),
                "island": st.text(max_size=20),
                "note": st.none() | st.text(max_size=20),
            }
        ),
        min_size=1,
        max_size=5,
    )
)
def test_rows_that_fit_the_schema_are_answered_unless_the_estimator_refuses(
    birds: Client, rows: list[dict[str, Any]]
) -> None:
    answer = birds.post({"instances": rows})
    check(answer, rows)
    if answer.status == 200:
        assert len(answer.json()["predictions"]) == len(rows)
    else:
        assert "float32" in answer.body or "surrogate" in answer.body, answer.body
