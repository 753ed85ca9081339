"""What a lowering answers beside the field that is served: scores that another estimator reads, and every shape."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from lowering_data import NEW, SIGNAL, THREE, TWO, X
from native_compare import compare, numeric_schema
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.cross_decomposition import CCA, PLSRegression
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestRegressor,
    VotingClassifier,
)
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import (
    Lasso,
    LinearRegression,
    LogisticRegression,
    MultiTaskLasso,
    Perceptron,
    Ridge,
    RidgeClassifier,
    SGDClassifier,
)
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, MultiOutputRegressor, RegressorChain
from sklearn.naive_bayes import BernoulliNB, GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, RadiusNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC, NuSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from serving.artifact import METHODS
from skylayer.compiler import lower, registry
from skylayer.compiler.builder import Builder
from skylayer.compiler.frame import RawColumn
from skylayer.compiler.prediction import Prediction
from skylayer.proof.answers import as_numbers
from skylayer.proof.trace import Trace

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ["x0", "x1", "x2"]


def fitted(estimator: Any, target: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return clone(estimator).fit(X, target)


def answers(estimator: Any, field: str) -> tuple[Any, Any]:
    """What the table has for a field, and what scikit-learn answers."""
    made = lower(estimator, numeric_schema(3))
    (output,) = (output for output in made.outputs if output.field == field)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        own = as_numbers(getattr(estimator, METHODS[field])(NEW), output, len(NEW))
    return Trace(made, output.slots, NAMES).values(NEW.T.tolist(), len(NEW)), own


def scores_of(estimator: Any) -> Any:
    """What another estimator gets to read where probabilities are served."""
    builder = Builder(registry)
    frame = tuple(RawColumn.of(i, column) for i, column in enumerate(numeric_schema(3)["columns"]))
    found = builder.predict(estimator, frame).scores
    assert found is not None
    made = builder.finish(Prediction(found, vector=True))
    return Trace(made, made.outputs[0].slots, NAMES).values(NEW.T.tolist(), len(NEW))


SCORED: list[Any] = [
    *(LogisticRegression(), RidgeClassifier(), SGDClassifier(random_state=0), Perceptron(), LinearSVC()),
    *(SVC(), SVC(decision_function_shape="ovo"), NuSVC(nu=0.2)),
    *(LinearDiscriminantAnalysis(), QuadraticDiscriminantAnalysis(reg_param=0.1)),
    AdaBoostClassifier(DecisionTreeClassifier(max_depth=1), n_estimators=4, random_state=0),
    *(
        GradientBoostingClassifier(n_estimators=4),
        HistGradientBoostingClassifier(max_iter=4, min_samples_leaf=5),
    ),
    BaggingClassifier(LogisticRegression(), 3, random_state=0),
    OneVsRestClassifier(LogisticRegression()),
    *(OneVsOneClassifier(LogisticRegression()), OneVsOneClassifier(DecisionTreeClassifier(max_depth=3))),
    make_pipeline(StandardScaler(), LogisticRegression()),
]


@pytest.mark.parametrize("target", [TWO, THREE], ids=["two classes", "three classes"])
@pytest.mark.parametrize("estimator", SCORED, ids=lambda e: " ".join(f"{e}".split())[:50])
def test_scores_are_right_beside_probabilities_that_are_served(estimator: Any, target: Any) -> None:
    model = fitted(estimator, target)
    got, own = scores_of(model), np.asarray(model.decision_function(NEW)).reshape(len(NEW), -1)
    assert got.shape == own.shape
    np.testing.assert_allclose(got, own, rtol=1e-9, atol=1e-9)


MODELS: list[Any] = [
    *SCORED,
    *(GaussianNB(), BernoulliNB(), KNeighborsClassifier(), KNeighborsClassifier(20, weights="distance")),
    *(DecisionTreeClassifier(max_depth=3), MLPClassifier((4,), max_iter=20, random_state=0)),
    *(GaussianProcessClassifier(), OutputCodeClassifier(LogisticRegression(), random_state=0)),
    CalibratedClassifierCV(LinearSVC(), cv=3),
    CalibratedClassifierCV(GaussianNB(), cv=3, method="isotonic"),
    VotingClassifier([("a", LogisticRegression()), ("b", GaussianNB())], voting="soft"),
    GradientBoostingClassifier(n_estimators=3, init=DecisionTreeClassifier(max_depth=2, random_state=0)),
]


@pytest.mark.parametrize("target", [TWO, THREE], ids=["two classes", "three classes"])
@pytest.mark.parametrize("estimator", MODELS, ids=lambda e: " ".join(f"{e}".split())[:50])
def test_labels_are_right_on_either_side_of_the_middle(estimator: Any, target: Any) -> None:
    """Of noisy data, so that many rows lie just beyond where the label changes."""
    model = fitted(estimator, target)
    got, own = answers(model, "predictions")
    np.testing.assert_array_equal(got, own)
    if hasattr(model, "predict_proba"):
        np.testing.assert_allclose(*answers(model, "probabilities"), rtol=1e-9, atol=1e-12)


INNER: list[Any] = [
    *(
        LogisticRegression(),
        LinearSVC(),
        SVC(),
        LinearDiscriminantAnalysis(),
        GradientBoostingClassifier(n_estimators=3),
    ),
    *(HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=5), GaussianNB(), RidgeClassifier()),
    *(
        QuadraticDiscriminantAnalysis(),
        AdaBoostClassifier(DecisionTreeClassifier(max_depth=1), n_estimators=3),
    ),
    KNeighborsClassifier(),
]


@pytest.mark.parametrize("outer", [OneVsRestClassifier, OneVsOneClassifier, OutputCodeClassifier])
@pytest.mark.parametrize("inner", INNER, ids=lambda e: type(e).__name__)
def test_an_estimator_of_two_classes_answers_within_another(outer: Any, inner: Any, tmp_path: Path) -> None:
    options = {"random_state": 0} if outer is OutputCodeClassifier else {}
    compare(fitted(outer(inner, **options), THREE), numeric_schema(3), NEW.T.tolist(), tmp_path, 1e-9)


REGRESSORS: list[Any] = [
    *(
        LinearRegression(),
        Ridge(),
        DecisionTreeRegressor(max_depth=3),
        DummyRegressor(),
        KernelRidge(kernel="rbf"),
    ),
    *(RandomForestRegressor(3, random_state=0), ExtraTreesRegressor(3, random_state=0)),
    *(KNeighborsRegressor(), KNeighborsRegressor(20), KNeighborsRegressor(20, weights="distance")),
    *(RadiusNeighborsRegressor(2.0, algorithm="kd_tree"), MultiTaskLasso(0.01), PLSRegression(2)),
    *(
        MLPRegressor(hidden_layer_sizes=(4,), max_iter=20, random_state=0),
        GaussianProcessRegressor(alpha=0.1),
    ),
    *(MultiOutputRegressor(LinearRegression()), RegressorChain(LinearRegression())),
    *(
        TransformedTargetRegressor(LinearRegression(), transformer=StandardScaler()),
        BaggingRegressor(Ridge(), 3),
    ),
]
MATRICES_ONLY = (MultiTaskLasso, MultiOutputRegressor, RegressorChain)
SEVERAL = np.stack([SIGNAL, X[:, 1] ** 2, -SIGNAL], axis=1)


@pytest.mark.parametrize("count", [0, 1, 2, 3], ids=["a list", "one column", "two", "three"])
@pytest.mark.parametrize("estimator", REGRESSORS, ids=lambda e: " ".join(f"{e}".split())[:50])
def test_numbers_have_the_shape_that_predict_gives_them(estimator: Any, count: int) -> None:
    if not count and isinstance(estimator, MATRICES_ONLY):
        return
    model = fitted(estimator, SEVERAL[:, :count] if count else SIGNAL)
    made = lower(model, numeric_schema(3))
    (output,) = (output for output in made.outputs if output.field == "predictions")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        own = np.asarray(model.predict(NEW))
    assert output.shape == ("scalar" if own.ndim == 1 else "vector")
    got = Trace(made, output.slots, NAMES).values(NEW.T.tolist(), len(NEW))
    np.testing.assert_allclose(got, own.reshape(len(NEW), -1), rtol=1e-9, atol=1e-9)


def test_several_labels_are_numbers_without_classes() -> None:
    labels = np.stack([TWO, THREE > 0, X[:, 1] > 0], axis=1).astype(int)
    model = fitted(OneVsRestClassifier(LogisticRegression()), labels)
    output = next(o for o in lower(model, numeric_schema(3)).outputs if o.field == "predictions")
    assert (output.shape, output.integer, output.classes, len(output.slots)) == ("vector", True, None, 3)
    np.testing.assert_array_equal(*answers(model, "predictions"))


@pytest.mark.parametrize("estimator", [MultiOutputClassifier, ClassifierChain], ids=lambda e: e.__name__)
def test_several_outputs_of_two_classes_each_are_answered(estimator: Any, tmp_path: Path) -> None:
    labels = np.stack([TWO, (X[:, 1] > 0).astype(int)], axis=1)
    compare(
        fitted(estimator(LogisticRegression()), labels), numeric_schema(3), NEW.T.tolist(), tmp_path, 1e-9
    )


@pytest.mark.parametrize("estimator", [Lasso(0.01), CCA(1)], ids=lambda e: type(e).__name__)
def test_one_number_is_answered(estimator: Any, tmp_path: Path) -> None:
    compare(fitted(estimator, SIGNAL), numeric_schema(3), NEW.T.tolist(), tmp_path, 1e-9)
