"""Predictions are read back from each form that a response has."""

from __future__ import annotations

import json
from typing import Any

import pytest

from serving import csv_body, npy
from serving.answered import fields_of
from serving.http import Response, json_response

CLASSES = {"classes": ["a", "b"]}
ANSWER = {"predictions": ["a", "b"], "probabilities": [[0.75, 0.25], [0.5, 0.5]], **CLASSES}


def response(kind: str, body: str | bytes) -> Response:
    return Response(200, {"content-type": kind}, body)


def table(answer: dict[str, Any], fields: list[str], targets: list[str], *, header: bool) -> Response:
    kind = f"text/csv; charset=utf-8; header={'present' if header else 'absent'}"
    return response(kind, csv_body.write(answer, fields, targets, header=header))


def tensors(*outputs: tuple[str, list[int], list[Any]]) -> Response:
    named = [{"name": name, "datatype": "x", "shape": shape, "data": data} for name, shape, data in outputs]
    return json_response({"model_name": "m", "model_version": "v", "outputs": named})


PROBABILITIES = ("probabilities", [2, 2], [0.75, 0.25, 0.5, 0.5])
NESTED = {
    "predictions": [["a", 1.0], ["b,\n\u2028", None]],
    "probabilities": [[[1.0], [0.5, 0.5]], [[0.0], [0.25, 0.75]]],
}


@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        (
            json_response({**ANSWER, "model": {"name": "m"}}),
            {"predictions": ["a", "b"], "probabilities": ANSWER["probabilities"]},
        ),
        (json_response(["a", "b"]), {"predictions": ["a", "b"]}),
        (
            tensors(("predictions", [2], ["a", "b"]), PROBABILITIES),
            {"predictions": ["a", "b"], "probabilities": ANSWER["probabilities"]},
        ),
        (tensors(PROBABILITIES), {"predictions": ANSWER["probabilities"]}),
        (response("application/jsonlines", '"a"\n"b"\n'), {"predictions": ["a", "b"]}),
        (response(npy.MEDIA_TYPE, npy.write([1.5, None])), {"predictions": [1.5, None]}),
        (response(npy.MEDIA_TYPE, npy.write([[1, 2], [3, 4]])), {"predictions": [[1, 2], [3, 4]]}),
        (
            table(ANSWER, ["predictions", "probabilities"], ["t"], header=True),
            {"predictions": [["a"], ["b"]], "probability_a": [0.75, 0.5], "probability_b": [0.25, 0.5]},
        ),
        (table(ANSWER, ["predictions"], ["t"], header=False), {"predictions": [["a"], ["b"]]}),
        (
            table(NESTED, ["predictions", "probabilities"], ["t", "u"], header=True),
            {
                "predictions": [["a", 1.0], ["b,\n\u2028", None]],
                "probability_t_0": [1.0, 0.0],
                "probability_u_0": [0.5, 0.25],
                "probability_u_1": [0.5, 0.75],
            },
        ),
        (
            table(ANSWER, ["probabilities"], ["t"], header=True),
            {"predictions": [[0.75, 0.25], [0.5, 0.5]]},
        ),
    ],
    ids=[
        "predict", "bare", "tensors", "one tensor", "lines", "array", "matrix", "table", "no header", "several",
        "asked",
    ],
)  # fmt: skip
def test_each_form_is_read(sent: Response, fields: dict[str, list[Any]]) -> None:
    assert fields_of(sent) == fields


@pytest.mark.parametrize(
    "sent",
    [json_response({"title": "an error"}), response("text/html", "<p>"), response("application/json", "{")],
    ids=["a problem", "a page", "no document"],
)
def test_what_holds_no_predictions_is_refused(sent: Response) -> None:
    with pytest.raises(ValueError, match=r"no predictions|Expecting"):
        fields_of(sent)


def test_a_number_is_a_number_in_any_form() -> None:
    rows = [0.1 + 0.2, -5e-324]
    forms = [
        json_response(rows),
        response(npy.MEDIA_TYPE, npy.write(rows)),
        tensors(("predictions", [2], rows)),
    ]
    lines = "".join(f"{json.dumps(row)}\n" for row in rows)
    assert [fields_of(each) for each in [*forms, response("application/jsonlines", lines)]] == [
        {"predictions": rows}
    ] * 4
    assert fields_of(table({"predictions": rows}, ["predictions"], [], header=True)) == {
        "predictions": [[row] for row in rows]
    }
