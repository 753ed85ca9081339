"""PMML: native, and equal to what JPMML answered to 10,000 rows when the files were written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from record_pmml import NAMES, ROWS, rows

import skylayer
from skylayer.errors import UserError
from skylayer.formats.importing import import_model

HOME = Path(__file__).parent / "pmml"
ANSWERS = dict(np.load(HOME / "pmml.npz"))
CLASSES: dict[str, list[Any]] = {
    "tree-of-two": ["no", "yes"], "forest-of-three": [0, 1, 2], "boosted-two": ["no", "yes"],
    "boosted-three": [0, 1, 2], "logistic-two": ["no", "yes"], "logistic-three": [0, 1, 2],
}  # fmt: skip


def bring(path: Path, home: Path, **options: Any) -> Any:
    settings: dict[str, Any] = {"trust": None, "sample": None, "name": None, "proof_rows": 600}
    folder = import_model(path, directory=home / "artifacts", progress=lambda _: None, **settings | options)
    return skylayer.open(folder)


@pytest.mark.parametrize("name", [name for name in ANSWERS if " " not in name])
def test_pmml_is_native_and_answers_as_jpmml_did(name: str, tmp_path: Path) -> None:
    sample = tmp_path / "rows.csv"
    rows(300, 2).to_csv(sample, index=False)
    model = bring(HOME / f"{name}.pmml", tmp_path, sample=sample)
    manifest = model.manifest
    assert (manifest["engine"], list(manifest["engines"])) == ("native", ["native"])
    assert manifest["training"]["imported"]["format"] == "pmml"
    columns = [column["name"] for column in manifest["input"]["columns"]]
    got = model.predict(rows(ROWS, 1)[columns].to_dict("records"))
    numbers = np.asarray(got["probabilities" if name in CLASSES else "predictions"])
    np.testing.assert_allclose(
        numbers[::10].reshape(ANSWERS[name].shape), ANSWERS[name], rtol=1e-12, atol=1e-12
    )
    sums = numbers.reshape(100, 100, -1).sum(axis=1)
    np.testing.assert_allclose(sums, ANSWERS[f"{name} sums"], rtol=1e-12, atol=1e-10)
    if name in CLASSES:
        assert manifest["output"]["classes"] == CLASSES[name]
        labels = [CLASSES[name].index(label) for label in got["predictions"]]
        assert labels == ANSWERS[f"{name} labels"].tolist()


def test_columns_kinds_and_categories_come_from_the_file(tmp_path: Path) -> None:
    model = bring(HOME / "linear-category.pmml", tmp_path)
    columns = {column["name"]: column for column in model.manifest["input"]["columns"]}
    assert list(columns) == ["length", "mass", "island"]
    assert [column["kind"] for column in columns.values()] == ["number", "number", "category"]
    assert sorted(columns["island"]["categories"]) == ["elsewhere", "here", "there"]
    with pytest.raises(Exception, match="unknown category"):
        model.predict([{"length": 1.0, "mass": 1.0, "island": "nowhere"}])
    with pytest.raises(Exception, match=r"null|missing"):
        model.predict([{"length": None, "mass": 1.0, "island": "here"}])


def test_a_sample_must_have_the_columns(tmp_path: Path) -> None:
    sample = tmp_path / "rows.csv"
    rows(20, 0)[NAMES[:2]].to_csv(sample, index=False)
    with pytest.raises(UserError, match="lacks the columns mass, year, which the model was fitted on"):
        bring(HOME / "linear.pmml", tmp_path, sample=sample)


def test_what_cannot_be_served_is_said_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "model.pmml"
    whole = (HOME / "forest-of-three.pmml").read_text()
    for content, match in (
        (whole.replace("average", "majorityVote"), "it joins its models by majorityVote"),
        (whole[: len(whole) // 2], "is cut off or damaged: unclosed token"),
        ('<!DOCTYPE a [<!ENTITY b "c">]>' + whole[whole.index("<PMML") :], "document type"),
        (whole.replace("MiningModel", "NeuralNetwork"), "it holds no model"),
    ):
        path.write_text(content)
        with pytest.raises(UserError, match=match) as refusal:
            bring(path, tmp_path)
        assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("encoding", ["UTe-8", "rot13", "base64"])
def test_an_encoding_that_there_is_not_is_damaged(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "model.pmml"
    path.write_text(
        f'<?xml version="1.0" encoding="{encoding}"?>\n<PMML version="4.4"></PMML>\n', encoding="ascii"
    )
    with pytest.raises(UserError, match="cut off or damaged"):
        import_model(path, trust=None, sample=None, name=None, directory=tmp_path, progress=lambda _: None)
