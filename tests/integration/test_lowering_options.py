"""Options of estimators that change what a lowering makes of them, and the numbers at which they do."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from lowering_data import NEW, SIGNAL, THREE, TWO, X
from native_compare import compare, native_and_reference, numeric_schema
from scipy import special  # type: ignore[import-untyped]
from sklearn.cluster import KMeans
from sklearn.decomposition import KernelPCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import BaggingClassifier, GradientBoostingClassifier, HistGradientBoostingClassifier
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.gaussian_process.kernels import DotProduct
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.naive_bayes import CategoricalNB
from sklearn.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    NearestCentroid,
    RadiusNeighborsClassifier,
)
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    KBinsDiscretizer,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
)
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeRegressor

from serving.errors import RowError
from skylayer.compiler import lower, registry
from skylayer.compiler.builder import Builder
from skylayer.compiler.errors import CannotCompile
from skylayer.compiler.frame import RawColumn
from skylayer.compiler.lowerings.boosting import _log_odds
from skylayer.compiler.lowerings.normalization import ALMOST_ZERO
from skylayer.compiler.lowerings.text import MOST_TERMS
from skylayer.compiler.prediction import Prediction
from skylayer.compiler.program import Code
from skylayer.proof.trace import Trace

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS: list[list[Any]] = NEW.T.tolist()
SCHEMA = numeric_schema(3)


def transformed(transformer: Any, rows: Any, fit: Any = X, target: Any = None) -> tuple[Any, Any]:
    """What the table and scikit-learn make of rows, before anything that predicts."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        transformer.fit(fit, target)
        own = np.asarray(transformer.transform(rows))
    count = rows.shape[1]
    builder = Builder(registry)
    frame = tuple(RawColumn.of(i, column) for i, column in enumerate(numeric_schema(count)["columns"]))
    slots = builder.numbers(builder.transform(transformer, frame, "step"))
    made = builder.finish(Prediction(slots, vector=True))
    columns = [[None if np.isnan(v) else v for v in column] for column in rows.T.tolist()]
    names = [f"x{i}" for i in range(count)]
    return Trace(made, made.outputs[0].slots, names).values(columns, len(rows)), own


