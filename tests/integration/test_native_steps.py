"""Each transformer in front of a tree and of a linear model, with its options, against scikit-learn."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from native_compare import compare
from sklearn import (
    cluster,
    decomposition,
    feature_selection,
    impute,
    kernel_approximation,
    preprocessing,
    random_projection,
)
from sklearn.compose import ColumnTransformer, make_column_selector, make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.experimental import enable_iterative_imputer  # noqa: F401 - registers the imputer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold
from sklearn.pipeline import FeatureUnion, make_pipeline, make_union
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from serving.errors import RowError
from skylayer.compiler import CannotCompile, compile_estimator

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 1500
NUMBERS, WORDS = ["a", "b", "c"], ["s", "t"]
SCHEMA: dict[str, Any] = {
    "container": "frame",
    "columns": [
        {"name": "a", "kind": "number", "dtype": "float64", "nullable": True},
        {"name": "b", "kind": "number", "dtype": "float64", "nullable": False},
        {"name": "c", "kind": "integer", "dtype": "int64", "nullable": False},
        {"name": "s", "kind": "category", "dtype": "str", "nullable": True},
        {"name": "t", "kind": "category", "dtype": "object", "nullable": False, "missing": "none"},
    ],
}
EXACT, ROUNDED = 0.0, 1e-10
SHUFFLED = KFold(5, shuffle=True, random_state=0)

# step over the numbers (imputed first), relative bound of what follows
NUMERIC = [
    (preprocessing.Normalizer(), ROUNDED),
    (preprocessing.Normalizer("l1"), ROUNDED),
    (preprocessing.Normalizer("max"), EXACT),
    (preprocessing.Binarizer(threshold=2.5), EXACT),
    (preprocessing.KBinsDiscretizer(5, encode="ordinal", quantile_method="averaged_inverted_cdf"), EXACT),
    (preprocessing.KBinsDiscretizer(4, strategy="uniform"), EXACT),
    (preprocessing.KBinsDiscretizer(4, strategy="kmeans", encode="onehot-dense", random_state=0), EXACT),
    (preprocessing.PolynomialFeatures(3), EXACT),
    (preprocessing.PolynomialFeatures((2, 4), include_bias=False), EXACT),
    (preprocessing.PolynomialFeatures(2, interaction_only=True), EXACT),
    (preprocessing.PowerTransformer(), ROUNDED),
    (preprocessing.PowerTransformer(standardize=False), ROUNDED),
    (make_pipeline(preprocessing.MinMaxScaler((1, 2)), preprocessing.PowerTransformer("box-cox")), ROUNDED),
    (preprocessing.QuantileTransformer(n_quantiles=20), EXACT),
    (preprocessing.QuantileTransformer(n_quantiles=20, output_distribution="normal"), ROUNDED),
    (random_projection.GaussianRandomProjection(2, random_state=0), ROUNDED),
    (random_projection.SparseRandomProjection(2, random_state=0), ROUNDED),
    (cluster.KMeans(4, n_init=1, random_state=0), ROUNDED),
    (cluster.Birch(n_clusters=None, threshold=3.0), 1e-8),
    (preprocessing.OneHotEncoder(handle_unknown="ignore", dtype=int), EXACT),
    (preprocessing.RobustScaler(quantile_range=(10, 90)), EXACT),
    (preprocessing.MinMaxScaler(clip=True), EXACT),
    (preprocessing.MaxAbsScaler(), EXACT),
    (preprocessing.MaxAbsScaler(clip=True), EXACT),
    (feature_selection.VarianceThreshold(1.0), EXACT),
    (feature_selection.SelectKBest(k=2), EXACT),
    (feature_selection.SelectPercentile(percentile=50), EXACT),
    (decomposition.PCA(2), ROUNDED),
    (decomposition.PCA(3, whiten=True), ROUNDED),
    (decomposition.IncrementalPCA(2), ROUNDED),
    (decomposition.TruncatedSVD(2, random_state=0), ROUNDED),
    (decomposition.FastICA(2, random_state=0), ROUNDED),
    (kernel_approximation.Nystroem(n_components=20, random_state=0), 1e-8),
    (kernel_approximation.Nystroem("poly", degree=2, n_components=9, random_state=0), 1e-8),
    (preprocessing.SplineTransformer(), EXACT),
    (preprocessing.SplineTransformer(knots="quantile", include_bias=False), EXACT),
    (preprocessing.SplineTransformer(n_knots=3, degree=2, extrapolation="linear", sparse_output=True), EXACT),
    (preprocessing.SplineTransformer(degree=1, extrapolation="linear"), EXACT),
    (preprocessing.SplineTransformer(extrapolation="continue"), EXACT),
    *((decomposition.KernelPCA(3, kernel=kernel, gamma=0.01), ROUNDED)
      for kernel in ("linear", "poly", "rbf", "sigmoid")),
    (kernel_approximation.PolynomialCountSketch(degree=3, coef0=1, n_components=16, random_state=0), ROUNDED),
    (kernel_approximation.RBFSampler(gamma=0.1, n_components=20, random_state=0), ROUNDED),
    (preprocessing.FunctionTransformer(), EXACT),
    (preprocessing.FunctionTransformer(np.log1p, validate=True), ROUNDED),
    (preprocessing.FunctionTransformer(np.sqrt), EXACT),
    (preprocessing.FunctionTransformer(np.deg2rad), EXACT),
    *((preprocessing.FunctionTransformer(function), ROUNDED)
      for function in (np.sin, np.cos, np.exp2, np.cbrt, np.tanh, np.expm1)),
    *((make_pipeline(preprocessing.MinMaxScaler((1, 2)), preprocessing.FunctionTransformer(function)), ROUNDED)
      for function in (np.log2, np.log10)),
    *((preprocessing.FunctionTransformer(function), EXACT)
      for function in (np.rint, np.isfinite, np.isinf, np.logical_not, np.positive, np.sign, np.floor)),
    (make_union(preprocessing.StandardScaler(), MissingIndicator(features="all")), EXACT),
    (FeatureUnion([("x", "passthrough"), ("y", "drop"), ("z", preprocessing.StandardScaler())],
                  transformer_weights={"z": 0.3}), EXACT),
    (preprocessing.OneHotEncoder(handle_unknown="ignore", max_categories=5), EXACT),
    (preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, min_frequency=5), EXACT),
    (preprocessing.TargetEncoder(cv=SHUFFLED), EXACT),
]  # fmt: skip
# step over the categories
CATEGORICAL = [
    preprocessing.OneHotEncoder(handle_unknown="ignore"),
    preprocessing.OneHotEncoder(handle_unknown="ignore", drop="first"),
    preprocessing.OneHotEncoder(handle_unknown="ignore", drop="if_binary"),
    preprocessing.OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=60),
    preprocessing.OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=2, drop="first"),
    preprocessing.OneHotEncoder(handle_unknown="warn", min_frequency=0.2),
    preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    preprocessing.OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=99, encoded_missing_value=-7
    ),
    preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, max_categories=3),
    preprocessing.TargetEncoder(cv=SHUFFLED),
    preprocessing.TargetEncoder(smooth=3.0, cv=SHUFFLED),
]


def training() -> tuple[pd.DataFrame, dict[str, Any]]:
    random = np.random.default_rng(0)
    grid = random.integers(0, 1000, (2, 400)) / 100
    frame = pd.DataFrame({"a": np.where(random.random(400) < 0.1, np.nan, grid[0]), "b": grid[1]})
    frame["c"] = random.integers(0, 30, 400)
    frame["s"] = pd.Series(random.choice(["x", "y", "ü", "w"], 400, p=[0.5, 0.3, 0.15, 0.05]), dtype="str")
    frame["s"] = frame["s"].mask(random.random(400) < 0.1)
    frame["t"] = pd.Series(random.choice(["yes", "no"], 400), dtype=object)
    score = frame.b + frame.c / 3 + (frame.s == "x") * 4 + random.normal(size=400)
    label = np.array(["p", "q", "r"])[np.digitize(score, [8, 13])]
    return frame, {"label": label, "flag": (score > 10).astype(int), "number": score}


def requests() -> list[list[Any]]:
    random = np.random.default_rng(1)
    grid = (random.integers(0, 1000, (2, ROWS)) / 100).tolist()
    words = random.choice(["x", "y", "ü", "w", "new"], ROWS).tolist()
    return [
        [None if random.random() < 0.1 else v for v in grid[0]],
        grid[1],
        random.integers(0, 40, ROWS).tolist(),
        [None if random.random() < 0.1 else v for v in words],
        random.choice(["yes", "no", "maybe"], ROWS).tolist(),
    ]


@pytest.mark.parametrize(("step", "bound"), NUMERIC, ids=lambda v: type(v).__name__)
def test_numbers(step: Any, bound: float, tmp_path: Path) -> None:
    frame, targets = training()
    columns = make_column_transformer((make_pipeline(SimpleImputer(), step), NUMBERS))
    model = DecisionTreeRegressor(max_depth=6, random_state=0) if bound == EXACT else Ridge()
    pipeline = make_pipeline(columns, model).fit(frame, targets["number"])
    compare(pipeline, SCHEMA, requests(), tmp_path, bound)


@pytest.mark.parametrize("target", ["label", "flag"])
@pytest.mark.parametrize("step", CATEGORICAL, ids=lambda v: type(v).__name__)
def test_categories(step: Any, target: str, tmp_path: Path) -> None:
    frame, targets = training()
    columns = make_column_transformer((step, WORDS))
    pipeline = make_pipeline(columns, RandomForestClassifier(5, random_state=0)).fit(frame, targets[target])
    compare(pipeline, SCHEMA, requests(), tmp_path, EXACT)


@pytest.mark.parametrize("method", ["yeo-johnson", "box-cox"])
@pytest.mark.parametrize("power", [0.0, 1e-18, 1.0, 2.0, -2.0])
def test_powers_with_a_formula_of_their_own(method: Any, power: float, tmp_path: Path) -> None:
    frame, targets = training()
    frame["b"] += 1 - frame["b"].min()
    step = preprocessing.PowerTransformer(method, standardize=False).fit(frame[["b"]])
    step.lambdas_ = np.asarray([power])
    columns = ColumnTransformer([("x", step, ["b"])]).fit(frame)
    columns.named_transformers_["x"].lambdas_ = step.lambdas_
    ridge = Ridge().fit(columns.transform(frame), targets["number"])
    pipeline = make_pipeline(columns, ridge)
    rows: list[list[Any]] = [[1.0] * 4, [0.5, 1.0, 2.5, 30.0], [1] * 4, ["x"] * 4, ["no"] * 4]
    compare(pipeline, SCHEMA, rows, tmp_path, ROUNDED)


@pytest.mark.parametrize("features", ["missing-only", "all"])
def test_missing_indicator_alone(features: str, tmp_path: Path) -> None:
    frame, targets = training()
    columns = make_column_transformer((MissingIndicator(features=features), ["a", "b"]))
    pipeline = make_pipeline(columns, DecisionTreeClassifier(max_depth=2)).fit(frame, targets["flag"])
    compare(pipeline, SCHEMA, requests(), tmp_path, EXACT)


@pytest.mark.parametrize(
    "columns",
    [
        make_column_transformer(("drop", WORDS), remainder="passthrough"),
        make_column_transformer((SimpleImputer(), ["a"]), ("drop", [3, 4]), remainder="passthrough"),
        make_column_transformer(
            (preprocessing.OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")),
            remainder=preprocessing.StandardScaler(),
        ),
        ColumnTransformer([("x", "passthrough", slice("a", "c"))], remainder="drop"),
        ColumnTransformer([("x", preprocessing.MinMaxScaler(), [True, False, True, False, False])]),
        ColumnTransformer([("x", "passthrough", lambda f: [c for c in f if f[c].dtype.kind in "if"])]),
        ColumnTransformer([("n", preprocessing.StandardScaler(), NUMBERS), ("m", "passthrough", ["b"])],
                          transformer_weights={"m": 2.0}),
    ],
)  # fmt: skip
def test_columns_are_chosen_as_scikit_learn_chooses_them(columns: Any, tmp_path: Path) -> None:
    frame, targets = training()
    pipeline = make_pipeline(columns, DecisionTreeClassifier(random_state=0)).fit(frame, targets["label"])
    compare(pipeline, SCHEMA, requests(), tmp_path, EXACT)


def test_imputed_categories_meet_a_linear_model(tmp_path: Path) -> None:
    frame, targets = training()
    words = make_pipeline(SimpleImputer(strategy="constant", fill_value="none"),
                          preprocessing.OneHotEncoder(handle_unknown="ignore"))  # fmt: skip
    pipeline = make_pipeline(make_column_transformer((words, ["s"])), LogisticRegression())
    compare(pipeline.fit(frame, targets["label"]), SCHEMA, requests(), tmp_path, ROUNDED)


def test_values_that_a_step_refuses_refuse_their_row(tmp_path: Path) -> None:
    frame, targets = training()
    frame["b"] += 1
    for step, wrong in (
        (preprocessing.PowerTransformer("box-cox"), 0.0),
        (preprocessing.OrdinalEncoder(), -5.5),
    ):
        pipeline = make_pipeline(make_column_transformer((step, ["b"])), DecisionTreeClassifier())
        pipeline.fit(frame, targets["flag"])
        columns: list[list[Any]] = [
            [1.0, 1.0],
            [float(frame["b"][0]), wrong],
            [1, 2],
            ["x", "x"],
            ["no", "no"],
        ]
        with pytest.raises(RowError) as refused:
            compare(pipeline, SCHEMA, columns, tmp_path, EXACT)
        assert (refused.value.row, refused.value.column) == (1, "b")


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (
            preprocessing.FunctionTransformer(lambda x: x),
            r"FunctionTransformer.func=<<lambda>>.: a callable can't",
        ),
        (preprocessing.FunctionTransformer(np.clip, kw_args={"min": 0, "max": 1}), "arguments of a function"),
        (preprocessing.OneHotEncoder(handle_unknown="ignore", dtype=np.float32), "dtype=float32"),
        (
            preprocessing.SplineTransformer(extrapolation="periodic"),
            r"extrapolation='periodic'\): a remainder",
        ),
        (preprocessing.SplineTransformer(degree=0), r"degree=0\): steps"),
        (
            preprocessing.SplineTransformer(
                handle_missing="zeros", sparse_output=True, extrapolation="continue"
            ),
            r"sparse_output=True\): puts the batch's smallest value",
        ),
        (impute.IterativeImputer(sample_posterior=True), r"sample_posterior=True\): draws at random"),
        (impute.KNNImputer(), "KNNImputer: has no native equivalent"),
    ],
)
def test_what_cannot_be_compiled_is_named(step: Any, reason: str) -> None:
    frame, targets = training()
    columns = make_column_transformer((step, ["b"]))
    pipeline = make_pipeline(columns, DecisionTreeClassifier()).fit(frame, targets["flag"])
    with pytest.raises(CannotCompile, match=reason):
        compile_estimator(pipeline, SCHEMA)


@pytest.mark.parametrize("function", [np.square, np.negative, np.absolute])
def test_functions_of_integers_that_may_overflow_are_named(function: Any) -> None:
    frame, targets = training()
    columns = make_column_transformer((preprocessing.FunctionTransformer(function), ["c"]))
    pipeline = make_pipeline(columns, DecisionTreeClassifier()).fit(frame, targets["flag"])
    with pytest.raises(CannotCompile, match="dtype of column 'c', int64"):
        compile_estimator(pipeline, SCHEMA)


def test_cosines_of_any_angle(tmp_path: Path) -> None:
    frame, targets = training()
    sampler = kernel_approximation.RBFSampler(gamma=1.0, n_components=8, random_state=0)
    pipeline = make_pipeline(make_column_transformer((sampler, ["b"])), Ridge())
    pipeline.fit(frame, targets["number"])
    far = [1e6, 2e6, -3e7, 1e9]
    columns: list[list[Any]] = [[1.0] * 4, far, [1] * 4, ["x"] * 4, ["no"] * 4]
    compare(pipeline, SCHEMA, columns, tmp_path, 1e-4)  # the angle itself is rounded


@pytest.mark.parametrize("extrapolation", ["constant", "linear", "continue"])
def test_splines_of_missing_values_are_zeros(extrapolation: str, tmp_path: Path) -> None:
    frame, targets = training()
    splines = preprocessing.SplineTransformer(handle_missing="zeros", extrapolation=extrapolation)
    columns = make_column_transformer((splines, NUMBERS))
    pipeline = make_pipeline(columns, DecisionTreeRegressor(max_depth=6, random_state=0))
    compare(pipeline.fit(frame, targets["number"]), SCHEMA, requests(), tmp_path, EXACT)


def test_splines_of_a_column_with_few_values_have_knots_that_coincide(tmp_path: Path) -> None:
    frame, targets = training()
    frame["c"] = (frame["c"] > 20).astype(int)
    splines = preprocessing.SplineTransformer(knots="quantile", n_knots=6)
    pipeline = make_pipeline(make_column_transformer((splines, ["c"])), Ridge()).fit(frame, targets["number"])
    compare(pipeline, SCHEMA, requests(), tmp_path, ROUNDED)


@pytest.mark.parametrize(
    ("options", "bound"),
    [
        ({}, ROUNDED),
        ({"max_iter": 2, "imputation_order": "random", "n_nearest_features": 2}, ROUNDED),
        ({"min_value": 0, "max_value": [5, 6, 40], "add_indicator": True}, ROUNDED),
        ({"estimator": DecisionTreeRegressor(max_depth=4, random_state=0), "skip_complete": True}, EXACT),
        ({"initial_strategy": "median", "max_iter": 0}, EXACT),
    ],
)
def test_values_that_are_missing_come_from_the_other_columns(
    options: dict[str, Any], bound: float, tmp_path: Path
) -> None:
    frame, targets = training()
    frame.loc[::7, "b"] = np.nan
    schema = SCHEMA | {"columns": [c | {"nullable": True} for c in SCHEMA["columns"]]}
    columns = requests()
    columns[1] = [None if k % 9 == 0 else v for k, v in enumerate(columns[1])]
    imputer = impute.IterativeImputer(random_state=0, **options)
    model = DecisionTreeRegressor(max_depth=6, random_state=0) if bound == EXACT else Ridge()
    pipeline = make_pipeline(make_column_transformer((imputer, NUMBERS)), model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it hasn't converged
        pipeline.fit(frame, targets["number"])
    compare(pipeline, schema, columns, tmp_path, bound)
