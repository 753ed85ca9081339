"""The examples of a clone are of the model that is there: README's commands work in every fork."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder
from sklearn.tree import DecisionTreeClassifier

import skylayer
from serving import api, csv_body, gateway, model
from skylayer import project
from skylayer.__main__ import main
from skylayer.artifact.examples import write_examples
from skylayer.commands import derived_files
from skylayer.compiler.kernel_build import use_host_kernel

if TYPE_CHECKING:
    from pathlib import Path

DATA = pd.DataFrame(
    {
        "name, with comma": ["a", "b", 'say "c"', None] * 8,
        "ringed": [True, False] * 16,
        "year": [2007, 2008, 2009, 2010] * 8,
    }
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    handle = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    target = np.arange(32) % 4 > 1
    estimator = make_pipeline(handle, DecisionTreeClassifier(random_state=0)).fit(DATA, target)
    return skylayer.package(
        estimator, DATA, target, name="small", directory=tmp_path / "model_artifacts", proof_rows=1000
    )


def test_examples_are_answered_by_the_model_that_they_are_made_from(folder: Path, tmp_path: Path) -> None:
    write_examples(folder, tmp_path)
    use_host_kernel()
    loaded = model.load(folder)
    golden = json.loads((folder / "golden.json").read_text())
    instances = csv_body.read((tmp_path / "predict.csv").read_bytes(), loaded.schema, 10).instances
    assert instances == golden["instances"][:3]
    request = gateway.request_of(json.loads((tmp_path / "predict.json").read_text()), "id")
    answer = api.handle(request, loaded)
    assert answer.status == 200
    assert json.loads(answer.body)["predictions"] == golden["answers"]["predictions"][:1]


def test_predict_takes_the_example_of_a_fork(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "events").mkdir()
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "openapi.json").write_text("{}")
    derived_files.write(folder, tmp_path)
    assert '"name, with comma"' in (tmp_path / "docs" / "openapi.json").read_text()
    monkeypatch.setattr(project, "ARTIFACTS", folder.parents[1])
    monkeypatch.setattr(project, "CHAMPION", folder.parents[1] / "champion")
    monkeypatch.setattr(project, "STATE", tmp_path / "state")
    project.set_champion(folder)
    assert main(["predict", f"FILE={tmp_path / 'events' / 'predict.csv'}"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 4


def test_a_folder_without_them_gets_none(folder: Path, tmp_path: Path) -> None:
    derived_files.write(folder, tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere").exists()