@pytest.mark.parametrize("solver", ["svd", "eigen"])
@pytest.mark.parametrize("components", [None, 1])
def test_discriminants_project_as_their_solver_does(solver: str, components: int | None) -> None:
    projection = LinearDiscriminantAnalysis(solver=solver, n_components=components)
    np.testing.assert_allclose(*transformed(projection, NEW, target=THREE), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kernel", ["linear", "poly", "rbf"])
def test_components_without_variance_are_zero(kernel: str) -> None:
    """More components than a linear kernel of three features has."""
    projection = KernelPCA(6, kernel=kernel, eigen_solver="dense")
    got, own = transformed(projection, NEW)
    assert got.shape == own.shape == (300, 6)
    np.testing.assert_allclose(got, own, rtol=1e-9, atol=1e-9)
    if kernel == "linear":
        assert (own[:, 3:] == 0.0).all()


@pytest.mark.parametrize("nothing", [None, "passthrough"])
def test_a_step_that_does_nothing_changes_nothing(nothing: Any, tmp_path: Path) -> None:
    first = Pipeline([("nothing", nothing), ("scaler", StandardScaler()), ("model", LinearRegression())])
    compare(first.fit(X, SIGNAL), SCHEMA, COLUMNS, tmp_path, 1e-9)
    union = FeatureUnion([("same", "passthrough"), ("scaled", StandardScaler())])
    np.testing.assert_array_equal(*transformed(union, NEW))


@pytest.mark.parametrize("dtype", [None, np.float64])
def test_bins_of_double_precision_compile_and_of_single_do_not(dtype: Any) -> None:
    options: dict[str, Any] = {"encode": "ordinal", "quantile_method": "averaged_inverted_cdf"}
    np.testing.assert_array_equal(*transformed(KBinsDiscretizer(4, dtype=dtype, **options), NEW))
    single = make_pipeline(KBinsDiscretizer(4, dtype=np.float32, **options), LinearRegression())
    with pytest.raises(CannotCompile, match="dtype=float32"):
        lower(single.fit(X, SIGNAL), SCHEMA)


@pytest.mark.parametrize("norm", ["l1", "l2", "max"])
def test_rows_of_almost_no_norm_stay_as_they_are(norm: Any) -> None:
    """scikit-learn's limit is ten times the last bit of 1."""
    epsilon = float(np.finfo(np.float64).eps)
    assert 10 * epsilon == ALMOST_ZERO
    sizes = [0.0, 1e-300, 9.0, 9.5, np.nextafter(10.0, 0.0), 10.0, 10.5, 11.0, 1e6]
    rows = np.array([[size * epsilon, 0.0, 0.0] for size in sizes])
    np.testing.assert_array_equal(*transformed(Normalizer(norm), rows))
    several = np.array([[size * epsilon / 4] * 3 for size in sizes])
    np.testing.assert_allclose(*transformed(Normalizer(norm), several), rtol=1e-14)


@pytest.mark.parametrize("two", [True, False], ids=["two classes", "three classes"])
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_probabilities_of_pairs_are_cut_off_at_libsvms_least(two: bool, tmp_path: Path) -> None:
    estimator = SVC(kernel="linear", probability=True, random_state=0).fit(X, TWO if two else THREE)
    far = NEW * np.repeat([1.0, 1e2, 1e4], 100)[:, None]
    compare(estimator, SCHEMA, far.T.tolist(), tmp_path, 1e-12)


def test_terms_are_taken_up_to_a_limit() -> None:
    texts = ["a b c", "d e f", "a d"]
    schema = {
        "container": "texts",
        "columns": [{"name": "text", "kind": "text", "dtype": "object", "nullable": False}],
    }

    def fitted(terms: int) -> Any:
        return make_pipeline(HashingVectorizer(n_features=terms), LogisticRegression()).fit(texts, [0, 1, 0])

    assert MOST_TERMS == 131_072
    assert lower(fitted(MOST_TERMS), schema).sparse[0].width == MOST_TERMS
    with pytest.raises(CannotCompile, match="has 131073 terms; the native engine takes up to 131072"):
        lower(fitted(MOST_TERMS + 1), schema)


def test_an_unknown_category_of_naive_bayes_is_refused_by_the_ones_it_knows(tmp_path: Path) -> None:
    codes = np.column_stack([np.arange(60) % 3, np.arange(60) % 5]).astype(float)
    estimator = CategoricalNB().fit(codes, np.arange(60) % 2)
    compare(estimator, numeric_schema(2), [[0.0, 1.0, 2.0, 2.9], [4.0, 0.0, 3.0, 1.0]], tmp_path, 1e-12)
    for row, known in (([[3.0], [0.0]], "0 to 2"), ([[0.0], [5.0]], "0 to 4")):
        with pytest.raises(RowError, match=f"CategoricalNB knows the categories {known} of this feature"):
            native_and_reference(estimator, numeric_schema(2), row, tmp_path)


def test_log_odds_are_exact_on_either_side_of_one_half() -> None:
    """Where the logarithm of the odds would lose its digits, and beyond."""
    builder = Builder(registry, ("Model",))
    (slot,) = builder.numbers((RawColumn.of(0, numeric_schema(1)["columns"][0]),))
    made = builder.finish(Prediction(_log_odds(builder, (slot,))))
    apart = np.array([1e-15, 1e-10, 1e-5, 0.01, 0.14, 0.149, 0.151, 0.3, 0.49])
    shares = np.concatenate([0.5 - apart, 0.5 + apart, [1e-300, 2.0**-52, 1.0 - 2.0**-52]])
    got = Trace(made, made.outputs[0].slots, ["x0"]).values([shares.tolist()], len(shares))[:, 0]
    np.testing.assert_allclose(got, special.logit(shares), rtol=1e-13)


@pytest.mark.parametrize(
    ("inner", "method"),
    [(LogisticRegression(), "predict_proba"), (LinearSVC(), "decision_function")],
    ids=["probabilities", "scores"],
)
def test_one_of_several_outputs_may_have_three_classes_but_not_of_a_chain(
    inner: Any, method: str, tmp_path: Path
) -> None:
    for labels in (np.stack([TWO, THREE], axis=1), np.stack([THREE, TWO], axis=1)):
        compare(MultiOutputClassifier(inner).fit(X, labels), SCHEMA, COLUMNS, tmp_path, 1e-9)
        with pytest.raises(CannotCompile, match=f"has no {method} of more than two classes"):
            lower(ClassifierChain(inner).fit(X, labels), SCHEMA)


def test_a_bag_whose_members_know_different_classes_has_no_sum_of_scores(tmp_path: Path) -> None:
    """A member that drew two of three classes has one score, and probabilities of two classes."""
    labels = np.where(np.arange(90) == 0, 2, TWO)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        inner = LinearDiscriminantAnalysis()
        bag = BaggingClassifier(inner, 5, max_samples=40, random_state=0).fit(X, labels)
    assert {len(e.classes_) for e in bag.estimators_} == {2, 3}
    compare(bag, SCHEMA, COLUMNS, tmp_path, 1e-9)
    builder = Builder(registry)
    frame = tuple(RawColumn.of(i, column) for i, column in enumerate(SCHEMA["columns"]))
    assert builder.predict(bag, frame).scores is None


@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 20])
def test_the_mean_of_neighbours_is_summed_as_numpy_does(count: int) -> None:
    """One target pairwise, several row by row: equal in every bit."""
    y = np.stack([SIGNAL, SIGNAL**3], axis=1)
    for target in (SIGNAL, y):
        model = KNeighborsRegressor(count, algorithm="kd_tree").fit(X, target)
        made = lower(model, SCHEMA)
        got = Trace(made, made.outputs[0].slots, ["x0", "x1", "x2"]).values(COLUMNS, len(NEW))
        np.testing.assert_array_equal(got, model.predict(NEW).reshape(len(NEW), -1))


