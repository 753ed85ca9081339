"""Situations in which models that were converted, stored or served elsewhere have answered wrongly or not at all.

Each is packaged and asked for rows that its data don't hold; whoever serves, the answers are the estimator's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
from sklearn import ensemble, tree
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import SVC, LinearSVC

import skylayer
from serving import golden
from serving.errors import Problem
from skylayer.data.dataset import as_dataset
from skylayer.data.instances import columns_of, rows_of
from skylayer.data.schema import infer
from skylayer.errors import UserError
from skylayer.train.tasks import answers, task_of, to_json

if TYPE_CHECKING:
    from pathlib import Path

xgb = pytest.importorskip("xgboost", reason="its wheel exists for x86_64 Linux only")
QUIET: dict[str, Any] = {"verbose": -1, "random_state": 0}
CLOSE = {"predictions", "probabilities", "scores"}


def instances(data: Any) -> list[Any]:
    """Rows as a client would send them."""
    table = as_dataset(data)
    return rows_of(columns_of(table, infer(table)))


def serve(estimator: Any, data: Any, target: Any, folder: Path) -> Any:
    path = skylayer.package(estimator, data, target, name="m", directory=folder, proof_rows=1000)
    return skylayer.open(path)


def check(  # noqa: PLR0917 - what a situation is
    estimator: Any, data: Any, target: Any, asked: Any, folder: Path, engine: str = "native"
) -> Any:
    """Package, ask for the rows at once and a few of them alone, and compare with the estimator's own answers."""
    model = serve(estimator, data, target, folder)
    assert model.manifest["engine"] == engine, model.manifest["engine_reason"]
    rows = instances(asked)
    with np.errstate(all="ignore"):  # rows that overflow on purpose
        expected = answers(estimator, asked, task_of(estimator))
    tolerance = golden.tolerance_of(model.manifest)
    got = model.predict(rows)
    for field in CLOSE & set(expected):
        for row, own, said in zip(rows, to_json(expected[field]), got[field], strict=True):
            assert golden.is_same(own, said, tolerance[field]), (field, row)
    for k in range(0, len(rows), max(1, len(rows) // 5)):
        alone = model.predict([rows[k]])
        for field in CLOSE & set(expected):
            assert golden.is_same(got[field][k], alone[field][0], tolerance[field]), (field, rows[k])
    return model


def refusal(model: Any, row: Any) -> str:
    with pytest.raises(Problem) as refused:
        model.predict([row])
    return repr(refused.value.errors)


def clouds(rows: int = 300, columns: int = 5) -> tuple[Any, Any, np.random.Generator]:
    """Numbers around zero, and whether a curved border runs below them."""
    random = np.random.default_rng(0)
    data = random.normal(0, 3, (rows, columns))
    return data, (data[:, 0] + data[:, 1] ** 2 / 4 + random.normal(size=rows) > 2).astype(int), random


def flats(rows: int = 240) -> tuple[pd.DataFrame, Any]:
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "quarter": random.choice(list("abcdef"), rows),
            "heating": pd.Series(random.choice(np.array(["gas", "oil", None], dtype=object), rows)),
            "size": np.where(random.random(rows) < 0.1, np.nan, random.normal(70, 20, rows).round(1)),
            "rooms": random.integers(1, 5, rows),
        }
    )
    return frame, (frame["quarter"].isin(["a", "c"]) ^ (frame["size"].fillna(0) > 70)).astype(int).to_numpy()


def objects(texts: Any, missing: Any) -> Any:
    """A column of objects in which this stands for what is missing."""
    return pd.Series([missing if pd.isna(text) else text for text in texts], dtype=object)


