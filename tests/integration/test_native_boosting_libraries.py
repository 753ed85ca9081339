"""LightGBM and XGBoost against their own predict, missing values, zeros and categories included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from native_compare import compare, native_and_reference, numeric_schema
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from serving.errors import RowError
from skylayer.compiler import CannotCompile, compile_estimator
from skylayer.data.dataset import as_dataset
from skylayer.data.instances import columns_of
from skylayer.data.schema import infer

if TYPE_CHECKING:
    from pathlib import Path

lightgbm = pytest.importorskip("lightgbm")
xgboost = pytest.importorskip("xgboost")
COLUMNS, ROWS = 4, 1500
EXACT, ROUNDED = 0.0, 1e-14
SMALL = {"n_estimators": 12, "num_leaves": 12, "min_child_samples": 5, "verbose": -1, "random_state": 0}


def regressor(**options: Any) -> Any:
    return lightgbm.LGBMRegressor(**SMALL, **options)


def classifier(**options: Any) -> Any:
    return lightgbm.LGBMClassifier(**SMALL, **options)


CASES = [
    (regressor(), "number", EXACT),
    (regressor(zero_as_missing=True), "number", EXACT),
    (regressor(use_missing=False), "number", EXACT),
    (regressor(objective="poisson"), "number", ROUNDED),
    (regressor(objective="quantile", alpha=0.3), "number", EXACT),
    (regressor(boosting_type="rf", bagging_freq=1, bagging_fraction=0.7), "number", EXACT),
    (regressor(boosting_type="dart"), "number", EXACT),
    (classifier(), "flag", ROUNDED),
    (classifier(), "label", ROUNDED),
    (classifier(objective="multiclassova"), "label", ROUNDED),
    (make_pipeline(SimpleImputer(), StandardScaler(), regressor()), "number", EXACT),
]  # fmt: skip


def values(rows: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    x = random.integers(-300, 700, (rows, COLUMNS)) / 100
    x[random.random((rows, COLUMNS)) < 0.1] = np.nan
    x[random.random((rows, COLUMNS)) < 0.1] = 0.0
    x[:, 3] = random.integers(0, 40, rows)
    return pd.DataFrame(x, columns=[f"x{i}" for i in range(COLUMNS)])


def training() -> tuple[pd.DataFrame, dict[str, Any]]:
    frame = values(600, 0)
    score = frame.x0.fillna(3) + np.where(frame.x1 == 0, 4, 0) + frame.x3 % 5 + 4
    label = np.array(["p", "q", "r"])[np.digitize(score, [7, 10])]
    return frame, {"number": score, "flag": (score > 8).to_numpy(), "label": label}


def requests() -> list[list[Any]]:
    frame = values(ROWS, 1)
    special = [0.0, -0.0, 1e-36, -1e-30, -0.5, 39.7, 1e9, -1e300, float("inf"), -3.0]
    frame.iloc[: len(special), 3] = special
    frame.iloc[: len(special), 0] = special[::-1]
    frame.iloc[len(special) : len(special) + 5, 3] = np.nan
    return [[None if v != v else v for v in frame[c].tolist()] for c in frame]  # noqa: PLR0124 - NaN


@pytest.mark.parametrize(("estimator", "target", "bound"), CASES, ids=lambda v: type(v).__name__)
def test_answers_are_the_librarys(estimator: Any, target: str, bound: float, tmp_path: Path) -> None:
    frame, targets = training()
    columns = requests()
    if hasattr(estimator, "steps"):  # scikit-learn's steps refuse infinity
        columns = [[min(v, 1e9) if v is not None else v for v in column] for column in columns]
    compare(estimator.fit(frame, targets[target]), numeric_schema(COLUMNS), columns, tmp_path, bound)


def test_lightgbm_decides_categories_itself(tmp_path: Path) -> None:
    frame, targets = training()
    model = regressor(min_data_per_group=1, cat_smooth=1, max_cat_to_onehot=2)
    model.fit(frame, targets["number"], categorical_feature=[3])
    assert "num_cat=0" not in model.booster_.model_to_string().partition("Tree=1\n")[0]
    compare(model, numeric_schema(COLUMNS), requests(), tmp_path, EXACT)


@pytest.mark.parametrize("categories", [[], [3]], ids=["numbers", "categories"])
@pytest.mark.parametrize("zero_as_missing", [False, True])
@pytest.mark.parametrize("missing", [False, True])
def test_answers_depend_on_no_other_row(
    *, missing: bool, zero_as_missing: bool, categories: list[int], tmp_path: Path
) -> None:
    frame, targets = training()
    model = regressor(
        min_data_per_group=1, cat_smooth=1, max_cat_to_onehot=2, zero_as_missing=zero_as_missing
    )
    model.fit(frame if missing else frame.fillna(1.0), targets["number"], categorical_feature=categories)
    columns = requests()
    if not missing:
        columns = [[1.0 if v is None else v for v in column] for column in columns]

    def answers(first: int, rows: int) -> bytes:
        asked = [column[first : first + rows] for column in columns]
        native, expected = native_and_reference(model, numeric_schema(COLUMNS), asked, tmp_path)
        np.testing.assert_array_equal(native["predictions"], expected["predictions"])
        return np.ascontiguousarray(native["predictions"]).tobytes()

    together = answers(0, 300)
    for rows in (1, 3, 4, 5, 16, 17, 257):
        assert answers(7, rows) == together[7 * 8 : (7 + rows) * 8]


def test_xgboost_ends_at_its_best_iteration_and_takes_infinity(tmp_path: Path) -> None:
    frame, targets = training()
    model = xgboost.XGBRegressor(n_estimators=300, learning_rate=0.5, early_stopping_rounds=3)
    held_out = (frame[300:], targets["number"][300:])
    model.fit(frame[:300], targets["number"][:300], eval_set=[held_out], verbose=False)
    assert model.best_iteration + 1 < model.get_booster().num_boosted_rounds()
    columns = values(ROWS, 2).fillna(1.0).T.to_numpy().tolist()
    compare(model, numeric_schema(COLUMNS), columns, tmp_path, EXACT)
    infinite = [[float("inf"), float("-inf")]] * COLUMNS
    compare(model, numeric_schema(COLUMNS), infinite, tmp_path, EXACT)


def test_early_stopping_ends_at_the_best_iteration(tmp_path: Path) -> None:
    frame, targets = training()
    model = lightgbm.LGBMRegressor(**{**SMALL, "n_estimators": 300, "learning_rate": 0.5})
    model.fit(
        frame[:300], targets["number"][:300], eval_X=frame[300:], eval_y=targets["number"][300:],
        callbacks=[lightgbm.early_stopping(3, verbose=False)],
    )  # fmt: skip
    assert model.best_iteration_ < 300
    compare(model, numeric_schema(COLUMNS), requests(), tmp_path, EXACT)


@pytest.mark.parametrize(
    ("options", "reason"),
    [({"linear_tree": True}, "linear_tree=True"), ({"reg_sqrt": True}, "square roots")],
)
def test_what_cannot_be_compiled_is_named(options: dict[str, Any], reason: str) -> None:
    frame, targets = training()
    model = regressor(**options).fit(frame.fillna(0), targets["number"])
    with pytest.raises(CannotCompile, match=reason):
        compile_estimator(model, numeric_schema(COLUMNS))


def test_a_classifier_that_stops_early_at_prediction_is_declined_and_a_regressor_never_does(
    tmp_path: Path,
) -> None:
    frame, targets = training()
    options = {"pred_early_stop": True, "pred_early_stop_margin": 0.5}
    early = classifier(**options).fit(frame, targets["flag"])
    with pytest.raises(CannotCompile, match=r"LGBMClassifier\(pred_early_stop=True\)"):
        compile_estimator(early, numeric_schema(COLUMNS))
    number = regressor(**options).fit(frame, targets["number"])
    compare(number, numeric_schema(COLUMNS), requests(), tmp_path, EXACT)


FLOAT32 = 4 * float(np.finfo(np.float32).eps)
TREES = {"n_estimators": 15, "max_depth": 5, "random_state": 0}
FLOAT32_CASES = [
    (xgboost.XGBRegressor(**TREES), "number", EXACT),
    (xgboost.XGBRegressor(**TREES, objective="count:poisson"), "number", FLOAT32),
    (xgboost.XGBRegressor(**TREES, num_parallel_tree=3, subsample=0.7), "number", EXACT),
    (xgboost.XGBRFRegressor(**TREES), "number", EXACT),
    (xgboost.XGBClassifier(**TREES), "flag", FLOAT32),
    (xgboost.XGBClassifier(**TREES), "code", FLOAT32),
    (xgboost.XGBRFClassifier(**TREES), "flag", FLOAT32),
    (xgboost.XGBRegressor(**TREES, booster="dart", rate_drop=0.3), "number", EXACT),
    (xgboost.XGBRegressor(**TREES, missing=0.0), "number", EXACT),
    (xgboost.XGBClassifier(**TREES), "indicators", FLOAT32),
    (make_pipeline(SimpleImputer(), xgboost.XGBRegressor(**TREES)), "number", EXACT),
]


@pytest.mark.parametrize(("estimator", "target", "bound"), FLOAT32_CASES, ids=lambda v: type(v).__name__)
def test_answers_are_xgboosts_in_float32(estimator: Any, target: str, bound: float, tmp_path: Path) -> None:
    frame, targets = training()
    codes = np.searchsorted(["p", "q", "r"], targets["label"])
    flag = targets["flag"].astype(int)
    made = {"code": codes, "flag": flag, "indicators": np.column_stack([flag, codes == 1]).astype(int)}
    estimator.fit(frame, {**targets, **made}[target])
    columns = [[v if v is None else min(max(v, -1e9), 1e300) for v in column] for column in requests()]
    columns[1][:2] = [3.4028235677973366e38, -3.4028235677973366e38]
    compare(estimator, numeric_schema(COLUMNS), columns, tmp_path, bound)


@pytest.mark.parametrize("one_hot", [1, 100])
def test_xgboost_decides_codes_of_categories(one_hot: int, tmp_path: Path) -> None:
    """Codes beyond those of the training, negative ones and fractions have ways of their own."""
    frame, targets = training()
    kinds = ["q", "q", "q", "c"]
    model = xgboost.XGBRegressor(
        **TREES, enable_categorical=True, feature_types=kinds, max_cat_to_onehot=one_hot
    ).fit(frame, targets["number"])
    columns = [[v if v is None else min(max(v, -1e9), 1e300) for v in column] for column in requests()]
    compare(model, numeric_schema(COLUMNS), columns, tmp_path, EXACT)


def with_categories(rows: int, seed: int) -> tuple[pd.DataFrame, Any]:
    random = np.random.default_rng(seed)
    word = pd.Series(random.choice(["x", "ü", "why", "z"], rows)).mask(random.random(rows) < 0.1)
    whole = random.choice([3, 7, 1, 40], rows)
    frame = pd.DataFrame(
        {"a": random.normal(size=rows).round(2), "s": word.astype("category"), "n": pd.Categorical(whole)}
    )
    return frame, frame.a + (word == "ü") * 2 + (whole == 7) * 3 + 4


@pytest.mark.parametrize(
    "model",
    [
        xgboost.XGBRegressor(**TREES, enable_categorical=True, max_cat_to_onehot=1),
        lightgbm.LGBMRegressor(**SMALL, min_data_per_group=1, cat_smooth=1),
    ],
    ids=lambda m: type(m).__name__,
)
def test_pandas_categories_keep_their_codes(model: Any, tmp_path: Path) -> None:
    frame, target = with_categories(400, 0)
    table = as_dataset(frame)
    schema = infer(table).to_manifest()
    model.fit(frame, target)
    asked = as_dataset(with_categories(300, 1)[0])
    columns = list(columns_of(asked, infer(table)).values())
    compare(model, schema, columns, tmp_path, EXACT)
    unseen = [column[:1] for column in columns]
    unseen[1] = ["never seen"]
    if isinstance(model, xgboost.XGBRegressor):  # as XGBoost does
        with pytest.raises(RowError, match="unknown category in column 's'"):
            compare(model, schema, unseen, tmp_path, EXACT)
    else:
        compare(model, schema, unseen, tmp_path, EXACT)
