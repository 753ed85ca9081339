"""What a model says of its answers before it gives them: the metadata of protocol v2 and the OpenAPI document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from jsonschema import Draft202012Validator
from sklearn.cluster import KMeans
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.mixture import GaussianMixture
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC, LinearSVC

import skylayer
from serving import description, model
from serving.http import Request
from serving.protocols import inference, scoring

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROWS = 60
RANDOM = np.random.default_rng(0)
DATA = pd.DataFrame(RANDOM.normal(size=(ROWS, 3)), columns=["a", "b", "c"])
TWO = (DATA["a"] > 0).astype(int).rename("y")
THREE = pd.Series(np.array(["x", "y", "z"])[(DATA["a"] > 0).astype(int) + (DATA["b"] > 0)], name="y")
SEVERAL = pd.DataFrame({"two": TWO, "three": TWO + (DATA["b"] > 0)})
LABELS = pd.DataFrame({"p": TWO, "q": (DATA["b"] > 0).astype(int)})

KINDS: dict[str, tuple[Callable[[], Any], Any]] = {
    "two classes": (LogisticRegression, TWO),
    "booleans": (LogisticRegression, TWO.astype(bool)),
    "scores of two classes": (LinearSVC, TWO),
    "scores of three classes": (LinearSVC, THREE),
    "one against one": (lambda: SVC(decision_function_shape="ovo"), THREE),
    "several targets": (lambda: RandomForestClassifier(3, random_state=0), SEVERAL),
    "several labels": (lambda: MLPClassifier((3,), tol=10, random_state=0), LABELS),
    "a number": (LinearRegression, DATA["c"] * 2),
    "numbers": (LinearRegression, DATA[["a", "b"]] * 2),
    "clusters": (lambda: KMeans(3, n_init=1, random_state=0), None),
    "mixtures": (lambda: GaussianMixture(2, random_state=0), None),
    "outliers": (lambda: IsolationForest(n_estimators=5, random_state=0), None),
}


@pytest.fixture(scope="module", params=KINDS)
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> model.Model:
    make, target = KINDS[request.param]
    estimator = make().fit(DATA) if target is None else make().fit(DATA, target)
    directory: Path = tmp_path_factory.mktemp("models")
    return model.load(
        skylayer.package(estimator, DATA, target, name="model", directory=directory, proof_rows=50)
    )


def ask(loaded: model.Model, respond: Any, method: str, path: str, document: Any = None) -> Any:
    response = respond(Request(method, path, body=json.dumps(document).encode()), loaded)
    assert response.status == 200, response.body
    return json.loads(response.body)


def test_metadata_tells_what_inference_answers(loaded: model.Model) -> None:
    metadata = ask(loaded, inference.respond, "GET", "/v2/models/model")
    described = {each["name"]: each for each in metadata["outputs"]}
    for rows in (1, 7):
        data = DATA.head(rows).to_numpy().ravel().tolist()
        tensor = {"name": "rows", "datatype": "FP64", "shape": [rows, 3], "data": data}
        answer = ask(loaded, inference.respond, "POST", "/v2/models/model/infer", {"inputs": [tensor]})
        answered = {each["name"]: {**each, "shape": [-1, *each["shape"][1:]]} for each in answer["outputs"]}
        assert described == {
            name: {"name": name, "datatype": each["datatype"], "shape": each["shape"]}
            for name, each in answered.items()
        }


def test_the_document_takes_this_model_s_answers_and_no_others(loaded: model.Model) -> None:
    made = ask(loaded, description.openapi, "GET", "/openapi.json")

    def fits(schema: str, value: Any) -> bool:
        rooted = {"$ref": f"#/components/schemas/{schema}", "components": made["components"]}
        return bool(Draft202012Validator(rooted).is_valid(value))

    records = DATA.head(5).to_dict("records")
    answer = json.loads(json.dumps(loaded.predict_instances(records)))
    assert fits("Predictions", answer)
    for field in answer:
        assert not fits("Predictions", {name: value for name, value in answer.items() if name != field})
        if field not in {"model", "classes"}:
            assert not fits("Predictions", {**answer, field: [[[["no"]]]]})
    scored = ask(loaded, scoring.invocations, "POST", "/invocations", {"dataframe_records": records})
    assert fits("ScoringResponse", scored)
    assert fits("ModelMetadata", ask(loaded, inference.respond, "GET", "/v2/models/model"))