@pytest.mark.parametrize("outlier", [0, 2, 7, "most_frequent"])
@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_rows_without_neighbours_get_the_outlier_label(outlier: Any, weights: Any, tmp_path: Path) -> None:
    model = RadiusNeighborsClassifier(0.5, algorithm="kd_tree", outlier_label=outlier, weights=weights)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        far = np.concatenate([NEW, 100 + NEW[:5]])
        compare(model.fit(X, THREE), SCHEMA, far.T.tolist(), tmp_path, 1e-9)


@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_a_row_that_is_a_training_row_counts_itself_alone_if_weighted(weights: Any, tmp_path: Path) -> None:
    doubled = np.concatenate([X, X[:10], X[:10]])
    labels = np.concatenate([THREE, (THREE[:10] + 1) % 3, (THREE[:10] + 1) % 3])
    rows = np.concatenate([X[:20], NEW[:20]])
    model = KNeighborsClassifier(5, weights=weights, algorithm="kd_tree").fit(doubled, labels)
    compare(model, SCHEMA, rows.T.tolist(), tmp_path, 1e-9)


@pytest.mark.parametrize("sigma", [0.5, 2.0])
def test_the_variance_of_a_dot_product_depends_on_the_row(sigma: float, tmp_path: Path) -> None:
    wide = np.concatenate([X, X**2, X**3, X[:, :2]], axis=1)
    model = GaussianProcessClassifier(DotProduct(sigma), optimizer=None).fit(wide, TWO)
    rows = np.concatenate([NEW, NEW**2, NEW**3, NEW[:, :2]], axis=1)
    compare(model, numeric_schema(11), rows.T.tolist(), tmp_path, 1e-8)
    # einsum adds in an order of its own, so that the sum of squares is a product with ones.
    summed = [
        o for o in lower(model, numeric_schema(11)).operations if o.code == Code.MATRIX and o.outputs == 1
    ]
    assert any((o.arrays[0] == 1.0).all() for o in summed)