def beside(trees: list[Any], feature: int, base: Any) -> Any:
    """Rows on either side of every split at a feature, in double and in single precision."""
    found = np.concatenate([t.threshold[t.feature == feature] for t in trees])[:60]
    single = found.astype(np.float32)
    values = np.concatenate([
        found, np.nextafter(found, -np.inf), np.nextafter(found, np.inf), single.astype(float),
        np.nextafter(single, np.float32(-np.inf)).astype(float),
        np.nextafter(single, np.float32(np.inf)).astype(float),
    ])  # fmt: skip
    rows = np.tile(base, (len(values), 1))
    rows[:, feature] = values
    return rows


# --- columns ----------------------------------------------------------------------------------------------------------


def test_a_whole_float_is_an_integer_and_more_is_taken_where_the_estimator_takes_it(tmp_path: Path) -> None:
    data = pd.DataFrame({"age": np.arange(60), "x": np.linspace(0, 1, 60)})
    estimator = ensemble.HistGradientBoostingClassifier(max_iter=5).fit(data, data["age"] > 30)
    model = check(estimator, data, data["age"] > 30, data, tmp_path)
    row = {"age": 31, "x": 0.5}
    assert model.predict([row | {"age": 31.0}])["predictions"] == model.predict([row])["predictions"]
    for value in (None, 31.5):
        asked = pd.DataFrame([row | {"age": np.nan if value is None else value}])
        assert model.predict([row | {"age": value}])["predictions"] == estimator.predict(asked).tolist()
    assert "without quotes" in refusal(model, row | {"age": "31"})


@pytest.mark.parametrize("missing", [None, np.nan], ids=["None", "NaN"])
def test_a_text_that_is_missing_is_filled_as_it_was(missing: Any, tmp_path: Path) -> None:
    data, target = flats()
    data["heating"] = objects(data["heating"], missing)
    fill = SimpleImputer(missing_values=missing, strategy="constant", fill_value="")
    columns = make_column_transformer(
        (make_pipeline(fill, OneHotEncoder(handle_unknown="ignore")), ["heating"]), sparse_threshold=0
    )
    estimator = make_pipeline(columns, tree.DecisionTreeClassifier(random_state=0)).fit(data, target)
    asked = data.head(4).assign(heating=pd.Series([missing, "wood", "", "gas"], dtype=object))
    check(estimator, data, target, asked, tmp_path)


