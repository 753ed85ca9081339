"""Files of XGBoost and LightGBM: imported, native, and equal to the library that wrote them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
import xgboost as xgb

import skylayer
from skylayer.errors import UserError
from skylayer.formats.importing import import_model

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.filterwarnings(r"ignore:[\s\S]*(gblinear|dart). is deprecated:UserWarning")
ROWS = 10_000
FLOAT32 = 4 * 2.0**-23  # what the C library's expf may add to a last digit
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(800, 4)).round(4)
X[::9, 1] = np.nan
X[::5, 2] = 0.0
SCORE = X[:, 0] + np.nan_to_num(X[:, 1]) * X[:, 3]
TWO, THREE = (SCORE > 0).astype(int), (SCORE > 0).astype(int) + (SCORE > 1)
POSITIVE = np.exp(SCORE / 4)
NAMES = ["bill length", "bill_depth", "mass", "year"]


def mixed() -> pd.DataFrame:
    frame = pd.DataFrame(X, columns=NAMES)
    frame["island"] = pd.Categorical(RANDOM.choice(list("uvwxyz"), len(X)))
    frame["size"] = pd.Categorical(RANDOM.choice([10, 20, 30], len(X)))
    return frame


MIXED = mixed()
ON_MIXED = SCORE + MIXED["island"].cat.codes.to_numpy() % 3


def bring(path: Path, home: Path, **options: Any) -> Any:
    settings: dict[str, Any] = {"trust": None, "sample": None, "name": None, "proof_rows": 600}
    folder = import_model(path, directory=home / "artifacts", progress=lambda _: None, **settings | options)
    model = skylayer.open(folder)
    assert model.manifest["engine"] == "native", model.manifest["engine_reason"]
    return model


def many(data: Any) -> Any:
    """10,000 rows beside those of the data."""
    places = np.random.default_rng(1).integers(0, len(data), ROWS)
    noise = np.random.default_rng(2).normal(1, 0.05, ROWS)
    if isinstance(data, pd.DataFrame):
        frame = data.iloc[places].reset_index(drop=True)
        return frame.assign(**{name: frame[name] * noise for name in NAMES})
    return data[places] * noise[:, None]


def instances(data: Any) -> list[Any]:
    if isinstance(data, pd.DataFrame):
        return [
            {name: None if value != value else value for name, value in row.items()}  # noqa: PLR0124 - NaN
            for row in data.to_dict("records")
        ]
    return [[None if np.isnan(value) else value for value in row] for row in data.tolist()]


def compare(model: Any, estimator: Any, data: Any, tolerance: float) -> None:
    rows = many(data)
    got = model.predict(instances(rows))
    if hasattr(estimator, "predict_proba"):
        np.testing.assert_array_equal(got["predictions"], estimator.predict(rows))
        np.testing.assert_allclose(
            got["probabilities"], estimator.predict_proba(rows), rtol=tolerance, atol=tolerance
        )
    else:
        np.testing.assert_allclose(got["predictions"], estimator.predict(rows), rtol=tolerance, atol=1e-12)


XGBOOST: dict[str, Callable[[], tuple[Any, Any]]] = {
    "two classes": lambda: (xgb.XGBClassifier(n_estimators=20).fit(X, TWO), X),
    "three classes": lambda: (xgb.XGBClassifier(n_estimators=10).fit(X, THREE), X),
    "regression": lambda: (xgb.XGBRegressor(n_estimators=20).fit(X, SCORE), X),
    "pruned": lambda: (xgb.XGBRegressor(n_estimators=20, gamma=3.0, tree_method="exact").fit(X, SCORE), X),
    "poisson": lambda: (xgb.XGBRegressor(objective="count:poisson", n_estimators=20).fit(X, POSITIVE), X),
    "dart": lambda: (xgb.XGBRegressor(booster="dart", rate_drop=0.3, n_estimators=20).fit(X, SCORE), X),
    "linear": lambda: (xgb.XGBRegressor(booster="gblinear", n_estimators=20).fit(X, SCORE), X),
    "random forest": lambda: (xgb.XGBRFRegressor(n_estimators=20).fit(X, SCORE), X),
    "ranker": lambda: (xgb.XGBRanker(n_estimators=20).fit(X, THREE, qid=np.arange(len(X)) // 20), X),
    "cox": lambda: (xgb.XGBRegressor(objective="survival:cox", n_estimators=20).fit(X, POSITIVE), X),
    "stopped early": lambda: (
        xgb.XGBClassifier(n_estimators=200, early_stopping_rounds=2).fit(
            X, TWO, eval_set=[(X[::3], TWO[1::3])], verbose=False
        ),
        X,
    ),
    "categories": lambda: (
        xgb.XGBRegressor(n_estimators=20, enable_categorical=True).fit(MIXED, ON_MIXED),
        MIXED,
    ),
}
LIGHTGBM: dict[str, Callable[[], tuple[Any, Any]]] = {
    "two classes": lambda: (lgb.LGBMClassifier(n_estimators=20, verbose=-1).fit(X, TWO), X),
    "three classes": lambda: (lgb.LGBMClassifier(n_estimators=10, verbose=-1).fit(X, THREE), X),
    "one against all": lambda: (
        lgb.LGBMClassifier(n_estimators=10, objective="multiclassova", verbose=-1).fit(X, THREE),
        X,
    ),
    "regression": lambda: (lgb.LGBMRegressor(n_estimators=20, verbose=-1).fit(X, SCORE), X),
    "gamma": lambda: (lgb.LGBMRegressor(objective="gamma", n_estimators=20, verbose=-1).fit(X, POSITIVE), X),
    "cross entropy": lambda: (
        lgb.LGBMRegressor(objective="cross_entropy", n_estimators=20, verbose=-1).fit(X, TWO * 0.9),
        X,
    ),
    "random forest": lambda: (
        lgb.LGBMClassifier(
            boosting_type="rf", bagging_freq=1, bagging_fraction=0.5, n_estimators=20, verbose=-1
        ).fit(X, TWO),
        X,
    ),
    "ranker": lambda: (lgb.LGBMRanker(n_estimators=20, verbose=-1).fit(X, THREE, group=[20] * 40), X),
    "own objective": lambda: (
        lgb.LGBMRegressor(objective=lambda y, p: (p - y, np.ones_like(y)), n_estimators=20, verbose=-1).fit(
            X, SCORE
        ),
        X,
    ),
    "one leaf": lambda: (lgb.LGBMRegressor(n_estimators=20, verbose=-1).fit(X, np.ones(len(X))), X),
    "categories": lambda: (
        lgb.LGBMRegressor(n_estimators=20, min_data_per_group=5, verbose=-1).fit(MIXED, ON_MIXED),
        MIXED,
    ),
}


def sample_of(data: Any, path: Path) -> Path:
    frame = data if isinstance(data, pd.DataFrame) else pd.DataFrame(data, columns=NAMES)
    frame.head(300).to_csv(path, index=False)
    return path


@pytest.mark.parametrize("ending", ["json", "ubj"])
@pytest.mark.parametrize("name", XGBOOST)
def test_xgboosts_file_is_native_and_answers_as_xgboost_does(name: str, ending: str, tmp_path: Path) -> None:
    estimator, data = XGBOOST[name]()
    path = tmp_path / f"my model.{ending}"
    estimator.save_model(path)
    model = bring(path, tmp_path, sample=sample_of(data, tmp_path / "rows.csv"))
    assert model.manifest["training"]["imported"]["format"] == "xgboost"
    compare(model, estimator, data, FLOAT32)


@pytest.mark.parametrize("name", LIGHTGBM)
def test_lightgbms_file_is_native_and_answers_as_lightgbm_does(name: str, tmp_path: Path) -> None:
    estimator, data = LIGHTGBM[name]()
    path = tmp_path / "model.txt"
    estimator.booster_.save_model(path)
    model = bring(path, tmp_path, sample=sample_of(data, tmp_path / "rows.csv"))
    assert model.manifest["training"]["imported"]["format"] == "lightgbm"
    compare(model, estimator, data, 1e-12)


def test_a_booster_of_the_librarys_own_interface_is_read_as_well(tmp_path: Path) -> None:
    data = xgb.DMatrix(X, THREE)
    booster = xgb.train({"objective": "multi:softprob", "num_class": 3}, data, 5)
    booster.save_model(tmp_path / "m.ubj")
    model = bring(tmp_path / "m.ubj", tmp_path, classes=["low", "middle", "high"])
    got = model.predict(instances(X))
    np.testing.assert_allclose(got["probabilities"], booster.predict(data), rtol=FLOAT32, atol=FLOAT32)
    labels = np.array(["low", "middle", "high"])[booster.predict(data).argmax(axis=1)]
    assert got["predictions"] == labels.tolist()
    assert model.manifest["output"]["classes"] == ["low", "middle", "high"]


def test_names_and_categories_come_from_the_file(tmp_path: Path) -> None:
    XGBOOST["categories"]()[0].save_model(tmp_path / "x.json")
    LIGHTGBM["categories"]()[0].booster_.save_model(tmp_path / "l.json")
    for kind in "xl":
        path = tmp_path / f"{kind}.json"
        columns = bring(path, tmp_path).manifest["input"]["columns"]
        names = [*NAMES, "island", "size"]
        assert [column["name"] for column in columns] == (
            names if kind == "x" else [name.replace(" ", "_") for name in names]
        )
        assert [column["kind"] for column in columns] == ["number"] * 4 + ["category"] * 2
        assert columns[4]["categories"] == list("uvwxyz")
        assert columns[5]["categories"] == [10, 20, 30]


def test_labels_can_be_given_to_both(tmp_path: Path) -> None:
    xgb.XGBClassifier(n_estimators=5).fit(X, TWO).save_model(tmp_path / "x.json")
    lgb.LGBMClassifier(n_estimators=5, verbose=-1).fit(X, TWO).booster_.save_model(tmp_path / "l.txt")
    xgb.XGBRegressor(n_estimators=5).fit(X, SCORE).save_model(tmp_path / "r.json")
    for name in ("x.json", "l.txt"):
        model = bring(tmp_path / name, tmp_path, classes=["no", "yes"])
        assert model.manifest["output"]["classes"] == ["no", "yes"]
        assert set(model.predict(instances(X))["predictions"]) == {"no", "yes"}
        with pytest.raises(UserError, match="it has 2 classes, and CLASSES names 3"):
            bring(tmp_path / name, tmp_path, classes=["a", "b", "c"])
    with pytest.raises(UserError, match="it is no classifier, so leave out CLASSES"):
        bring(tmp_path / "r.json", tmp_path, classes=["a", "b"])


def test_a_sample_that_does_not_fit_is_told(tmp_path: Path) -> None:
    estimator, _ = XGBOOST["categories"]()
    path, sample = tmp_path / "m.json", tmp_path / "rows.csv"
    estimator.save_model(path)

    def refuse(frame: pd.DataFrame, match: str) -> None:
        frame.to_csv(sample, index=False)
        with pytest.raises(UserError, match=match):
            bring(path, tmp_path, sample=sample)

    refuse(MIXED.drop(columns="mass"), "lacks the columns mass, which the model was fitted on")
    refuse(MIXED.assign(mass="heavy"), "column 'mass' must hold numbers")
    refuse(
        MIXED.assign(island="here"), "column 'island' holds 'here', which is none of the model's 6 categories"
    )


OLD = Path(__file__).parent / "boosters"


def test_the_old_binary_format_is_refused_with_the_line_that_converts_it(tmp_path: Path) -> None:
    for name in ("xgboost-1.7.6.model", "xgboost-1.7.6-without-mark.model"):
        content = (OLD / "xgboost-1.7.6.model").read_bytes()
        path = tmp_path / name
        path.write_bytes(content.removeprefix(b"binf") if "without" in name else content)
        with pytest.raises(
            UserError, match=r"XGBoost's old binary format.*save_model\('xgboost-1\.7\.6.*\.json'"
        ):
            bring(path, tmp_path)


@pytest.mark.parametrize("name", ["xgboost-1.7.6.json", "xgboost-1.7.6.ubj"])
def test_a_file_of_an_older_xgboost_answers_as_it_did_there(name: str, tmp_path: Path) -> None:
    recorded = np.loadtxt(OLD / "xgboost-1.7.6.csv", delimiter=",", skiprows=1)
    model = bring(OLD / name, tmp_path)
    got = model.predict(instances(recorded[:, :3]))["probabilities"]
    np.testing.assert_allclose(got, recorded[:, 3:], rtol=FLOAT32, atol=FLOAT32)


def test_what_cannot_be_served_is_said_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    both = np.c_[SCORE, -SCORE]
    xgb.XGBRegressor(n_estimators=2, multi_strategy="multi_output_tree").fit(X, both).save_model(path)
    with pytest.raises(UserError, match=r"can't be imported: its leaves hold several values"):
        bring(path, tmp_path)
    lgb.LGBMRegressor(n_estimators=2, linear_tree=True, verbose=-1).fit(X, SCORE).booster_.save_model(path)
    with pytest.raises(UserError, match=r"can't be imported: its leaves are linear models"):
        bring(path, tmp_path)
