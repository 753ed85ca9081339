"""What MLflow's own tests send to its scoring server, situation by situation, and what is answered here.

https://github.com/mlflow/mlflow/blob/master/tests/pyfunc/test_scoring_server.py
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import artifacts
import numpy as np
import pandas as pd
import pytest
from conftest import Answer, Client, serve
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

import skylayer

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 12
RANDOM = np.random.default_rng(0)
# Two measurements of flowers, as an array without names: what most of MLflow's situations are about.
FLOWERS = RANDOM.normal(5, 1, (60, 2)).round(1)
KINDS = RANDOM.integers(0, 3, 60)
SOME = FLOWERS[:ROWS]
# What pandas calls the columns of a data frame that is made of an array.
UNNAMED = pd.DataFrame(SOME)
EVERY_TYPE = pd.DataFrame({
    "boolean": RANDOM.random(60) < 0.5,
    "integer": RANDOM.integers(-9, 9, 60, dtype=np.int32),
    "double": RANDOM.normal(size=60),
    "string": RANDOM.choice(["a", "b", "c"], 60),
    "datetime": pd.date_range("2021-01-01", periods=60, freq="37D").strftime("%Y-%m-%d %H:%M:%S"),
})  # fmt: skip
POSTED = pd.DataFrame({
    "zip": RANDOM.choice(["95120", "95128"], 60),
    "cost": RANDOM.normal(20, 5, 60).round(2),
    "count": RANDOM.integers(-8, 1000, 60),
})  # fmt: skip


class Served:
    """A model behind the real handler, and the estimator whose answers it must give."""

    def __init__(self, estimator: Any, data: Any, directory: Path) -> None:
        self.estimator = estimator.fit(data, KINDS)
        folder = skylayer.package(self.estimator, data, KINDS, name="model", directory=directory)
        self.client: Client = serve(folder)

    def ask(self, body: Any, kind: str = "application/json") -> Answer:
        text = body if isinstance(body, str) else json.dumps(body)
        return self.client.send(text, "/invocations", headers={"content-type": kind})


@pytest.fixture(scope="module")
def flowers(tmp_path_factory: pytest.TempPathFactory) -> Served:
    return Served(KNeighborsClassifier(), FLOWERS, tmp_path_factory.mktemp("flowers"))


@pytest.fixture(scope="module")
def every_type(tmp_path_factory: pytest.TempPathFactory) -> Served:
    columns = make_column_transformer(
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), ["string", "datetime"]),
        remainder="passthrough",
    )
    estimator = make_pipeline(columns, RandomForestClassifier(5, random_state=0))
    return Served(estimator, EVERY_TYPE, tmp_path_factory.mktemp("types"))


@pytest.fixture(scope="module")
def posted(tmp_path_factory: pytest.TempPathFactory) -> Served:
    columns = make_column_transformer((OrdinalEncoder(), ["zip"]), remainder="passthrough")
    estimator = make_pipeline(columns, RandomForestClassifier(5, random_state=0))
    return Served(estimator, POSTED, tmp_path_factory.mktemp("posted"))


def split(frame: pd.DataFrame) -> dict[str, Any]:
    """A frame as pandas' orientation `split`, through JSON: whole numbers stay names."""
    found: dict[str, Any] = json.loads(json.dumps(frame.to_dict(orient="split"), default=str))
    return found


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(json.dumps(frame.to_dict(orient="records"), default=str))
    return found


def columns(frame: pd.DataFrame) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = json.loads(json.dumps(frame.to_dict(orient="list"), default=str))
    return found


ANSWERED = {
    "records of an unnamed frame": ({"dataframe_records": records(UNNAMED)}, "application/json"),
    "records, charset=UTF-8": ({"dataframe_records": records(UNNAMED)}, "application/json; charset=UTF-8"),
    "split of an unnamed frame": ({"dataframe_split": split(UNNAMED)}, "application/json"),
    "split, charset=UTF-8": ({"dataframe_split": split(UNNAMED)}, "application/json; charset=UTF-8"),
    "instances of TensorFlow Serving": ({"instances": SOME.tolist()}, "application/json"),
    "its signature_name": (
        {"signature_name": "serving_default", "instances": SOME.tolist()},
        "application/json",
    ),
    "inputs as a matrix": ({"inputs": SOME.tolist()}, "application/json"),
    "inputs by position": ({"inputs": columns(UNNAMED)}, "application/json"),
    "a parameter that the model doesn't have": (
        {"dataframe_split": split(UNNAMED), "params": {"invalid_param": "value"}},
        "application/json",
    ),
    "CSV of an unnamed frame": (UNNAMED.to_csv(index=False), "text/csv"),
    "CSV of an unnamed frame with its index": (UNNAMED.to_csv(), "text/csv"),
}