@pytest.mark.parametrize("features", [1, 2, 3])
@pytest.mark.parametrize(
    "step",
    [
        SplineTransformer(n_knots=4, degree=2),
        SplineTransformer(n_knots=3, degree=3, include_bias=False, extrapolation="linear"),
        SplineTransformer(n_knots=3, degree=1, extrapolation="constant"),
        MinMaxScaler((2, 5), clip=True),
        RobustScaler(unit_variance=True),
        StandardScaler(with_mean=False),
        StandardScaler(with_std=False),
    ],
    ids=lambda e: f"{e}"[:60],
)
def test_splines_and_scalers_take_any_number_of_features(step: Any, features: int) -> None:
    got, own = transformed(step, NEW[:, :features], X[:, :features])
    np.testing.assert_allclose(got, own, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("indicate", [True, False])
@pytest.mark.parametrize("strategy", ["mean", "median", "most_frequent", "constant"])
def test_columns_without_values_vanish_unless_they_are_kept(
    strategy: str, *, keep: bool, indicate: bool
) -> None:
    data = X.copy()
    data[:, 1] = np.nan
    data[::5, 2] = np.nan
    imputer = SimpleImputer(strategy=strategy, keep_empty_features=keep, add_indicator=indicate)
    rows = NEW.copy()
    rows[::3, 0], rows[::4, 1] = np.nan, np.nan
    np.testing.assert_array_equal(*transformed(imputer, rows, data))


def categories() -> tuple[Any, Any]:
    """Codes, some missing, beside a number, and a target that depends on both."""
    random = np.random.default_rng(1)
    codes = random.integers(0, 12, 400).astype(float)
    codes[::9] = np.nan
    data = np.column_stack([codes, np.where(random.random(400) < 0.3, 0.0, random.normal(size=400))])
    data[::11, 1] = np.nan
    return data, np.nan_to_num(codes % 3) + np.nan_to_num(data[:, 1]) + 0.1 * random.normal(size=400)


@pytest.mark.parametrize(
    "options",
    [{}, {"zero_as_missing": True}, {"use_missing": False}, {"extra_trees": True}],
    ids=str,
)
def test_lightgbm_sends_what_is_missing_zero_or_unseen_where_its_library_does(
    options: Any, tmp_path: Path
) -> None:
    data, target = categories()
    estimator = LGBMRegressor(
        n_estimators=20, min_child_samples=3, min_data_per_group=3, cat_smooth=1.0, verbose=-1, **options
    ).fit(data, target, categorical_feature=[0])
    seen: list[Any] = [*map(float, range(15)), None, -1.0, 3.7]
    columns = [seen * 4, [value for value in (0.0, None, -1.5, 1e-36) for _ in seen]]
    compare(estimator, numeric_schema(2), columns, tmp_path, 1e-9)


@pytest.mark.parametrize(
    "objective",
    ["regression", "regression_l1", "huber", "fair", "quantile", "mape", "poisson", "gamma", "tweedie"],
)
def test_lightgbm_links_each_objective(objective: str, tmp_path: Path) -> None:
    target = np.exp(SIGNAL)
    estimator = LGBMRegressor(n_estimators=5, min_child_samples=3, objective=objective, verbose=-1).fit(
        X, target
    )
    compare(estimator, SCHEMA, COLUMNS, tmp_path, 1e-9)


@pytest.mark.parametrize(
    "options", [{}, {"objective": "multiclassova"}, {"sigmoid": 2.0, "objective": "multiclassova"}]
)
def test_lightgbm_has_a_share_for_each_class(options: Any, tmp_path: Path) -> None:
    estimator = LGBMClassifier(n_estimators=5, min_child_samples=3, verbose=-1, **options).fit(X, THREE)
    compare(estimator, SCHEMA, COLUMNS, tmp_path, 1e-9)


@pytest.mark.parametrize("loss", ["log_loss", "exponential"])
def test_boosting_of_two_classes_changes_label_at_zero(loss: Any, tmp_path: Path) -> None:
    for estimator in (
        GradientBoostingClassifier(n_estimators=5, loss=loss),
        HistGradientBoostingClassifier(max_iter=5, min_samples_leaf=5),
    ):
        compare(estimator.fit(X, TWO), SCHEMA, COLUMNS, tmp_path, 1e-12)


def test_centres_and_trees_behind_a_scaler_are_found_in_its_units(tmp_path: Path) -> None:
    for last in (KMeans(3, n_init=1, random_state=0), DecisionTreeRegressor(max_depth=3)):
        compare(make_pipeline(StandardScaler(), last).fit(X, SIGNAL), SCHEMA, COLUMNS, tmp_path, 1e-9)


@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
@pytest.mark.parametrize("priors", ["uniform", "empirical"])
def test_a_feature_that_never_varies_within_a_class_is_not_scaled(
    metric: Any, priors: Any, tmp_path: Path
) -> None:
    data = np.column_stack([X, THREE * 0.25])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator = NearestCentroid(metric=metric, priors=priors).fit(data, THREE)
    assert estimator.within_class_std_dev_[3] == 0.0
    rows = np.column_stack([NEW, np.arange(300) % 7 * 0.1])
    compare(estimator, numeric_schema(4), rows.T.tolist(), tmp_path, 1e-9)


@pytest.mark.parametrize(
    ("kind", "missing"),
    [("none", None), ("none", np.nan), ("nan", np.nan)],
    ids=["None", "NaN of None", "NaN"],
)
def test_only_the_missing_value_that_an_imputer_names_is_filled(
    kind: str, missing: Any, tmp_path: Path
) -> None:
    """None and NaN are two, and a column holds one of them."""
    absent = None if kind == "none" else np.nan
    words = [("a", "b", "a", absent)[k % 4] for k in range(90)]
    frame = pd.DataFrame({"word": pd.Series(words, dtype=object)})
    imputer = SimpleImputer(missing_values=missing, strategy="constant", fill_value="b")
    model = make_pipeline(imputer, OneHotEncoder(handle_unknown="ignore"), LinearRegression()).fit(
        frame, SIGNAL
    )
    column = {
        "name": "word",
        "kind": "category",
        "dtype": "object",
        "nullable": True,
        "categories": ["a", "b"],
    }
    schema = {
        "container": "frame",
        "columns": [{**column, **({"missing": "none"} if kind == "none" else {})}],
    }
    native, expected = native_and_reference(model, schema, [["a", "b", None, "c"]], tmp_path)
    np.testing.assert_allclose(native["predictions"], expected["predictions"], rtol=1e-9, atol=1e-9)
    filled = expected["predictions"][2] == pytest.approx(expected["predictions"][1])
    assert filled == ((missing is None) == (kind == "none"))


@pytest.mark.parametrize("degree", [1, 3])
def test_a_spline_that_is_not_extrapolated_refuses_what_lies_beyond_its_knots(
    degree: int, tmp_path: Path
) -> None:
    spline = SplineTransformer(n_knots=4, degree=degree, extrapolation="error")
    model = make_pipeline(spline, LinearRegression()).fit(X[:, :1], SIGNAL)
    low, high = float(X[:, 0].min()), float(X[:, 0].max())
    compare(model, numeric_schema(1), [[low, 0.0, high]], tmp_path, 1e-9)
    for beyond in (np.nextafter(low, -np.inf), np.nextafter(high, np.inf)):
        with pytest.raises(ValueError, match="beyond the limits of the knots"):
            model.predict([[beyond]])
        with pytest.raises(RowError, match="beyond the limits of the knots"):
            native_and_reference(model, numeric_schema(1), [[float(beyond)]], tmp_path)