@pytest.mark.parametrize(
    "estimator",
    [
        ensemble.RandomForestClassifier(5, random_state=0),
        ensemble.HistGradientBoostingClassifier(max_iter=5),
        make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression()),
    ],
    ids=lambda e: type(e).__name__,
)
def test_nullable_columns_of_pandas_are_answered_whoever_serves(estimator: Any, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    data = pd.DataFrame(
        {
            "whole": pd.array(random.integers(0, 9, 150), "Int64"),
            "flag": pd.array(random.random(150) > 0.5, "boolean"),
            "real": pd.array(random.normal(size=150), "Float64"),
        }
    )
    target = (data["whole"].to_numpy(float) > 4).astype(int)
    data.loc[::7, ["whole", "flag", "real"]] = pd.NA
    model = serve(estimator.fit(data, target), data, target, tmp_path)
    got = model.predict(instances(data))["predictions"]
    assert got == estimator.predict(data).tolist()


@pytest.mark.parametrize("how", ["ignore", "infrequent_if_exist", "warn"])
@pytest.mark.parametrize(
    "rare", [{}, {"min_frequency": 20}, {"max_categories": 3}, {"drop": "first"}], ids=str
)
@pytest.mark.filterwarnings("ignore:Found unknown categories")
def test_an_unknown_category_goes_where_the_encoder_puts_it(
    how: Any, rare: dict[str, Any], tmp_path: Path
) -> None:
    random = np.random.default_rng(0)
    letters, codes = random.choice(list("aaaabbbbcdefg"), 200), random.choice([1, 2, 3, 40], 200)
    data = pd.DataFrame({"letter": letters, "code": codes})
    target = ((letters == "a") | (codes == 40)).astype(int)
    estimator = make_pipeline(OneHotEncoder(handle_unknown=how, **rare), LogisticRegression())
    asked = pd.DataFrame({"letter": ["zz", "a", "g", "c", ""], "code": [5, 40, 1, -1, 0]})
    check(estimator.fit(data, target), data, target, asked, tmp_path)


@pytest.mark.parametrize(
    "codes",
    [
        {"unknown_value": np.nan},
        {"unknown_value": -1, "encoded_missing_value": -2},
        {"unknown_value": -1, "min_frequency": 90},
    ],
    ids=str,
)
def test_a_code_for_the_unknown_may_itself_be_missing(codes: dict[str, Any], tmp_path: Path) -> None:
    data, target = flats()
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", **codes)
    columns = make_column_transformer((encoder, ["heating", "quarter"]), ("passthrough", ["size"]))
    estimator = make_pipeline(columns, ensemble.HistGradientBoostingClassifier(max_iter=10))
    asked = data.head(4).assign(heating=pd.Series(["gas", "wood", None, "oil"], dtype=object))
    check(estimator.fit(data, target), data, target, asked, tmp_path)


def test_codes_below_zero_and_beyond_a_byte_are_no_categories(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    data = np.column_stack([random.integers(0, 9, 300), random.normal(size=300)]).astype(float)
    target = (data[:, 0] % 3 == 0) ^ (data[:, 1] > 0)
    estimator = ensemble.HistGradientBoostingClassifier(max_iter=10, categorical_features=[0])
    asked = np.array([[code, 0.3] for code in (-1, -99, 8, 9, 254, 255, 256, 1e9, 1.5, 0.0, -0.0)])
    check(estimator.fit(data, target), data, target, asked, tmp_path)


@pytest.mark.filterwarnings("ignore:Skipping features without any observed values")
def test_a_column_without_any_value_is_dropped_or_filled(tmp_path: Path) -> None:
    data = pd.DataFrame({"a": np.linspace(-1, 1, 60), "b": np.full(60, np.nan)})
    for keep in (False, True):
        imputer = SimpleImputer(keep_empty_features=keep)
        estimator = make_pipeline(imputer, LogisticRegression()).fit(data, data["a"] > 0)
        check(estimator, data, data["a"] > 0, data.assign(b=3.0), tmp_path / str(keep))


def test_a_double_in_a_column_of_single_precision_is_rounded_first(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    data = pd.DataFrame(
        {
            "tiny": random.integers(-100, 100, 200).astype("int8"),
            "wide": random.integers(-(2**30), 2**30, 200).astype("int32"),
            "single": random.normal(size=200).astype("float32"),
            "half": random.normal(size=200).astype("float16"),
        }
    )
    target = ((data["tiny"] > 0) ^ (data["single"] > 0.1)).astype(int)
    estimator = ensemble.RandomForestClassifier(10, random_state=0).fit(data, target)
    model = check(estimator, data, target, data, tmp_path)
    row = instances(data.head(1))[0]
    own = estimator.predict_proba(data.head(1).assign(single=np.float32(0.1)))
    assert model.predict([row | {"single": 0.1}])["probabilities"] == own.tolist()
    assert "between -128 and 127" in refusal(model, row | {"tiny": 128})


def test_columns_may_come_in_any_order_but_not_be_other_ones(tmp_path: Path) -> None:
    data = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 3)), columns=list("abc"))
    model = check(Ridge().fit(data, data["a"]), data, data["a"], data, tmp_path)
    row = instances(data)[0]
    assert model.predict([dict(reversed(row.items()))]) == model.predict([row])
    assert "/instances/0/d" in refusal(model, row | {"d": 1})
    assert "/instances/0/c" in refusal(model, {"a": 1, "b": 2})


# --- trees ------------------------------------------------------------------------------------------------------------