@pytest.mark.parametrize("situation", ANSWERED)
def test_a_model_of_an_array_answers_what_mlflow_answers(flowers: Served, situation: str) -> None:
    answer = flowers.ask(*ANSWERED[situation])
    assert answer.status == 200, answer.body
    assert answer.json() == {"predictions": flowers.estimator.predict(SOME).tolist()}


def test_what_had_no_effect_is_told(flowers: Served) -> None:
    told = {
        "signature_name": flowers.ask(*ANSWERED["its signature_name"]).headers["ignored-members"],
        "params": flowers.ask(*ANSWERED["a parameter that the model doesn't have"]).headers[
            "ignored-members"
        ],
        "index": flowers.ask(*ANSWERED["CSV of an unnamed frame with its index"]).headers["ignored-columns"],
    }
    assert told == {"signature_name": '"signature_name"', "params": '"params.invalid_param"', "index": '""'}
    assert not [name for name in flowers.ask(*ANSWERED["inputs as a matrix"]).headers if "ignored" in name]


TYPED: dict[str, tuple[Any, str]] = {
    "split, columns in any order": (
        {"dataframe_split": split(EVERY_TYPE[:ROWS][EVERY_TYPE.columns[::-1]])},
        "application/json",
    ),
    "records": ({"dataframe_records": records(EVERY_TYPE[:ROWS])}, "application/json"),
    "inputs by column": ({"inputs": columns(EVERY_TYPE[:ROWS])}, "application/json"),
    "records with booleans as 0 and 1": (
        {
            "dataframe_records": records(
                EVERY_TYPE[:ROWS].assign(boolean=EVERY_TYPE["boolean"][:ROWS].astype(float))
            )
        },
        "application/json",
    ),
    "CSV": (EVERY_TYPE[:ROWS].to_csv(index=False), "text/csv"),
    "CSV of booleans as 0 and 1": (
        EVERY_TYPE[:ROWS].assign(boolean=EVERY_TYPE["boolean"][:ROWS].astype(int)).to_csv(index=False),
        "text/csv",
    ),
}


@pytest.mark.parametrize("situation", TYPED)
def test_every_type_comes_in_every_format(every_type: Served, situation: str) -> None:
    answer = every_type.ask(*TYPED[situation])
    assert answer.status == 200, answer.body
    assert answer.json()["predictions"] == every_type.estimator.predict(EVERY_TYPE[:ROWS]).tolist()


@pytest.mark.parametrize("shape", ["records", "split with an index"])
def test_a_code_of_digits_stays_a_text(posted: Served, shape: str) -> None:
    some = POSTED[:ROWS]
    body = {"dataframe_records": records(some)} if shape == "records" else {"dataframe_split": split(some)}
    assert posted.ask(body).json()["predictions"] == posted.estimator.predict(some).tolist()


def test_a_path_is_no_more_than_a_text(tmp_path: Path) -> None:
    texts = ["http://foo.com", "https://bar.com", "aaa://bbb", "address:/path"] * 15
    model = Served(make_pipeline(CountVectorizer(), KNeighborsClassifier(1)), texts, tmp_path)
    answer = model.ask({"dataframe_split": split(pd.DataFrame(texts[:4]))})
    assert answer.json()["predictions"] == model.estimator.predict(texts[:4]).tolist()


