"""What a model says of its answers before it gives them: the metadata of protocol v2 and the OpenAPI document."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
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
from web import KEY, served

import skylayer
from serving import description, model
from serving.http import Request
from serving.protocols import inference, scoring

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEMATHESIS = Path(__file__).parents[1] / "e2e" / "schemathesis.toml"
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


def packaged(kind: str, directory: Path) -> Path:
    make, target = KINDS[kind]
    estimator = make().fit(DATA) if target is None else make().fit(DATA, target)
    return skylayer.package(estimator, DATA, target, name="model", directory=directory, proof_rows=50)


@pytest.fixture(scope="module", params=KINDS)
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> model.Model:
    return model.load(packaged(request.param, tmp_path_factory.mktemp("models")))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["numbers", "clusters"])
def test_an_api_of_numbers_keeps_what_its_document_says(kind: str, tmp_path: Path) -> None:
    folder = packaged(kind, tmp_path / "models")
    with served(folder) as url:
        command = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(SCHEMATHESIS)]
        command += ["run", f"{url}openapi.json", "--url", url.rstrip("/"), "--header", f"x-api-key: {KEY}"]
        command += ["--phases", "examples,coverage,fuzzing", "--checks", "all", "--max-examples", "5"]
        command += ["--exclude-checks", "unsupported_method", "--seed", "1", "--suppress-health-check", "all"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]


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
