"""CatBoost's files: native, and equal to what CatBoost itself answered to 10,000 rows when the files were written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from record_catboost import BINARY, ROWS, rows

import skylayer
from skylayer.errors import UserError
from skylayer.formats.importing import import_model

HOME = Path(__file__).parent / "boosters"
ANSWERS = dict(np.load(HOME / "catboost.npz"))
CLASSES: dict[str, list[Any]] = {
    "two": ["no", "yes"], "three": [0, 1, 2], "one-against-all": [0, 1, 2], "booleans": [False, True]
}  # fmt: skip
NAMES = ["length", "depth", "mass", "year"]


def bring(path: Path, home: Path, **options: Any) -> Any:
    settings: dict[str, Any] = {"trust": None, "sample": None, "name": None, "proof_rows": 600}
    folder = import_model(path, directory=home / "artifacts", progress=lambda _: None, **settings | options)
    return skylayer.open(folder)


def instances(data: Any) -> list[Any]:
    return [[None if np.isnan(value) else value for value in row] for row in data.tolist()]


FILES = [f"{name}.json" for name in ANSWERS if " " not in name]
FILES += [f"{name}.cbm" for name in BINARY if name != "lossguide"]


@pytest.mark.parametrize("file", FILES)
def test_catboosts_file_is_native_and_answers_as_catboost_did(file: str, tmp_path: Path) -> None:
    name = file.partition(".")[0]
    sample = tmp_path / "rows.csv"
    pd.DataFrame(rows(300, 2), columns=NAMES).to_csv(sample, index=False)
    model = bring(HOME / f"catboost-{file}", tmp_path, sample=sample)
    manifest = model.manifest
    assert (manifest["engine"], list(manifest["engines"])) == ("native", ["native"])
    assert manifest["training"]["imported"]["format"] == "catboost"
    assert [column["name"] for column in manifest["input"]["columns"]] == NAMES
    assert manifest["libraries"]["catboost"].startswith("1.")
    got = model.predict([dict(zip(NAMES, row, strict=True)) for row in instances(rows(ROWS, 1))])
    numbers = np.asarray(got["probabilities" if name in CLASSES else "predictions"])
    np.testing.assert_allclose(numbers[::10], ANSWERS[name], rtol=1e-12, atol=1e-12)
    sums = numbers.reshape(100, 100, -1).sum(axis=1)
    np.testing.assert_allclose(sums, ANSWERS[f"{name} sums"], rtol=1e-12, atol=1e-10)
    if name in CLASSES:
        assert manifest["output"]["classes"] == CLASSES[name]
        assert [CLASSES[name].index(label) for label in got["predictions"]] == (
            ANSWERS[f"{name} labels"].tolist()
        )


def test_names_and_classes_come_from_the_file_unless_others_are_given(tmp_path: Path) -> None:
    model = bring(HOME / "catboost-two.json", tmp_path)
    assert [column["name"] for column in model.manifest["input"]["columns"]] == NAMES
    model = bring(HOME / "catboost-three.json", tmp_path, classes=["low", "middle", "high"])
    assert [column["name"] for column in model.manifest["input"]["columns"]] == ["f0", "f1", "f2", "f3"]
    assert model.manifest["output"]["classes"] == ["low", "middle", "high"]
    with pytest.raises(UserError, match="it has 3 classes, and CLASSES names 2"):
        bring(HOME / "catboost-three.json", tmp_path, classes=["low", "high"])
    with pytest.raises(UserError, match="it is no classifier, so leave out CLASSES"):
        bring(HOME / "catboost-regression.json", tmp_path, classes=["low", "high"])


def test_what_cannot_be_served_is_said_in_one_line(tmp_path: Path) -> None:
    for ending in ("json", "cbm"):
        with pytest.raises(UserError, match=r"has categorical features, which CatBoost hashes .*: column 0"):
            bring(HOME / f"catboost-category.{ending}", tmp_path)
    with pytest.raises(UserError, match=r"its trees aren't oblivious: model\.save_model"):
        bring(HOME / "catboost-lossguide.cbm", tmp_path)
    document = json.loads((HOME / "catboost-regression.json").read_text())
    document["model_info"]["params"]["loss_function"]["type"] = "SurvivalAft"
    path = tmp_path / "m.json"
    path.write_text(json.dumps(document))
    with pytest.raises(UserError, match="its loss function SurvivalAft has no native equivalent"):
        bring(path, tmp_path)