WRONG_INDEX = {"dataframe_split": {"index": [1, 2], "data": [[1], [2], [3]]}}
REFUSED: dict[str, tuple[Any, str, int, str]] = {
    "no JSON": ("this is,,,, not valid json", "application/json", 400, "not JSON"),
    "a number": ("1", "application/json", 400, "must be rows, or an object with one of dataframe_split"),
    "a text": ('"1"', "application/json", 400, "must be rows, or an object with one of dataframe_split"),
    "a list of a number": ("[1]", "application/json", 400, "expected an object or an array of 2 values"),
    "another member": ({"not": "a serialized dataframe"}, "application/json", 400, "exactly one of"),
    "two formats": (
        {"dataframe_records": [], "dataframe_split": {"data": []}},
        "application/json",
        400,
        "exactly one of",
    ),
    "records that are a split": (
        {"dataframe_records": split(UNNAMED)},
        "application/json",
        400,
        "must be a list",
    ),
    "a split that is records": (
        {"dataframe_split": records(UNNAMED)},
        "application/json",
        400,
        "dataframe_split must be",
    ),
    "an index of another length": (WRONG_INDEX, "application/json", 400, "index has 2 values, data 3 rows"),
    "a frame of one column": (
        {"dataframe_split": split(pd.DataFrame(np.arange(10)))},
        "application/json",
        400,
        "x1: expected a number, got no such column",
    ),
    "empty CSV": ("", "text/csv", 400, "The body is empty"),
    "another media type": (split(UNNAMED), "not_a_supported_content_type", 415, "can't be read"),
    # MLflow refuses the unknown parameter of the media type (415); what is refused here is the body below it.
    "an unknown parameter of the media type": (
        split(UNNAMED),
        "application/json; something=something",
        400,
        "exactly one of",
    ),
    # MLflow answers these three, by another number than was sent; see docs/call.md.
    "a fraction in a column of integers": (
        {"dataframe_records": [{**records(EVERY_TYPE[:1])[0], "integer": 9007199254740991.5}]},
        "application/json",
        400,
        "integer: expected",
    ),
    "a number in a column of texts": (
        {"dataframe_records": [{**records(EVERY_TYPE[:1])[0], "string": 1}]},
        "application/json",
        400,
        "send it in quotes",
    ),
    "a number and a text in a column of booleans": (
        {"dataframe_records": [{**records(EVERY_TYPE[:1])[0], "boolean": each} for each in (1.5, "some")]},
        "application/json",
        400,
        "boolean: expected true or false",
    ),
}


@pytest.mark.parametrize("situation", REFUSED)
def test_what_is_refused_says_why(flowers: Served, every_type: Served, situation: str) -> None:
    body, kind, status, words = REFUSED[situation]
    asked = every_type if situation.startswith(("a fraction", "a number in", "a number and")) else flowers
    answer = asked.ask(body, kind)
    assert (answer.status, answer.json()["error_code"]) == (status, "BAD_REQUEST")
    assert words in answer.json()["message"]


def test_a_tensor_in_each_of_several_columns_is_refused(flowers: Served) -> None:
    """A network of two inputs takes them; an estimator of scikit-learn takes one table."""
    pairs = [{"0": row.tolist(), "1": row.tolist()} for row in SOME]
    answer = flowers.ask({"instances": pairs})
    assert answer.status == 400
    assert "0/0: x0: expected a number, got an array" in answer.json()["message"]


@pytest.mark.parametrize(
    ("method", "asked"),
    [("predict_proba", "predict_proba"), ("predict", "predict")],
)
def test_a_method_of_the_estimator_may_be_asked_for(flowers: Served, method: str, asked: str) -> None:
    answer = flowers.ask({"instances": SOME.tolist(), "params": {"predict_method": method}})
    assert answer.json()["predictions"] == getattr(flowers.estimator, asked)(SOME).tolist()
    assert "ignored-members" not in answer.headers


def test_predict_refuses_what_mlflow_s_clients_send_beside_the_rows(flowers: Served) -> None:
    body = {"instances": [[5.1, 3.5]], "params": {}}
    refused = flowers.client.post(body)
    assert (refused.status, [*refused.problems()]) == (422, ["/params"])
    answer = flowers.client.send(json.dumps(body), queryStringParameters={"extra": "ignore"})
    assert (answer.status, answer.headers["ignored-members"]) == (200, '"params"')


def test_the_birds_have_an_id(birds: Client) -> None:
    row = {"id": 7, **artifacts.BIRD}
    refused = birds.post({"instances": [row]})
    assert refused.status == 422
    assert refused.problems()["/instances/0/id"].startswith('"id": expected only columns of the model')
    taken = birds.send(json.dumps({"instances": [row]}), queryStringParameters={"extra": "ignore"})
    assert (taken.status, taken.headers["ignored-columns"]) == (200, '"id"')
    assert taken.json() == birds.post({"instances": [artifacts.BIRD]}).json()
    other = birds.send(json.dumps({"instances": [row]}), queryStringParameters={"extra": "maybe"})
    assert (other.status, other.json()["detail"]) == (400, "extra must be refuse or ignore, not 'maybe'.")
