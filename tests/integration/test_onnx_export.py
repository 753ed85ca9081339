"""Estimators as ONNX: exact after a round trip through ONNX Runtime, or refused with the row that differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx_models as models
import onnxruntime
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.semi_supervised import LabelPropagation
from sklearn.tree import DecisionTreeClassifier

import skylayer
from serving import golden
from skylayer.errors import UserError
from skylayer.formats.exporting import export

if TYPE_CHECKING:
    from pathlib import Path

NUMBERS, LABELS = models.NUMBERS, models.LABELS
FRAME = models.TOWNS.rename(columns={"size": "size in m²"})


def package(estimator: Any, data: Any, target: Any, home: Path) -> Path:
    return skylayer.package(
        estimator.fit(data, target), data, target, name="out", directory=home / "artifacts", proof_rows=300
    )


def columns() -> Any:
    return make_column_transformer(
        (StandardScaler(), ["size in m²", "rooms"]), (OneHotEncoder(handle_unknown="ignore"), ["town"])
    )


EXACT = {
    "logistic regression": (make_pipeline(StandardScaler(), LogisticRegression()), NUMBERS, LABELS),
    "linear regression": (LinearRegression(), NUMBERS, NUMBERS @ [1.0, 2.0, 3.0]),
    "two targets": (LinearRegression(), NUMBERS, NUMBERS[:, :2] * 3),
    "naive Bayes": (GaussianNB(), NUMBERS, LABELS),
    "a network": (MLPClassifier((8,), max_iter=600, tol=0.01, random_state=0), NUMBERS, LABELS),
    "a tree of pure leaves": (DecisionTreeClassifier(random_state=0), NUMBERS, LABELS),
    "mixed columns": (make_pipeline(columns(), LogisticRegression()), FRAME, LABELS),
}


@pytest.mark.parametrize("case", EXACT)
def test_what_is_exact_goes_out_and_comes_back_the_same(case: str, tmp_path: Path) -> None:
    estimator, data, target = EXACT[case]
    folder = package(estimator, data, target, tmp_path)
    path = tmp_path / "out.onnx"
    export(folder, "onnx", path)
    assert not list(tmp_path.glob(".*"))
    again = skylayer.open(
        models.bring(path.read_bytes(), tmp_path, data if isinstance(data, pd.DataFrame) else None, "back")
    )
    own = skylayer.open(folder).manifest["input"]["columns"]
    assert [column["name"] for column in again.manifest["input"]["columns"]] == [
        column["name"] for column in own
    ]
    instances, answers = golden.read(folder)
    assert golden.difference(answers, again.predict(instances)) is None


REFUSED: dict[str, tuple[Any, Any, str]] = {
    "a forest": (
        RandomForestClassifier(5, random_state=0),
        LABELS,
        r"probabilities of golden row \d+ should be \[.*\] and is \[.*\]\. Nothing was written",
    ),
    "a forest of numbers": (
        RandomForestRegressor(5, random_state=0),
        NUMBERS[:, 0],
        r"predictions of golden row \d+ should be \S+ and is \S+\. Nothing was written",
    ),
    "no converter": (
        LabelPropagation(),
        (NUMBERS[:, 0] > 0).astype(int),
        r"skl2onnx can't convert it: .*LabelPropagation.*Export it as joblib or skops\.",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_exact_is_refused_and_nothing_is_written(case: str, tmp_path: Path) -> None:
    estimator, target, match = REFUSED[case]
    folder = package(estimator, NUMBERS, target, tmp_path)
    path = tmp_path / "out.onnx"
    with pytest.raises(UserError, match=match) as refusal:
        export(folder, "onnx", path)
    assert "\n" not in str(refusal.value)
    assert [entry.name for entry in tmp_path.iterdir()] == ["artifacts"]


def test_rows_beside_the_golden_ones_are_compared_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = package(LogisticRegression(), NUMBERS, LABELS, tmp_path)
    run = onnxruntime.InferenceSession.run

    def wrong(self: Any, *arguments: Any) -> Any:
        labels, probabilities = run(self, *arguments)
        if len(labels) > 100:
            probabilities[77] = probabilities[77][::-1]
        return labels, probabilities

    monkeypatch.setattr(onnxruntime.InferenceSession, "run", wrong)
    with pytest.raises(UserError, match="probabilities of made-up row 77 should be"):
        export(folder, "onnx", tmp_path / "out.onnx")


def test_what_came_as_onnx_leaves_as_the_same_graph(tmp_path: Path) -> None:
    brought = models.network()
    folder = models.bring(brought, tmp_path)
    path = tmp_path / "again" / "out.onnx"
    export(folder, "onnx", path)
    assert path.read_bytes() == brought.SerializeToString()
    with pytest.raises(UserError, match="has no scikit-learn estimator"):
        export(folder, "joblib", tmp_path / "out.joblib")


def test_doubles_stay_doubles(tmp_path: Path) -> None:
    folder = package(LinearRegression(), NUMBERS, NUMBERS[:, 0] / 3, tmp_path)
    path = tmp_path / "out.onnx"
    export(folder, "onnx", path)
    session = onnxruntime.InferenceSession(path.read_bytes())
    (answer,) = session.run(None, {session.get_inputs()[0].name: NUMBERS})
    assert answer.dtype == np.float64
