"""`make predict FILE=…` with the files that people have: training data, other columns, other orders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import skylayer
from skylayer import project
from skylayer.__main__ import main

if TYPE_CHECKING:
    from pathlib import Path

DATA = pd.DataFrame({"age": [1.0, 2.0, 8.0, 9.0] * 5, "fare": [0.5, 1.5, 0.0, 1.0] * 5})
SURVIVED = pd.Series([0, 0, 1, 1] * 5, name="survived")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose champion predicts `survived` from `age` and `fare`, and nothing runs."""
    artifacts = tmp_path / "model_artifacts"
    estimator = LogisticRegression().fit(DATA, SURVIVED)
    folder = skylayer.package(estimator, DATA, SURVIVED, name="small", directory=artifacts, proof_rows=1000)
    monkeypatch.setattr(project, "ARTIFACTS", artifacts)
    monkeypatch.setattr(project, "CHAMPION", artifacts / "champion")
    monkeypatch.setattr(project, "STATE", tmp_path / "state")
    project.set_champion(folder)
    return tmp_path


def predict(home: Path, rows: pd.DataFrame | str) -> int:
    path = home / "rows.csv"
    path.write_text(rows if isinstance(rows, str) else rows.to_csv(index=False), encoding="utf-8")
    return main(["predict", f"FILE={path}"])


def test_the_target_and_what_the_model_does_not_take_are_left_out_and_named(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    training = DATA.assign(survived=SURVIVED)[["survived", "fare", "age"]]
    training.insert(0, "rownames", range(len(training)))
    training.insert(3, "ticket", "A/5 21171")
    assert predict(home, training) == 0
    said = capsys.readouterr()
    assert [line.split(",")[0] for line in said.out.splitlines()] == ["prediction", *map(str, SURVIVED)]
    assert said.err.splitlines() == [
        "Left out, since the model predicts it: survived.",
        "Left out, since the model doesn't take them: rownames, ticket.",
    ]


def test_a_file_of_the_models_columns_alone_is_answered_without_a_word(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert predict(home, DATA) == 0
    assert capsys.readouterr().err == ""


def test_columns_that_are_not_there_are_named_beside_those_that_are(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert predict(home, DATA.rename(columns={"age": "Age", "fare": "price"})) == 2
    error = capsys.readouterr().err
    assert "rows.csv lacks the columns age, fare; it has Age, price, which the model doesn't take." in error


def test_a_row_of_another_length_is_named_by_its_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert predict(home, "age,fare\n1,2\n\n1,2,3\n") == 2
    assert "Line 4 of" in capsys.readouterr().err


def test_a_refused_cell_is_named_by_row_and_column(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert predict(home, "fare,age\n1,2\n1,old\n") == 2
    assert 'row 2: age: expected a number, got the string "old"' in capsys.readouterr().err
