"""What SageMaker's clients send to its scikit-learn container, and the shapes in which that answers.

The container's handlers read JSON, CSV without a header and NumPy's files into an array, and write predictions
alone: https://sagemaker.readthedocs.io/en/stable/frameworks/sklearn/using_sklearn.html#the-sagemaker-scikit-learn-model-server
"""

from __future__ import annotations

import base64
import io
import json
from typing import TYPE_CHECKING, Any

import artifacts
import numpy as np
import pandas as pd
import pytest
from conftest import Answer, Client, serve
from sklearn.linear_model import LinearRegression, LogisticRegression

import skylayer

if TYPE_CHECKING:
    from pathlib import Path

RANDOM = np.random.default_rng(0)
DATA = RANDOM.normal(size=(60, 3)).round(2)
LABELS = np.where(DATA[:, 0] > 0, "high", "low")
SOME = DATA[:7]
NPY, LINES = "application/x-npy", "application/jsonlines"


def file_of(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


class Served:
    """A model behind the real handler, and the estimator whose answers it must give."""

    def __init__(self, estimator: Any, target: Any, directory: Path) -> None:
        self.estimator = estimator.fit(DATA, target)
        self.client: Client = serve(
            skylayer.package(self.estimator, DATA, target, name="model", directory=directory)
        )
        self.predictions: list[Any] = self.estimator.predict(SOME).tolist()

    def ask(self, body: str | bytes, kind: str, accept: str | None = None) -> Answer:
        binary = isinstance(body, bytes)
        text = base64.b64encode(body).decode() if isinstance(body, bytes) else body
        headers = {"content-type": kind} | ({} if accept is None else {"accept": accept})
        return self.client.send(text, "/invocations", headers=headers, isBase64Encoded=binary)


@pytest.fixture(scope="module")
def levels(tmp_path_factory: pytest.TempPathFactory) -> Served:
    return Served(LogisticRegression(), LABELS, tmp_path_factory.mktemp("levels"))


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Served:
    return Served(LinearRegression(), DATA @ [1.0, 2.0, 3.0] + 4, tmp_path_factory.mktemp("prices"))


def csv_of(array: Any) -> str:
    """Rows of numbers as SageMaker's CSV serializer writes them: no header, no end of the last line."""
    return "\n".join(",".join(str(value) for value in row) for row in np.asarray(array).tolist())


SENT: dict[str, tuple[str | bytes, str]] = {
    "a bare list": (json.dumps(SOME.tolist()), "application/json"),
    "CSV without header": (csv_of(SOME), "text/csv"),
    "CSV, header=absent": (csv_of(SOME), "text/csv; header=absent"),
    "CSV in UTF-8": (csv_of(SOME), "text/csv; charset=utf-8"),
    "an array": (file_of(SOME), NPY),
    "an array in Fortran's order": (file_of(np.asfortranarray(SOME)), NPY),
    "JSON lines of lists": ("\n".join(json.dumps(row) for row in SOME.tolist()), LINES),
    "JSON lines of features": (
        "\n".join(json.dumps({"features": row}) for row in SOME.tolist()) + "\n",
        LINES,
    ),
    "JSON lines of objects": (
        "\n".join(json.dumps({"0": a, "1": b, "2": c, "id": 7}) for a, b, c in SOME.tolist()),
        LINES,
    ),
}


@pytest.mark.parametrize("sent", SENT)
@pytest.mark.parametrize("accept", [None, "*/*", "application/json"])
def test_rows_alone_get_predictions_alone(levels: Served, sent: str, accept: str | None) -> None:
    answer = levels.ask(*SENT[sent], accept)
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == levels.predictions


@pytest.mark.parametrize("sent", SENT)
def test_predictions_come_as_csv_without_a_header(levels: Served, sent: str) -> None:
    answer = levels.ask(*SENT[sent], "text/csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=absent"
    assert answer.body.splitlines() == levels.predictions


@pytest.mark.parametrize("sent", SENT)
def test_predictions_come_as_json_lines(prices: Served, sent: str) -> None:
    answer = prices.ask(*SENT[sent], LINES)
    assert answer.headers["content-type"] == LINES
    found = [json.loads(line) for line in answer.body.splitlines()]
    np.testing.assert_allclose(found, prices.predictions, rtol=1e-12)


@pytest.mark.parametrize("sent", SENT)
def test_predictions_come_as_an_array(levels: Served, prices: Served, sent: str) -> None:
    """As SageMaker's own predictor for scikit-learn asks for them."""
    for model in (levels, prices):
        answer = model.ask(*SENT[sent], NPY)
        assert answer.headers["content-type"] == NPY
        found = np.load(io.BytesIO(base64.b64decode(answer.body, validate=True)))
        assert found.shape == (len(SOME),)
        assert found.dtype.kind == np.asarray(model.predictions).dtype.kind
        if model is levels:
            assert found.tolist() == levels.predictions
        else:
            np.testing.assert_allclose(found, prices.predictions, rtol=1e-12)


def test_a_first_row_of_whole_numbers_is_no_header(prices: Served) -> None:
    body = "3,1,2\n0.5,1,1"
    expected = prices.estimator.predict([[3, 1, 2], [0.5, 1, 1]])
    np.testing.assert_allclose(prices.ask(body, "text/csv").json(), expected, rtol=1e-12)
    # Only 0, 1, 2 in this order are what pandas calls the columns of an array.
    named = prices.ask("0,1,2\n0.5,1,1", "text/csv").json()["predictions"]
    np.testing.assert_allclose(named, expected[1:], rtol=1e-12)
    told = prices.ask("0,1,2\n0.5,1,1", "text/csv; header=absent").json()
    np.testing.assert_allclose(told, prices.estimator.predict([[0, 1, 2], [0.5, 1, 1]]), rtol=1e-12)


def test_batch_transform_is_told_how_to_cut_a_file(levels: Served) -> None:
    answer = levels.client.send(None, "/execution-parameters", method="GET")
    assert answer.json() == {
        "MaxConcurrentTransforms": 1,
        "BatchStrategy": "MULTI_RECORD",
        "MaxPayloadInMB": 5,
    }


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        ("[1.5, 2.5, 3.5]", "application/json", "expected an object or an array of 3 values"),
        ("[]", "application/json", "no instances"),
        ("", LINES, "The body is empty"),
        ("[1,2,3]\n{", LINES, "not JSON"),
        (file_of(SOME[:, :2]), NPY, "must have the shape [rows, 3], not [7, 2]"),
        (file_of(SOME)[:-1], NPY, "promises 168 bytes"),
        (file_of(np.array([[np.inf, 1, 1]])), NPY, "0/0: x0: expected a number"),
        (file_of(np.array([[np.nan, 1, 1]])), NPY, "0/0: x0: expected a number"),
    ],
)
def test_what_is_no_row_is_refused(levels: Served, body: str | bytes, kind: str, words: str) -> None:
    answer = levels.ask(body, kind)
    assert (answer.status, words in answer.json()["message"]) == (400, True), answer.body


def test_columns_of_several_types_come_without_names(birds: Client) -> None:
    frame, _ = artifacts.birds()
    expected = birds.post({"instances": json.loads(frame.to_json(orient="records"))}).json()["predictions"]
    rows = frame.to_csv(index=False, header=False)
    answer = birds.send(rows, "/invocations", headers={"content-type": "text/csv"})
    assert answer.json() == expected
    numbers = rows.replace("True", "1").replace("False", "0")
    assert birds.send(numbers, "/invocations", headers={"content-type": "text/csv"}).json() == expected
    texts = file_of(
        np.array([["" if pd.isna(cell) else str(cell) for cell in row] for row in frame.to_numpy()])
    )
    body = base64.b64encode(texts).decode()
    array = birds.send(body, "/invocations", headers={"content-type": NPY}, isBase64Encoded=True)
    assert array.json() == expected
