"""XGBoost behind each usual preprocessing, and beside its peers: native, and equal within what was proven."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
import xgboost as xgb
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import skylayer
from serving import golden

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings(r"ignore:[\s\S]*gblinear. is deprecated:UserWarning")
FLOAT32 = 2.0**-23
DIGITS = 4 * FLOAT32  # relative: what the C library's expf and numpy's may add to a last digit


def packaged(estimator: Any, data: Any, target: Any, folder: Path) -> Any:
    path = skylayer.package(
        estimator.fit(data, target), data, target, name="model", directory=folder, proof_rows=3000
    )
    return skylayer.open(path)


def answered(model: Any, estimator: Any, data: Any) -> tuple[Any, Any]:
    """The probabilities or predictions of both, and a check that the labels are the same."""
    rows = data.to_dict("records") if isinstance(data, pd.DataFrame) else np.asarray(data).tolist()
    got = model.predict(rows)
    if hasattr(estimator, "predict_proba"):
        assert got["predictions"] == np.asarray(estimator.predict(data)).tolist()
        return np.asarray(got["probabilities"]), estimator.predict_proba(data).astype(float)
    return np.asarray(got["predictions"]), estimator.predict(data).astype(float)


@pytest.mark.parametrize("load", [load_breast_cancer, load_iris], ids=["two classes", "three classes"])
@pytest.mark.parametrize(
    "make",
    [
        xgb.XGBClassifier,
        xgb.XGBRFClassifier,
        lambda: xgb.XGBClassifier(booster="dart", rate_drop=0.3, n_estimators=30),
        lambda: xgb.XGBClassifier(n_estimators=20, learning_rate=1.0),
    ],
    ids=["default", "random forest", "dart", "steep"],
)
def test_a_classifier_is_native_and_equal_in_nearly_every_bit(make: Any, load: Any, tmp_path: Path) -> None:
    data, target = load(return_X_y=True)
    estimator = make()
    model = packaged(estimator, data, target, tmp_path)
    assert model.manifest["engine"] == "native", model.manifest["engine_reason"]
    noise = np.random.default_rng(0).normal(1, 0.05, (20 * len(data), 1))
    got, own = answered(model, estimator, np.repeat(data, 20, axis=0)[:5000] * noise[:5000])
    np.testing.assert_allclose(got, own, rtol=DIGITS, atol=DIGITS)
    assert np.mean(got != own) < 0.001


@pytest.mark.parametrize("load", [load_breast_cancer, load_iris], ids=["two classes", "three classes"])
@pytest.mark.parametrize("options", [{}, {"missing": 0.0}, {"early_stopping_rounds": 2}], ids=str)
def test_a_linear_booster_is_native_and_equal(options: Any, load: Any, tmp_path: Path) -> None:
    data, target = load(return_X_y=True)
    data = np.where(data > np.quantile(data, 0.9, axis=0), options.get("missing", np.nan), data)
    estimator = xgb.XGBClassifier(booster="gblinear", n_estimators=20, **options)
    if "early_stopping_rounds" in options:  # which stops, and answers with the last weights all the same
        estimator.fit(data, target, eval_set=[(data[::7], target[::-7])], verbose=False)
        path = skylayer.package(estimator, data, target, name="m", directory=tmp_path, proof_rows=2000)
        assert estimator.best_iteration < 19
        model = skylayer.open(path)
    else:
        model = packaged(estimator, data, target, tmp_path)
    assert model.manifest["engine"] == "native", model.manifest["engine_reason"]
    rows = [[None if np.isnan(value) else value for value in row] for row in data.tolist()]
    got = model.predict(rows)
    assert got["predictions"] == estimator.predict(data).tolist()
    np.testing.assert_allclose(got["probabilities"], estimator.predict_proba(data), rtol=DIGITS, atol=1e-12)


@pytest.mark.parametrize("objective", ["binary:logitraw", "binary:hinge"])
def test_a_classifier_without_a_link_is_native_and_equal(objective: str, tmp_path: Path) -> None:
    data, target = load_breast_cancer(return_X_y=True)
    estimator = xgb.XGBClassifier(objective=objective, n_estimators=20)
    model = packaged(estimator, data, target, tmp_path)
    assert model.manifest["engine"] == "native", model.manifest["engine_reason"]
    got, own = answered(model, estimator, data)
    np.testing.assert_array_equal(got, own)
    # No probabilities have no logarithmic loss, but a ranking all the same.
    measured = model.manifest["metrics"]["data"]
    assert ("log_loss" in measured) == (objective == "binary:hinge")
    assert measured["roc_auc"] > 0.98


@pytest.mark.parametrize("booster", ["gbtree", "gblinear"])
@pytest.mark.parametrize(
    "objective",
    [
        "count:poisson",
        "reg:gamma",
        "reg:tweedie",
        "reg:logistic",
        "reg:squarederror",
        "reg:squaredlogerror",
        "reg:absoluteerror",
        "reg:expectileerror",
    ],
)
def test_a_regressor_of_each_objective_is_native_and_equal(
    objective: str, booster: str, tmp_path: Path
) -> None:
    data, target = load_diabetes(return_X_y=True)
    target = target / 400 if objective == "reg:logistic" else target
    options = {"expectile_alpha": 0.3} if objective == "reg:expectileerror" else {}
    estimator = xgb.XGBRegressor(objective=objective, n_estimators=40, booster=booster, **options)
    model = packaged(estimator, data, target, tmp_path)
    assert model.manifest["engine"] == "native", model.manifest["engine_reason"]
    got, own = answered(model, estimator, data)
    np.testing.assert_allclose(got, own, rtol=DIGITS)


def test_several_quantiles_are_native_and_several_expectiles_are_declined(tmp_path: Path) -> None:
    data, target = load_diabetes(return_X_y=True)
    quantiles = xgb.XGBRegressor(
        objective="reg:quantileerror", quantile_alpha=[0.1, 0.5, 0.9], n_estimators=5
    )
    model = packaged(quantiles, data, target, tmp_path)
    assert model.manifest["engine"] == "native", model.manifest["engine_reason"]
    np.testing.assert_array_equal(*answered(model, quantiles, data))
    expectiles = xgb.XGBRegressor(objective="reg:expectileerror", expectile_alpha=[0.1, 0.9], n_estimators=5)
    manifest = packaged(expectiles, data, target, tmp_path).manifest
    assert "objective='reg:expectileerror'" in manifest["engine_reason"]


def test_labels_of_softmax_come_from_its_margins(tmp_path: Path) -> None:
    data, target = load_iris(return_X_y=True)
    estimator = xgb.XGBClassifier(objective="multi:softmax", n_estimators=30)
    model = packaged(estimator, data, target, tmp_path)
    assert model.manifest["engine"] == "native", model.manifest["engine_reason"]
    got, own = answered(model, estimator, data)
    np.testing.assert_allclose(got, own, rtol=2 * DIGITS)


def flats() -> tuple[pd.DataFrame, Any]:
    random = np.random.default_rng(0)
    data = pd.DataFrame(
        {
            "city": random.choice(list("abcdefgh"), 400),
            "size": random.normal(size=400).round(2),
            "rooms": random.integers(0, 4, 400),
        }
    )
    return data, ((data["size"] > 0) ^ data["city"].isin(["a", "c"]) ^ (data["rooms"] == 0)).astype(
        int
    ).to_numpy()


BOOSTERS: dict[str, Callable[[], Any]] = {
    "xgboost": lambda: xgb.XGBClassifier(n_estimators=20),
    "lightgbm": lambda: lgb.LGBMClassifier(n_estimators=20, min_child_samples=3, verbose=-1),
    "hist gradient boosting": lambda: HistGradientBoostingClassifier(max_iter=20, min_samples_leaf=3),
    "forest": lambda: RandomForestClassifier(20, random_state=0),
}


def behind(kind: str, estimator: Any) -> Any:
    if kind == "plain":
        return make_pipeline(make_column_transformer(("passthrough", ["size", "rooms"])), estimator)
    if kind == "scaler":
        return make_pipeline(
            ColumnTransformer(
                [
                    ("numbers", StandardScaler(), ["size", "rooms"]),
                    ("city", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["city"]),
                ]
            ),
            estimator,
        )
    return make_pipeline(
        make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore"), ["city"]),
            ("passthrough", ["size", "rooms"]),
            sparse_threshold=1.0,
        ),
        estimator,
    )


# All but the one pair that scikit-learn itself refuses: HistGradientBoosting takes no sparse matrix.
@pytest.mark.parametrize(
    ("kind", "library"),
    [
        (kind, library)
        for kind in ("plain", "scaler", "sparse one-hot")
        for library in BOOSTERS
        if (kind, library) != ("sparse one-hot", "hist gradient boosting")
    ],
)
def test_the_usual_pipelines_are_native_and_equal(kind: str, library: str, tmp_path: Path) -> None:
    data, target = flats()
    estimator = behind(kind, BOOSTERS[library]())
    model = packaged(estimator, data, target, tmp_path)
    assert model.manifest["engine"] == "native", model.manifest["engine_reason"]
    unseen = pd.DataFrame({"city": ["z", "a", "c"], "size": [0.0, 0.0, 1.0], "rooms": [0, 9, 0]})
    for rows in (data, unseen):
        got, own = answered(model, estimator, rows)
        np.testing.assert_allclose(got, own, rtol=DIGITS, atol=1e-12)


@pytest.mark.parametrize("library", ["xgboost", "lightgbm", "forest"])
def test_texts_are_native_and_equal(library: str, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    words = np.array(
        ["red", "green", "blue", "round", "square", "heavy", "light", "old", "new", "good", "bad"]
    )
    texts = [" ".join(random.choice(words, 6)) for _ in range(300)]
    target = np.array([("red" in text) ^ ("heavy" in text) for text in texts]).astype(int)
    estimator = make_pipeline(TfidfVectorizer(), BOOSTERS[library]())
    path = skylayer.package(
        estimator.fit(texts, target), texts, target, name="t", directory=tmp_path, proof_rows=1000
    )
    model = skylayer.open(path)
    assert model.manifest["engine"] == "native", model.manifest["engine_reason"]
    got = np.asarray(model.predict([*texts, "nothing known"])["probabilities"])
    np.testing.assert_allclose(
        got, estimator.predict_proba([*texts, "nothing known"]), rtol=DIGITS, atol=1e-12
    )


def test_what_was_proven_is_what_golden_rows_are_held_to(tmp_path: Path) -> None:
    data, target = load_breast_cancer(return_X_y=True)
    model = packaged(xgb.XGBClassifier(n_estimators=20), data, target, tmp_path)
    relative, absolute = golden.tolerance_of(model.manifest)["probabilities"]
    assert relative == golden.DOUBLE[0]
    assert FLOAT32 / 2 < absolute < 100 * FLOAT32
    expected = {"probabilities": [[0.25, 0.75]]}
    tolerance = golden.tolerance_of(model.manifest)
    assert golden.difference(expected, {"probabilities": [[0.25, 0.75 + FLOAT32 / 2]]}, tolerance) is None
    assert (
        golden.difference(expected, {"probabilities": [[0.25, 0.75 + 2 * absolute]]}, tolerance) is not None
    )
