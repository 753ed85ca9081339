"""Each family against scikit-learn behind imputer, scaler and encoder, on a 0.01 grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from native_compare import native_and_reference
from sklearn import ensemble, linear_model, tree
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 5000
SCHEMA: dict[str, Any] = {
    "container": "frame",
    "columns": [
        {"name": "a", "kind": "number", "dtype": "float64", "nullable": True},
        {"name": "b", "kind": "number", "dtype": "float64", "nullable": False},
        {"name": "c", "kind": "integer", "dtype": "int64", "nullable": False},
        {"name": "s", "kind": "category", "dtype": "str", "nullable": True},
    ],
}
EXACT, ROUNDED = 0.0, 1e-12
# estimator, target, relative bound on numbers
CASES = [
    (tree.DecisionTreeClassifier(random_state=0), "label", EXACT),
    (ensemble.RandomForestClassifier(20, random_state=0), "label", EXACT),
    (ensemble.ExtraTreesClassifier(20, random_state=0), "label", EXACT),
    (ensemble.RandomForestRegressor(20, random_state=0), "number", EXACT),
    (ensemble.ExtraTreesRegressor(20, random_state=0), "number", EXACT),
    (ensemble.GradientBoostingRegressor(n_estimators=20, random_state=0), "number", EXACT),
    (ensemble.GradientBoostingClassifier(n_estimators=10, random_state=0), "label", 1e-15),
    (ensemble.HistGradientBoostingClassifier(max_iter=10, random_state=0), "label", 1e-15),
    (ensemble.HistGradientBoostingRegressor(max_iter=20, random_state=0), "number", EXACT),
    (linear_model.LogisticRegression(max_iter=500), "label", ROUNDED),
    (linear_model.LogisticRegression(max_iter=500), "flag", ROUNDED),
    (linear_model.Ridge(), "number", ROUNDED),
    (linear_model.RidgeClassifier(), "flag", ROUNDED),
]


def training() -> tuple[pd.DataFrame, dict[str, Any]]:
    random = np.random.default_rng(0)
    text = pd.Series(random.choice(["x", "y", "ü"], 500), dtype="str").mask(random.random(500) < 0.1)
    grid = random.integers(0, 1000, (2, 500)) / 100
    a = np.where(random.random(500) < 0.1, np.nan, grid[0])
    frame = pd.DataFrame({"a": a, "b": grid[1], "c": random.integers(0, 50, 500), "s": text})
    label = np.array(["p", "q", "r"])[(frame.b + random.random(500) * 4).astype(int) % 3]
    return frame, {"label": label, "flag": (frame.b > 5).to_numpy(), "number": frame.b * 2 + frame.c}


def requests() -> list[list[Any]]:
    random = np.random.default_rng(1)
    a = [None if random.random() < 0.1 else v for v in (random.integers(0, 1000, ROWS) / 100).tolist()]
    s = [None if random.random() < 0.1 else v for v in random.choice(["x", "y", "ü", "new"], ROWS).tolist()]
    return [a, (random.integers(0, 1000, ROWS) / 100).tolist(), random.integers(-5, 60, ROWS).tolist(), s]


def scaled(estimator: Any) -> Any:
    text = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    return make_pipeline(make_column_transformer((numbers, ["a", "b", "c"]), (text, ["s"])), estimator)


@pytest.mark.parametrize(("estimator", "target", "bound"), CASES, ids=lambda v: type(v).__name__)
def test_answers_are_scikit_learns(estimator: Any, target: str, bound: float, tmp_path: Path) -> None:
    frame, targets = training()
    pipeline = scaled(estimator).fit(frame, targets[target])
    native, expected = native_and_reference(pipeline, SCHEMA, requests(), tmp_path)
    assert native.keys() == expected.keys()
    for field, answer in expected.items():
        if answer.dtype.kind == "f":
            np.testing.assert_allclose(native[field], answer, rtol=bound, atol=bound)
        else:
            np.testing.assert_array_equal(native[field], answer)


def test_hist_gradient_boosting_decides_categories_and_missing_values_itself(tmp_path: Path) -> None:
    frame, targets = training()
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    columns = make_column_transformer((encoder, ["s"]), remainder="passthrough")
    forest = ensemble.HistGradientBoostingRegressor(max_iter=20, categorical_features=[0], random_state=0)
    pipeline = make_pipeline(columns, forest).fit(frame, targets["number"])
    native, expected = native_and_reference(pipeline, SCHEMA, requests(), tmp_path)
    np.testing.assert_array_equal(native["predictions"], expected["predictions"])
