"""What each family of lowerings does at its edges: what it refuses and why, and in which shape it answers."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from native_compare import compare, fields_of, native_and_reference, numeric_schema
from sklearn.base import is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import AffinityPropagation, Birch, BisectingKMeans, KMeans, MeanShift, MiniBatchKMeans
from sklearn.compose import make_column_transformer
from sklearn.covariance import EllipticEnvelope
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    BaggingRegressor,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import MissingIndicator
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PowerTransformer, QuantileTransformer
from sklearn.svm import SVC, SVR, LinearSVC, OneClassSVM
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from serving.errors import RowError
from skylayer.compiler import lower
from skylayer.compiler.errors import CannotCompile

if TYPE_CHECKING:
    from pathlib import Path

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(120, 3))
Y = np.digitize(X @ [1.0, -0.5, 0.25] + 0.3 * RANDOM.normal(size=120), [-0.4, 0.4])
NUMBERS = X @ [1.0, 2.0, -1.0]
COLUMNS: list[list[Any]] = X.T.tolist()


PREDICTORS: list[Any] = [
    *(KMeans(2, random_state=0), MiniBatchKMeans(2, random_state=0), BisectingKMeans(2, random_state=0)),
    *(Birch(n_clusters=2), MeanShift(), GaussianMixture(2, random_state=0)),
    BayesianGaussianMixture(n_components=2, random_state=0),
    *(IsolationForest(n_estimators=5, random_state=0), OneClassSVM(), EllipticEnvelope(random_state=0)),
    *(LogisticRegression(), GaussianNB(), LinearSVC(), SVC(), NearestCentroid(), KNeighborsClassifier()),
    *(
        DecisionTreeClassifier(max_depth=3),
        RandomForestClassifier(5, random_state=0),
        AdaBoostClassifier(n_estimators=3),
    ),
    *(
        HistGradientBoostingClassifier(max_iter=3),
        DummyClassifier(),
        OneVsOneClassifier(LogisticRegression()),
    ),
    OneVsRestClassifier(LogisticRegression()),
    *(BaggingClassifier(LinearSVC(), 3, random_state=0), BaggingClassifier(n_estimators=3, random_state=0)),
    CalibratedClassifierCV(LinearSVC(), cv=3),
    *(LinearRegression(), SVR(), KNeighborsRegressor(), DecisionTreeRegressor(max_depth=3), DummyRegressor()),
    *(RandomForestRegressor(5, random_state=0), GradientBoostingRegressor(n_estimators=3)),
    *(HistGradientBoostingRegressor(max_iter=3), BaggingRegressor(n_estimators=3, random_state=0)),
]


@pytest.mark.parametrize("estimator", PREDICTORS, ids=lambda e: " ".join(f"{e}".split())[:60])
def test_an_answer_has_the_fields_axes_and_kind_of_number_that_predict_has(estimator: Any) -> None:
    numbers = is_regressor(estimator)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = estimator.fit(X, NUMBERS if numbers else Y)
    outputs = {output.field: output for output in lower(fitted, numeric_schema(3)).outputs}
    assert set(fields_of(fitted)) <= set(outputs)
    answered = outputs["predictions"]
    expected = np.asarray(fitted.predict(X))
    assert answered.shape == ("scalar" if expected.ndim == 1 else "vector")
    if answered.classes is None:
        assert answered.integer == (expected.dtype.kind in "iu")
    for field, method in (("probabilities", "predict_proba"), ("scores", "decision_function")):
        if field in fields_of(fitted):
            width = np.asarray(getattr(fitted, method)(X)).reshape(len(X), -1).shape[1]
            assert len(outputs[field].slots) == width


def refused(estimator: Any, *target: Any, data: Any = X) -> str:
    """Why an estimator doesn't compile."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = estimator.fit(data, *target)
    with pytest.raises(CannotCompile) as caught:
        lower(fitted, numeric_schema(data.shape[1]))
    return str(caught.value)


def test_what_does_not_compile_says_why() -> None:
    assert "has no cluster centres" in refused(AffinityPropagation(max_iter=1, random_state=0))
    similarity = -np.square(X[:, None] - X[None]).sum(axis=2)
    precomputed = AffinityPropagation(affinity="precomputed", random_state=0)
    assert "has no cluster centres" in refused(precomputed, data=similarity)
    assert "a list of one output" in refused(MultiOutputClassifier(LogisticRegression()), Y[:, None])


# Not the first of LinearSVC's: scikit-learn then offers probabilities, and fails at them.
@pytest.mark.parametrize(
    ("inner", "constant"),
    [(LinearSVC(), 1), (LinearSVC(), 2), *((LogisticRegression(), k) for k in range(3))],
    ids=lambda value: f"{value}",
)
def test_one_of_several_labels_may_be_constant(inner: Any, constant: int, tmp_path: Path) -> None:
    labels = np.stack([Y == 0, Y == 1, NUMBERS > 0], axis=1).astype(int)
    labels[:, constant] = 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = OneVsRestClassifier(inner).fit(X, labels)
    compare(fitted, numeric_schema(3), COLUMNS, tmp_path, 1e-9)


