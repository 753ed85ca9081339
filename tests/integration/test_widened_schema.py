"""The schema takes what the estimator takes: answers to what training never had are the estimator's own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from conftest import Client, serve
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import skylayer
from serving import artifact, engines
from serving.model import Model
from skylayer.artifact.engines import choose as choose_engines
from skylayer.errors import UserError
from skylayer.train import pipeline

if TYPE_CHECKING:
    from pathlib import Path

    from skylayer.artifact.engines import Engines, FittedModel

RANDOM = np.random.default_rng(0)
FRAME = pd.DataFrame({
    "area": RANDOM.normal(90, 20, 80).round(1),
    "rooms": RANDOM.integers(1, 6, 80),
    "lift": RANDOM.random(80) < 0.5,
    "town": RANDOM.choice(["Bern", "Basel"], 80),
})  # fmt: skip
KINDS = np.where(FRAME["area"] * 3 + FRAME["rooms"] > 270, "dear", "cheap")
FULL = {"area": 91.5, "rooms": 3, "lift": True, "town": "Bern"}
# What training had none of, one at a time and all at once.
NEW: list[dict[str, Any]] = [
    {"area": None}, {"rooms": None}, {"lift": None}, {"town": None}, {"rooms": 2.5}, {"town": "Chur"},
    {"area": None, "rooms": None, "lift": None, "town": None}, {"rooms": 2.5, "town": None},
]  # fmt: skip


def estimator(*, imputed: bool) -> Any:
    texts = [SimpleImputer(strategy="most_frequent")] if imputed else []
    numbers = [SimpleImputer()] if imputed else []
    columns = make_column_transformer(
        (make_pipeline(*texts, OneHotEncoder(handle_unknown="ignore")), ["town"]),
        (make_pipeline(*numbers, StandardScaler()), ["area", "rooms"]),
        ("passthrough", ["lift"]),
    )
    last = RandomForestClassifier(7, random_state=0) if imputed else LogisticRegression()
    return make_pipeline(columns, last).fit(FRAME, KINDS)


def packaged(fitted: Any, directory: Path, **more: Any) -> Path:
    return skylayer.package(fitted, FRAME, KINDS, name="homes", directory=directory, **more)


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Client, Any, Path]:
    fitted = estimator(imputed=True)
    folder = packaged(fitted, tmp_path_factory.mktemp("homes"))
    return serve(folder), fitted, folder


@pytest.mark.parametrize("engine", ["native", "sklearn"])
def test_what_training_never_had_is_answered_as_by_the_estimator(
    homes: tuple[Client, Any, Path], engine: str
) -> None:
    _, fitted, folder = homes
    manifest = artifact.read_manifest(str(folder))
    assert manifest["engine"] == "native"
    manifest["engine"] = engine
    loaded = Model(str(folder), manifest, engines.load(str(folder), manifest))
    rows = [FULL | new for new in NEW]
    frame = pd.DataFrame(rows).astype({"town": "str"})
    expected = fitted.predict_proba(frame)
    np.testing.assert_allclose(loaded.predict_instances(rows)["probabilities"], expected, atol=1e-12)
    for row, alone in zip(rows, expected, strict=True):
        np.testing.assert_allclose(loaded.predict_instances([row])["probabilities"], [alone], atol=1e-12)


def test_the_manifest_and_the_document_say_what_is_taken(homes: tuple[Client, Any, Path]) -> None:
    client, _, folder = homes
    columns = {column["name"]: column for column in artifact.read_manifest(str(folder))["input"]["columns"]}
    assert columns["rooms"]["widened"] == ["missing", "fraction"]
    assert [name for name, column in columns.items() if column["nullable"]] == [*FULL]
    document = client.send(None, "/openapi.json", "GET").json()
    properties = document["components"]["schemas"]["Instance"]["properties"]
    assert properties["rooms"]["type"] == ["number", "null"]


def test_a_table_still_has_every_column_that_training_had_whole(homes: tuple[Client, Any, Path]) -> None:
    client, _, _ = homes
    assert client.post_csv("area,rooms,lift,town\n91.5,,true,NA\n").status == 200
    answer = client.post_csv("area,rooms,lift\n91.5,3,true\n")
    assert (answer.status, [*answer.problems()]) == (422, ["/instances/0/town"])
    assert client.post_csv("area,rooms,lift,town\n91.5,3\n").status == 400


def test_an_estimator_that_refuses_is_not_asked_by_a_request(tmp_path: Path) -> None:
    client = serve(packaged(estimator(imputed=False), tmp_path))
    for name in ("area", "rooms", "lift"):
        answer = client.post({"instances": [FULL | {name: None}]})
        assert (answer.status, [*answer.problems()]) == (422, [f"/instances/0/{name}"])
    assert client.post({"instances": [FULL | {"rooms": 2.5}]}).status == 200


@pytest.mark.parametrize(
    ("strict", "refused"),
    [(True, ["area", "rooms", "lift", "town"]), (["rooms", "town"], ["rooms", "town"])],
)
def test_the_owner_may_keep_columns_strict(tmp_path: Path, strict: Any, refused: list[str]) -> None:
    client = serve(packaged(estimator(imputed=True), tmp_path, strict=strict))
    nulls = {name for name in FULL if client.post({"instances": [FULL | {name: None}]}).status == 422}
    assert nulls == set(refused)
    assert client.post({"instances": [FULL | {"rooms": 2.5}]}).status == 422


def test_a_strict_column_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="STRICT names 'romms', which is no column"):
        packaged(estimator(imputed=True), tmp_path, strict=["romms"])


def test_strict_is_read_from_the_pipeline(tmp_path: Path) -> None:
    source = "def load_data(): return [[1.0]]\ndef build_estimator(): return 1\n"
    (tmp_path / "training").mkdir()
    (tmp_path / "training" / "__init__.py").touch()
    path = tmp_path / "training" / "pipeline.py"
    for line, strict in (("", False), ("STRICT = True\n", True), ('STRICT = ["a"]\n', ("a",))):
        path.write_text(source + line)
        assert pipeline.load(tmp_path).strict == strict
        path.unlink()
    path.write_text(source + "STRICT = 3\n")
    with pytest.raises(UserError, match=r"STRICT in training/pipeline\.py is 3"):
        pipeline.load(tmp_path)


def test_no_value_costs_an_estimator_its_native_engine(tmp_path: Path) -> None:
    """Where what is new doesn't compile, the schema stays as narrow as it must."""
    asked: list[list[str]] = []

    def choose(model: FittedModel) -> Engines:
        asked.append([what for column in model.schema.columns for what in column.widened or ()])
        chosen = choose_engines(model)
        return chosen.without_native("it is what the test says") if "fraction" in asked[-1] else chosen

    folder = packaged(estimator(imputed=True), tmp_path, choose=choose)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["engine"] == "native"
    assert [column.get("widened") for column in manifest["input"]["columns"]] == [["missing"]] * 4
    assert [len(new) for new in asked] == [5, 4]
