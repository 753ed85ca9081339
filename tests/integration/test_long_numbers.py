"""A number of a client in every place of every request: no 5xx, and no message as long as the number."""

from __future__ import annotations

import base64
import io
import json
import re
from typing import TYPE_CHECKING, Any

import artifacts
import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Client

# Python's own limit is 4,300 digits, for reading and for writing; the product of two such numbers is beyond it.
LENGTHS = (30, 400, 401, 4300, 4301)
PLACEHOLDER = "the long number"
LONGEST_ANSWER = 2_000

ROW = dict(artifacts.BIRD)
TENSORS = [
    {"name": "bill", "shape": [1], "datatype": "FP64", "data": [39.1]},
    {"name": "mass", "shape": [1, 1], "datatype": "INT64", "data": [[3750]]},
    {"name": "tagged", "shape": [1], "datatype": "BOOL", "data": [True]},
    {"name": "island", "shape": [1], "datatype": "BYTES", "data": ["Dream"]},
    {"name": "note", "shape": [1], "datatype": "BYTES", "data": ["nest"]},
]
MATRIX = [{"name": "rows", "shape": [1, 5], "datatype": "FP64", "data": [1, 2, 3, 4, 5]}]
BODIES: dict[str, tuple[str, Any]] = {
    "predict": ("/predict", {"instances": [ROW, list(ROW.values())]}),
    "tensors": (
        "/v2/models/birds/infer",
        {"id": "1", "parameters": {"a": 1}, "inputs": TENSORS, "outputs": [{"name": "predictions"}]},
    ),
    "matrix": ("/v2/models/birds/infer", {"inputs": MATRIX}),
    "no rows": ("/v2/models/birds/infer", {"inputs": [{**MATRIX[0], "shape": [0, 5], "data": []}]}),
    "records": ("/invocations", {"dataframe_records": [ROW], "params": {}}),
    "split": ("/invocations", {"dataframe_split": {"columns": [*ROW], "data": [[*ROW.values()]]}}),
    "instances": ("/invocations", {"instances": [ROW]}),
    "columns": ("/invocations", {"inputs": {name: [value] for name, value in ROW.items()}}),
    "bare": ("/invocations", [[*ROW.values()], ROW]),
    "v1": ("/v1/models/birds:predict", {"instances": [ROW], "signature_name": "a", "warnings": True}),
}
# A line of JSON each.
LINES = [[*ROW.values()], ROW, {"features": [*ROW.values()]}]


def replaced(value: Any) -> Iterator[Any]:
    """The value with a long number, or a list or object of them, in the place of each of its parts in turn."""
    yield from (
        PLACEHOLDER,
        [PLACEHOLDER],
        [PLACEHOLDER, PLACEHOLDER],
        [0, PLACEHOLDER],
        [PLACEHOLDER, 0],
        {"a": PLACEHOLDER},
    )
    if isinstance(value, list):
        for index, part in enumerate(value):
            yield from ([*value[:index], other, *value[index + 1 :]] for other in replaced(part))
    if isinstance(value, dict):
        for name, part in value.items():
            yield from ({**value, name: other} for other in replaced(part))


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("body", BODIES)
def test_a_long_number_anywhere_is_no_failure_and_no_long_message(
    birds: Client, body: str, sign: str, length: int
) -> None:
    path, document = BODIES[body]
    for made in replaced(document):
        text = json.dumps(made).replace(f'"{PLACEHOLDER}"', sign + "9" * length)
        answer = birds.send(text, path)
        assert answer.status < 500, (answer.body, made)
        if answer.status >= 400:
            assert len(answer.body) < LONGEST_ANSWER, (answer.body, made)


@pytest.mark.parametrize("length", LENGTHS)
def test_a_long_number_in_a_line_is_no_failure_and_no_long_message(birds: Client, length: int) -> None:
    for line in LINES:
        for made in replaced(line):
            text = json.dumps(made).replace(f'"{PLACEHOLDER}"', "9" * length)
            body = f"{json.dumps(line)}\n{text}\n"
            answer = birds.send(body, "/invocations", headers={"content-type": "application/jsonlines"})
            assert answer.status < 500, (answer.body, made)
            if answer.status >= 400:
                assert len(answer.body) < LONGEST_ANSWER, (answer.body, made)


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("place", ["shape", "letters", "values"])
def test_a_long_number_in_an_array_is_no_failure_and_no_long_message(
    birds: Client, place: str, length: int
) -> None:
    file = io.BytesIO()
    long = "9" * length
    np.save(file, np.array([[*map(str, ROW.values())]] if place != "values" else [[long] * len(ROW)]))
    body = file.getvalue()
    if place == "shape":
        body = body.replace(b"(1, 5)", f"({long}, 5)".encode())
    if place == "letters":
        body = re.sub(rb"<U\d+", f"<U{long}".encode(), body)
    text = base64.b64encode(body).decode()
    headers = {"content-type": "application/x-npy"}
    answer = birds.send(text, "/invocations", headers=headers, isBase64Encoded=True)
    assert answer.status < 500, answer.body
    assert len(answer.body) < LONGEST_ANSWER, answer.body


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize(
    "headers",
    ["accept", "content-type", "content-encoding", "x-request-id", "inference-header-content-length"],
)
def test_a_long_number_in_a_header_or_query_is_no_failure_and_no_long_message(
    birds: Client, headers: str, length: int
) -> None:
    body = json.dumps({"instances": [ROW]})
    for path in ("/predict", "/invocations", "/v2/models/birds/infer"):
        sent = {"content-type": "application/json", headers: "9" * length}
        for query in (None, {"extra": "9" * length}):
            answer = birds.send(body, path, headers=sent, queryStringParameters=query)
            assert answer.status < 500, answer.body
            assert len(answer.body) < LONGEST_ANSWER, answer.body


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("path", ["/predict", "/invocations"])
def test_a_long_number_in_a_cell_is_no_failure_and_no_long_message(
    birds: Client, path: str, length: int
) -> None:
    for name in ROW:
        cells = [str("9" * length if name == other else value) for other, value in ROW.items()]
        table = f"{','.join(ROW)}\n{','.join(cells)}\n"
        answer = birds.send(table, path, headers={"content-type": "text/csv"})
        assert answer.status < 500, answer.body
        if answer.status >= 400:
            assert len(answer.body) < LONGEST_ANSWER, answer.body
