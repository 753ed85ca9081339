"""The parameters that change how a predictor answers: kernels, covariances, links, losses, several outputs."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from native_compare import native_and_reference, numeric_schema
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]
from sklearn import (
    cluster,
    dummy,
    ensemble,
    gaussian_process,
    isotonic,
    kernel_ridge,
    linear_model,
    mixture,
    multiclass,
    naive_bayes,
    neighbors,
    neural_network,
    preprocessing,
    semi_supervised,
    svm,
    tree,
)
from sklearn.datasets import load_wine
from sklearn.gaussian_process import kernels as k
from sklearn.pipeline import make_pipeline

import skylayer
from skylayer.compiler import CannotCompile, compile_estimator

if TYPE_CHECKING:
    from pathlib import Path

RANDOM = np.random.default_rng(0)
ROWS = 120
TRAIN = np.round(RANDOM.normal(size=(ROWS, 3)) + (np.arange(ROWS) % 3)[:, None], 2)
ASKED = np.round(RANDOM.normal(0, 3, (200, 3)), 2)
LABELS = np.array(["p", "q", "r"])[np.arange(ROWS) % 3]
FLAG = LABELS == "q"
NUMBER = TRAIN.sum(axis=1) + RANDOM.normal(size=ROWS)
PAIR = np.column_stack([NUMBER, TRAIN[:, 0] - TRAIN[:, 1]])
MARKS = np.column_stack([FLAG, TRAIN[:, 0] > 1]).astype(int)
BOTH = np.column_stack([np.arange(ROWS) % 3, np.arange(ROWS) // 40])
BOUND = 1e-11
SHORT = {"max_iter": 60, "random_state": 0}


def process(kernel: Any) -> Any:
    return gaussian_process.GaussianProcessRegressor(kernel, alpha=0.1, optimizer=None, normalize_y=True)


CASES: list[tuple[Any, Any]] = [
    *((svm.SVC(kernel=name), LABELS) for name in ("linear", "poly", "rbf", "sigmoid")),
    (svm.SVC(decision_function_shape="ovo"), LABELS),
    (svm.SVC(break_ties=True, gamma="auto"), LABELS),
    (svm.SVC(kernel="poly", degree=2, coef0=1.0), FLAG),
    (svm.NuSVC(nu=0.3), LABELS),
    *((svm.SVC(probability=True, random_state=0), y) for y in (LABELS, FLAG)),
    (svm.NuSVC(nu=0.2, probability=True, random_state=0), LABELS),
    (svm.SVR(kernel="sigmoid", gamma=0.1), NUMBER),
    (svm.NuSVR(kernel="linear"), NUMBER),
    (svm.OneClassSVM(kernel="poly"), None),
    (svm.LinearSVC(multi_class="crammer_singer", random_state=0), LABELS),
    (svm.LinearSVC(random_state=0), FLAG),
    *((linear_model.SGDClassifier(loss=loss, random_state=0), y)
      for loss in ("log_loss", "modified_huber", "hinge") for y in (LABELS, FLAG)),
    (linear_model.SGDOneClassSVM(random_state=0), None),
    (linear_model.TweedieRegressor(power=0, link="log"), np.abs(NUMBER)),
    (linear_model.TweedieRegressor(power=0), NUMBER),
    (linear_model.TweedieRegressor(power=1.5), np.abs(NUMBER)),
    (linear_model.LinearRegression(), PAIR),
    (linear_model.Ridge(), NUMBER[:, None]),
    (linear_model.RidgeClassifier(), LABELS),
    (linear_model.RidgeClassifier(), MARKS),
    (linear_model.RidgeClassifierCV(), MARKS),
    (linear_model.Lasso(), PAIR),
    (linear_model.ElasticNet(0.1), NUMBER),
    (linear_model.LassoLars(0.01), PAIR),
    (linear_model.OrthogonalMatchingPursuit(), PAIR),
    *((neural_network.MLPClassifier((8, 4), activation=name, **SHORT), LABELS)
      for name in ("identity", "logistic", "tanh", "relu")),
    (neural_network.MLPClassifier((8,), **SHORT), FLAG),
    (neural_network.MLPClassifier((8,), **SHORT), MARKS),
    (neural_network.MLPRegressor(hidden_layer_sizes=(8,), activation="tanh", **SHORT), PAIR),
    (neural_network.MLPRegressor(hidden_layer_sizes=(8,), loss="poisson", **SHORT), np.abs(NUMBER)),
    (naive_bayes.GaussianNB(priors=[0.2, 0.3, 0.5]), LABELS),
    (naive_bayes.BernoulliNB(binarize=0.5), LABELS),
    (neighbors.NearestCentroid(), FLAG),
    (neighbors.NearestCentroid(metric="manhattan"), LABELS),
    (neighbors.NearestCentroid(priors=[0.1, 0.2, 0.7], shrink_threshold=0.1), LABELS),
    *((mixture.GaussianMixture(3, covariance_type=name, random_state=0), None)
      for name in ("full", "tied", "diag", "spherical")),
    *((mixture.BayesianGaussianMixture(n_components=3, covariance_type=name, random_state=0), None)
      for name in ("full", "tied", "diag", "spherical")),
    (mixture.BayesianGaussianMixture(
        n_components=3, weight_concentration_prior_type="dirichlet_distribution", random_state=0), None),
    (cluster.KMeans(n_clusters=4, n_init=1, random_state=0), None),
    (cluster.BisectingKMeans(n_clusters=5, random_state=0), None),
    (cluster.Birch(n_clusters=None, threshold=1.5), None),
    (process(k.ConstantKernel(2.0) * k.RBF([1.0, 2.0, 3.0]) + k.WhiteKernel(0.1)), NUMBER),
    *((process(k.Matern(1.5, nu=nu)), NUMBER) for nu in (0.5, 1.5, 2.5, np.inf)),
    (process(k.RationalQuadratic(1.5, 0.7)), PAIR),
    (process(k.ExpSineSquared(1.2, 3.0) + k.WhiteKernel(30.0)), NUMBER),
    (process(k.DotProduct(0.5) ** 2), NUMBER),
    (process(k.PairwiseKernel(metric="laplacian", gamma=0.3)), NUMBER),
    (gaussian_process.GaussianProcessClassifier(k.RBF(1.5) + k.DotProduct(1.5), optimizer=None), FLAG),
    (gaussian_process.GaussianProcessClassifier(1.0 * k.RBF(1.5), optimizer=None), LABELS),
    *((kernel_ridge.KernelRidge(kernel=name, gamma=0.2, degree=2), NUMBER)
      for name in ("linear", "rbf", "poly", "sigmoid", "laplacian")),
    (kernel_ridge.KernelRidge(kernel="rbf"), PAIR),
    (semi_supervised.LabelSpreading(gamma=0.5), np.where(np.arange(ROWS) % 4, np.arange(ROWS) % 3, -1)),
    (ensemble.IsolationForest(n_estimators=15, max_features=2, contamination=0.1, random_state=0), None),
    (tree.DecisionTreeClassifier(max_depth=4, random_state=0), BOTH),
    (tree.DecisionTreeRegressor(max_depth=4, random_state=0), PAIR),
    (ensemble.RandomForestClassifier(7, random_state=0), BOTH),
    (ensemble.RandomForestRegressor(7, random_state=0), PAIR),
    (dummy.DummyClassifier(strategy="most_frequent"), LABELS),
    (dummy.DummyClassifier(strategy="constant", constant="q"), LABELS),
    (dummy.DummyClassifier(strategy="prior"), BOTH),
    (dummy.DummyRegressor(strategy="quantile", quantile=0.3), PAIR),
    (dummy.DummyRegressor(strategy="constant", constant=3), NUMBER),
]  # fmt: skip


def fit(estimator: Any, target: Any) -> Any:
    frame = pd.DataFrame(TRAIN, columns=["x0", "x1", "x2"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return estimator.fit(frame, *([] if target is None else [target]))


def compare(native: dict[str, Any], expected: dict[str, Any]) -> None:
    assert native.keys() == expected.keys()
    for field, answer in expected.items():
        wanted = answer.swapaxes(0, 1) if answer.ndim == 3 else answer
        assert native[field].shape == wanted.shape
        if wanted.dtype.kind != "f":
            np.testing.assert_array_equal(native[field], wanted)
        else:
            scale = np.abs(wanted).max()
            np.testing.assert_allclose(native[field].astype(float), wanted, rtol=BOUND, atol=BOUND * scale)


@pytest.mark.parametrize(("estimator", "target"), CASES, ids=lambda v: type(v).__name__)
def test_answers_are_scikit_learns(estimator: Any, target: Any, tmp_path: Path) -> None:
    fitted = fit(estimator, target)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compare(*native_and_reference(fitted, numeric_schema(3), ASKED.T.tolist(), tmp_path))


@pytest.mark.parametrize("out_of_bounds", ["clip", "nan"])
def test_isotonic_beyond_its_thresholds(out_of_bounds: Any, tmp_path: Path) -> None:
    regression = isotonic.IsotonicRegression(out_of_bounds=out_of_bounds)
    regression.fit(pd.DataFrame(TRAIN[:, :1], columns=["x0"]), NUMBER)
    asked = [[*ASKED[:, 0].tolist(), *TRAIN[:, 0].tolist(), -99.0, 99.0]]
    native, expected = native_and_reference(regression, numeric_schema(1), asked, tmp_path)
    np.testing.assert_array_equal(native["predictions"].astype(float), expected["predictions"])


@pytest.mark.parametrize(
    ("estimator", "reason"),
    [
        (svm.SVC(kernel=lambda a, b: a @ b.T), "kernel=<function>"),
        (dummy.DummyClassifier(strategy="stratified"), "strategy='stratified'"),
        (gaussian_process.GaussianProcessClassifier(k.Matern(nu=0.7), optimizer=None), "nu=0.7"),
        (semi_supervised.LabelPropagation(kernel="knn"), "kernel='knn'"),
    ],
    ids=lambda v: type(v).__name__,
)
def test_what_can_not_be_answered_exactly_is_refused_by_name(estimator: Any, reason: str) -> None:
    fitted = fit(estimator, np.arange(ROWS) % 3)
    with pytest.raises(CannotCompile) as refused:
        compile_estimator(fitted, numeric_schema(3))
    assert reason in str(refused.value)


def test_centres_that_were_fitted_on_a_sparse_matrix_compile(tmp_path: Path) -> None:
    clusters = cluster.AffinityPropagation(random_state=0).fit(csr_matrix(np.maximum(TRAIN, 0)))
    native, expected = native_and_reference(
        clusters, numeric_schema(3) | {"container": "array"}, ASKED.T.tolist(), tmp_path
    )
    compare(native, expected)


@pytest.mark.parametrize("method", ["yeo-johnson", "box-cox"])
def test_powers_of_single_precision_bend_as_such(method: str, tmp_path: Path) -> None:
    shifted = np.abs(TRAIN) + 0.5 if method == "box-cox" else TRAIN
    bent = make_pipeline(preprocessing.PowerTransformer(method), linear_model.Ridge())
    bent.fit(shifted.astype(np.float32), NUMBER)
    assert bent[0].lambdas_.dtype == np.float32
    asked = np.abs(ASKED) + 0.1 if method == "box-cox" else ASKED
    schema = numeric_schema(3) | {"container": "array", "dtype": "float64"}
    compare(*native_and_reference(bent, schema, asked.T.tolist(), tmp_path))


LAYOUTS: list[Any] = [
    naive_bayes.GaussianNB(),
    make_pipeline(preprocessing.Normalizer("l1"), naive_bayes.GaussianNB()),
    mixture.GaussianMixture(2, covariance_type="spherical", random_state=0),
    cluster.KMeans(3, n_init=1, random_state=0),
    multiclass.OneVsRestClassifier(tree.DecisionTreeClassifier(max_depth=3, random_state=0)),
]


@pytest.mark.parametrize("estimator", LAYOUTS, ids=lambda e: type(e).__name__)
def test_a_sum_along_many_columns_is_native_in_every_layout(estimator: Any, tmp_path: Path) -> None:
    data, target = load_wine(return_X_y=True, as_frame=True)
    labels = (target * 4 + np.arange(len(target)) % 4).to_numpy()
    fitted = estimator.fit(data, labels)
    by_columns, by_rows = np.asfortranarray(data.to_numpy()), np.ascontiguousarray(data.to_numpy())
    assert by_columns.flags.f_contiguous
    for kind, given in (("frame", data), ("array", by_rows), ("array", by_columns)):
        path = skylayer.package(
            fitted if kind == "frame" else estimator.fit(given, labels), given, labels, name=kind,
            directory=tmp_path, proof_rows=1000,
        )  # fmt: skip
        manifest = skylayer.open(path).manifest
        assert manifest["engine"] == "native", (kind, manifest["engine_reason"])