def test_a_bag_that_is_calibrated_gives_the_scores_of_its_members(tmp_path: Path) -> None:
    bag = BaggingClassifier(LinearSVC(), n_estimators=3, random_state=0)
    compare(CalibratedClassifierCV(bag, cv=3).fit(X, Y), numeric_schema(3), COLUMNS, tmp_path, 1e-9)


def test_a_category_that_stands_for_what_is_missing_is_indicated_by_one(tmp_path: Path) -> None:
    kinds: list[Any] = [("a", "b", "c")[k % 3] for k in range(len(X))]
    frame = pd.DataFrame({"x": X[:, 0], "kind": pd.Series(kinds, dtype=object)})
    indicator = make_column_transformer(
        (MissingIndicator(missing_values="b", features="all"), ["kind"]), remainder="passthrough"
    )
    fitted = make_pipeline(indicator, LinearRegression()).fit(frame, NUMBERS)
    column = {
        "name": "kind",
        "kind": "category",
        "dtype": "object",
        "nullable": False,
        "categories": ["a", "b", "c"],
    }
    schema = {"container": "frame", "columns": [numeric_schema(1)["columns"][0] | {"name": "x"}, column]}
    compare(fitted, schema, [COLUMNS[0], kinds], tmp_path, 1e-9)


@pytest.mark.parametrize("count", [2, 3])
def test_several_outputs_are_answered_side_by_side(count: int, tmp_path: Path) -> None:
    several = np.stack([NUMBERS, -NUMBERS, NUMBERS**2], axis=1)[:, :count]
    fitted = MultiOutputRegressor(LinearRegression()).fit(X, several)
    compare(fitted, numeric_schema(3), COLUMNS, tmp_path, 1e-9)


@pytest.mark.parametrize(
    "transformer",
    [
        QuantileTransformer(n_quantiles=20),
        QuantileTransformer(n_quantiles=20, output_distribution="normal"),
        PowerTransformer(),
    ],
    ids=["quantiles", "normal quantiles", "powers"],
)
def test_a_missing_value_passes_a_transformation(transformer: Any, tmp_path: Path) -> None:
    tree = HistGradientBoostingRegressor(max_iter=5, random_state=0)
    data = X.copy()
    data[::7, 1] = np.nan
    fitted = make_pipeline(transformer, tree).fit(data, NUMBERS)
    columns = [*COLUMNS]
    columns[1] = [None if np.isnan(v) else v for v in data[:, 1].tolist()]
    compare(fitted, numeric_schema(3), columns, tmp_path, 1e-9)


@pytest.mark.parametrize("features", ["missing-only", "all"])
def test_a_number_may_stand_for_what_is_missing(features: str, tmp_path: Path) -> None:
    data = np.round(X)
    indicator = MissingIndicator(missing_values=-1.0, features=features, error_on_new=False)
    fitted = make_pipeline(indicator, LinearRegression()).fit(data, NUMBERS)
    compare(fitted, numeric_schema(3), data.T.tolist(), tmp_path, 1e-9)


def test_an_isotonic_regression_refuses_clips_or_misses_what_lies_outside(tmp_path: Path) -> None:
    x = np.linspace(-1.0, 1.0, 50)
    schema, inside = numeric_schema(1), [[-1.0, -0.25, 0.0, 1.0]]
    for out_of_bounds in ("clip", "nan", "raise"):
        fitted = IsotonicRegression(out_of_bounds=out_of_bounds).fit(x, np.sin(2 * x))
        compare(fitted, schema, inside, tmp_path, 1e-12)
    with pytest.raises(RowError, match=r"accepts values from -1.0 to 1.0"):
        native_and_reference(fitted, schema, [[0.0, 1.5]], tmp_path)


def test_categories_of_boosting_by_histograms_may_be_unseen_or_missing(tmp_path: Path) -> None:
    data = X.copy()
    data[:, 0] = RANDOM.integers(0, 40, len(X)) * 3
    data[:, 1] = RANDOM.integers(0, 9, len(X))
    target = NUMBERS + (data[:, 0] % 2) * 3 + (data[:, 1] > 4) * (data[:, 1] % 2)
    fitted = HistGradientBoostingRegressor(
        max_iter=20, min_samples_leaf=2, categorical_features=[0, 1], random_state=0
    ).fit(data, target)
    codes: list[Any] = [*range(130), None]
    columns = [codes, [*(k % 12 for k in range(130)), None], [0.5] * 131]
    compare(fitted, numeric_schema(3), columns, tmp_path, 1e-9)