def test_shares_that_lie_beside_every_split_of_a_forest(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    data = random.dirichlet(np.ones(4), 400)
    forest = ensemble.RandomForestClassifier(5, random_state=0).fit(data, (data[:, 0] * 40).astype(int) % 5)
    asked = np.vstack([beside([e.tree_ for e in forest.estimators_], k, data[k]) for k in range(4)])
    check(forest, data, (data[:, 0] * 40).astype(int) % 5, asked, tmp_path)


def test_numbers_of_six_digits_beside_every_split_of_an_isolation_forest(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    values = np.column_stack([random.uniform(0, 1e6, 300).round(6), random.uniform(5000, 5400, 300).round(8)])
    data = pd.DataFrame(values, columns=["a.part", "b.part"])
    forest = ensemble.IsolationForest(n_estimators=20, random_state=0).fit(data)
    rows = np.vstack([beside([e.tree_ for e in forest.estimators_], k, values[0]) for k in range(2)])
    check(forest, data, None, pd.DataFrame(rows, columns=data.columns), tmp_path)


@pytest.mark.parametrize(
    "kind", [ensemble.RandomForestClassifier, ensemble.ExtraTreesClassifier, tree.DecisionTreeClassifier]
)
def test_a_missing_value_goes_where_the_tree_has_learned(kind: Any, tmp_path: Path) -> None:
    data, target, random = clouds()
    data[random.random(data.shape) < 0.2] = np.nan
    target[np.isnan(data[:, 2])] = 1
    asked = random.normal(0, 3, (200, 5))
    asked[random.random(asked.shape) < 0.4] = np.nan
    asked[0] = np.nan
    check(kind(random_state=0).fit(data, target), data, target, asked, tmp_path)


def test_integers_that_single_precision_cannot_tell_apart(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    data = pd.DataFrame({"id": 2**24 + random.integers(0, 4000, 300), "x": random.normal(size=300)})
    target = ((data["id"] % 7 > 3) ^ (data["x"] > 0)).astype(int)
    asked = pd.DataFrame({"id": np.arange(2**24, 2**24 + 4000, 11), "x": 0.1})
    check(
        ensemble.RandomForestClassifier(10, random_state=0).fit(data, target), data, target, asked, tmp_path
    )


def test_what_is_too_large_for_single_precision_is_refused_and_what_just_fits_answered(
    tmp_path: Path,
) -> None:
    data, target, _ = clouds()
    forest = ensemble.RandomForestClassifier(5, random_state=0).fit(data, target)
    edges = (3.4028235e38, -3e38, 5e-324, 1e-45, 0.0, -0.0)
    model = check(forest, data, target, np.array([[edge] * 5 for edge in edges]), tmp_path)
    for value in (1e300, -1e300, 3.4028235677973366e38):
        assert "/instances/0" in refusal(model, [value, 0.0, 0.0, 0.0, 0.0])


def test_large_targets_and_wide_ranges_keep_every_bit(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    scales = np.array([1, 10, 1e3, 1e5, 1e-3])
    data = random.normal(size=(300, 5)) * scales
    target = 1e7 * np.exp(data @ (1 / scales) / 5)
    for kind in (ensemble.RandomForestRegressor, ensemble.ExtraTreesRegressor):
        estimator = make_pipeline(StandardScaler(), kind(15, random_state=0)).fit(data, target)
        model = check(estimator, data, target, data * 2, tmp_path / kind.__name__)
        assert model.predict((data * 2).tolist())["predictions"] == estimator.predict(data * 2).tolist()


# --- LightGBM ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [{}, {"zero_as_missing": True}, {"use_missing": False}, {"monotone_constraints": [1, -1, 0, 0, 0]},
     {"extra_trees": True}, {"max_bin": 15}, {"data_sample_strategy": "goss"}],
    ids=str,
)  # fmt: skip
def test_zeros_and_gaps_of_lightgbm_are_what_it_was_told(options: dict[str, Any], tmp_path: Path) -> None:
    data, target, random = clouds()
    data[random.random(data.shape) < 0.3] = 0.0
    data[random.random(data.shape) < 0.1] = np.nan
    asked = random.normal(0, 3, (200, 5))
    asked[random.random(asked.shape) < 0.3] = 0.0
    asked[random.random(asked.shape) < 0.2] = np.nan
    asked[0], asked[1], asked[2] = 1e-36, -1e-36, 1.0000001e-35
    estimator = lgb.LGBMClassifier(n_estimators=15, **options, **QUIET).fit(data, target)
    check(estimator, data, target, asked, tmp_path)


def test_a_code_of_lightgbm_that_is_missing_odd_or_huge(tmp_path: Path) -> None:
    data = np.array(30 * [[1.0]] + 30 * [[2.0]] + 30 * [[0.0]] + 10 * [[np.nan]])
    target = np.array(60 * [5.0] + 30 * [10.0] + 10 * [7.0])
    estimator = lgb.LGBMRegressor(n_estimators=5, min_child_samples=1, **QUIET)
    estimator.fit(data, target, categorical_feature=[0])
    asked = [np.nan, 0.0, 1.0, 2.0, 3.0, -1.0, 1.5, 0.9, -0.5, 1e9, 2.0**31, 1e300, -1e300]
    check(estimator, data, target, np.array(asked)[:, None], tmp_path)


def test_fewer_and_other_categories_than_lightgbm_was_trained_on(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    pets = pd.Categorical(random.choice(["cat", "dog", "owl"], 200), ["owl", "dog", "cat", "yak"])
    data = pd.DataFrame({"pet": pets, "age": random.uniform(0, 20, 200).round(2)})
    target = ((data["pet"] == "dog") & (data["age"] > 5)).astype(int)
    estimator = lgb.LGBMClassifier(n_estimators=10, min_child_samples=5, **QUIET).fit(data, target)
    asked = data.head(4).assign(pet=pd.Categorical(["cat", "zebra", "dog", "yak"]))
    model = check(estimator, data, target, asked, tmp_path)
    alone = data.head(1).assign(pet=pd.Categorical(["owl"]))
    assert model.predict(instances(alone))["predictions"] == np.asarray(estimator.predict(alone)).tolist()


def test_a_gap_where_lightgbm_saw_none_is_answered_as_it_does(tmp_path: Path) -> None:
    data, target, _ = clouds()
    frame = pd.DataFrame(data, columns=[f"column {k}" for k in range(5)])
    estimator = lgb.LGBMClassifier(n_estimators=5, **QUIET).fit(frame, target)
    model = check(estimator, frame, target, frame, tmp_path)
    answered = model.predict([instances(frame)[0] | {"column 3": None}])["predictions"]
    asked = frame.head(1).assign(**{"column 3": np.nan})
    assert answered == np.asarray(estimator.predict(asked)).tolist()


def test_a_ranker_is_neither_classifier_nor_regressor(tmp_path: Path) -> None:
    data, target, _ = clouds(200)
    ranker = lgb.LGBMRanker(n_estimators=5, **QUIET).fit(data, target, group=[20] * 10)
    with pytest.raises(UserError, match="LGBMRanker is neither classifier"):
        serve(ranker, data, target, tmp_path)


def test_early_stopping_of_lightgbm_answers_with_the_best_round(tmp_path: Path) -> None:
    data, target, random = clouds(400)
    estimator = lgb.LGBMClassifier(n_estimators=200, learning_rate=0.5, **QUIET)
    stop = lgb.early_stopping(3, verbose=False)
    estimator.fit(data[:300], target[:300], eval_X=data[300:], eval_y=target[300:], callbacks=[stop])
    assert 0 < estimator.best_iteration_ < 200
    check(estimator, data, target, random.normal(0, 3, (100, 5)), tmp_path)


# --- XGBoost ----------------------------------------------------------------------------------------------------------


def test_zeros_and_gaps_of_xgboost_are_two_things(tmp_path: Path) -> None:
    data, target, random = clouds()
    data[random.random(data.shape) < 0.25] = 0.0
    data[random.random(data.shape) < 0.15] = np.nan
    asked = random.normal(size=(200, 5))
    asked[random.random(asked.shape) < 0.3] = 0.0
    asked[random.random(asked.shape) < 0.2] = np.nan
    check(xgb.XGBClassifier(n_estimators=15).fit(data, target), data, target, asked, tmp_path)


def test_a_number_that_stands_for_a_gap_and_a_base_score(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    data = pd.DataFrame(random.integers(0, 4, (300, 4)).astype(float), columns=list("abcd"))
    target = random.poisson(1 + data["a"] + (data["b"] == 1) * 2).astype(float)
    estimator = xgb.XGBRegressor(
        n_estimators=30, missing=1, base_score=0.05, objective="count:poisson", tree_method="approx"
    )
    asked = pd.DataFrame(random.integers(0, 5, (100, 4)).astype(float), columns=list("abcd"))
    check(estimator.fit(data, target), data, target, asked, tmp_path)


@pytest.mark.parametrize("score", [0.4, 0.01, None])
def test_one_tree_of_xgboost_stands_on_its_base_score(score: float | None, tmp_path: Path) -> None:
    data, target, random = clouds()
    estimator = xgb.XGBClassifier(max_depth=1, n_estimators=1, base_score=score).fit(data, target)
    check(estimator, data, target, random.normal(0, 99, (100, 5)), tmp_path)


@pytest.mark.parametrize(
    "options",
    [{}, {"booster": "dart", "rate_drop": 0.2}, {"num_parallel_tree": 4, "subsample": 0.6}],
    ids=str,
)
def test_early_stopping_of_xgboost_answers_with_the_best_round(
    options: dict[str, Any], tmp_path: Path
) -> None:
    data, _, random = clouds(400)
    target = np.digitize(data[:, 0] + random.normal(0, 2, 400), [-1, 1])
    estimator = xgb.XGBClassifier(n_estimators=60, learning_rate=0.5, early_stopping_rounds=3, **options)
    estimator.fit(data[:300], target[:300], eval_set=[(data[300:], target[300:])], verbose=False)
    assert estimator.best_iteration + 1 < estimator.get_booster().num_boosted_rounds()
    check(estimator, data, target, random.normal(0, 3, (100, 5)), tmp_path)


def test_numbers_that_only_double_precision_tells_apart(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    data = random.uniform(0, 1, (300, 3)).round(3) + 1e5
    target = (data[:, 0] * 1000 % 2).astype(int)
    estimator = xgb.XGBClassifier(n_estimators=15, tree_method="exact").fit(data, target)
    asked = np.vstack([np.nextafter(data, 0), np.nextafter(data, 1e9), data.astype(np.float32).astype(float)])
    check(estimator, data, target, asked, tmp_path)


def test_a_scaler_may_overflow_in_front_of_xgboost(tmp_path: Path) -> None:
    data, target, _ = clouds()
    data = data / 1000
    estimator = make_pipeline(MinMaxScaler(), xgb.XGBRegressor(n_estimators=5)).fit(data, target)
    asked = np.vstack([data[:20], [[1.7e308, 0, 0, 0, 0], [-1.7e308, 0, 0, 0, 0]]])
    check(estimator, data, target.astype(float), asked, tmp_path)


def test_names_of_columns_in_odd_letters(tmp_path: Path) -> None:
    data, target, _ = clouds()
    frame = pd.DataFrame(data, columns=["weight (kg)", "höhe", "a=b", "x y", "_0"])
    check(xgb.XGBClassifier(n_estimators=5).fit(frame, target), frame, target, frame, tmp_path)


# --- linear models, kernels, networks ---------------------------------------------------------------------------------


def test_integers_beyond_a_double_reach_a_linear_model_rounded(tmp_path: Path) -> None:
    data = pd.DataFrame({"share": np.linspace(0, 1, 40), "count": np.arange(40) * 7 % 40})
    target = (data["share"] + data["count"] / 40 > 1).astype(int)
    asked = pd.DataFrame({"share": [0.5, 1.0, 0.0], "count": [7, 2**53 + 1, -(2**62)]})
    check(LogisticRegression().fit(data, target), data, target, asked, tmp_path)


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_indicators_imputers_and_other_categories_at_once(tmp_path: Path) -> None:
    data, target = flats()
    fill = SimpleImputer(missing_values=None, strategy="constant", fill_value="none")
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), ["size"]),
        (make_pipeline(fill, OneHotEncoder(handle_unknown="ignore")), ["heating"]),
        (OneHotEncoder(handle_unknown="ignore"), ["quarter", "rooms"]),
    )
    data["heating"] = objects(data["heating"], None)
    asked = data.head(20).copy()
    asked.loc[:5, "rooms"] = 9
    asked.loc[3:9, "quarter"] = "z"
    asked.loc[7:12, "heating"] = "wood"
    network = MLPClassifier((6, 1), max_iter=40, activation="tanh", random_state=0)
    for name, last in (("linear", LogisticRegression()), ("network", network)):
        estimator = make_pipeline(columns, last).fit(data, target)
        check(estimator, data, target, asked, tmp_path / name)


@pytest.mark.parametrize(
    "options",
    [{}, {"decision_function_shape": "ovo"}, {"break_ties": True}, {"kernel": "rbf", "gamma": 1e-3}],
    ids=str,
)
def test_scores_of_a_support_vector_machine_have_its_signs_and_order(
    options: dict[str, Any], tmp_path: Path
) -> None:
    data, binary, _ = clouds(150, 3)
    for classes in (2, 4):
        target = binary if classes == 2 else binary + 2 * (data[:, 2] > 0)
        if classes == 2 and "break_ties" in options:
            continue
        estimator = SVC(**({"kernel": "linear"} | options)).fit(data, target)
        check(estimator, data, target, data * 1.1 + 1, tmp_path / str(classes))


def test_probabilities_of_columns_of_other_sizes(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    data = np.column_stack([random.integers(0, 600, 150), random.random(150), random.normal(300, 50, 150)])
    target = (data[:, 0] / 100 + data[:, 1] > 3.5).astype(int)
    estimator = CalibratedClassifierCV(SVC(gamma=1e-5, C=100), ensemble=False).fit(data, target)
    check(estimator, data, target, data + 0.5, tmp_path)


def test_shares_are_equal_where_no_class_has_any(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    data, target = random.random((150, 30)), random.integers(10, size=150)
    estimator = SGDClassifier(loss="modified_huber", random_state=0).fit(data, target)
    check(estimator, data, target, random.random((60, 30)), tmp_path)


def test_texts_of_other_letters_and_of_none(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    words = ["alpha", "beta", "gamma", "über", "42", "it's", "x"]
    texts = [" ".join(random.choice(words, 6)) for _ in range(100)]
    target = ["beta" in text for text in texts]
    estimator = make_pipeline(TfidfVectorizer(max_df=0.9, min_df=0.01), LinearSVC()).fit(texts, target)
    model = serve(estimator, texts, target, tmp_path)
    assert model.manifest["engine"] == "native", model.manifest["engine_reason"]
    asked = ["", "beta", "BETA beta", "Über ÜBER"]
    answer = model.predict(asked)
    assert answer["predictions"] == estimator.predict(asked).tolist()
    np.testing.assert_allclose(answer["scores"], estimator.decision_function(asked), rtol=1e-12)


def test_a_target_that_is_left_out_leaves_out_the_measures(tmp_path: Path) -> None:
    data, target, _ = clouds()
    model = check(LogisticRegression().fit(data, target), data, None, data, tmp_path)
    assert model.manifest["metrics"] == {}
