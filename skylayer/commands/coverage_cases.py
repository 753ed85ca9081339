"""Each of scikit-learn's predictors with the parameters and the little data that it is fitted on for coverage."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - registers the halving searches
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import all_estimators

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS, REQUESTS = 150, 200
CLASSIFIER, REGRESSOR = LogisticRegression(), Ridge()
# Parameters without which an estimator has nothing to be fitted with, or would take long, by class.
PARAMETERS: dict[str, dict[str, Any]] = {
    "ClassifierChain": {"estimator": CLASSIFIER},
    "DummyClassifier": {"strategy": "prior"},
    "FixedThresholdClassifier": {"estimator": CLASSIFIER, "threshold": 0.4},
    "GridSearchCV": {"estimator": CLASSIFIER, "param_grid": {"C": [0.1, 1.0]}, "cv": 2},
    "HalvingGridSearchCV": {"estimator": CLASSIFIER, "param_grid": {"C": [0.1, 1.0]}, "cv": 2},
    "HalvingRandomSearchCV": {"estimator": CLASSIFIER, "param_distributions": {"C": [0.1, 1.0]}, "cv": 2},
    "IsolationForest": {"n_estimators": 20},
    "LogisticRegressionCV": {"Cs": 3, "cv": 2},
    "LocalOutlierFactor": {"novelty": True},
    "MLPClassifier": {"max_iter": 100},
    "MLPRegressor": {"max_iter": 100},
    "MultiOutputClassifier": {"estimator": CLASSIFIER},
    "MultiOutputRegressor": {"estimator": REGRESSOR},
    "OneVsOneClassifier": {"estimator": CLASSIFIER},
    "OneVsRestClassifier": {"estimator": CLASSIFIER},
    "OutputCodeClassifier": {"estimator": CLASSIFIER},
    "PLSCanonical": {"n_components": 2},
    "CCA": {"n_components": 2},
    "Pipeline": {"steps": [("scaler", StandardScaler()), ("model", CLASSIFIER)]},
    "RANSACRegressor": {"estimator": LinearRegression()},
    "RFE": {"estimator": CLASSIFIER},
    "RFECV": {"estimator": CLASSIFIER, "cv": 2},
    "CalibratedClassifierCV": {"estimator": CLASSIFIER, "cv": 2},
    "GaussianProcessClassifier": {"optimizer": None},
    "GaussianProcessRegressor": {"kernel": RBF(1.5) + WhiteKernel(0.1), "optimizer": None},
    "RadiusNeighborsClassifier": {"radius": 3.0, "outlier_label": "most_frequent"},
    "RadiusNeighborsRegressor": {"radius": 3.0},
    "GaussianMixture": {"n_components": 3},
    "BayesianGaussianMixture": {"n_components": 3},
    "QuantileRegressor": {"alpha": 0.01},
    "RandomizedSearchCV": {
        "estimator": CLASSIFIER,
        "param_distributions": {"C": [0.1, 1.0]},
        "n_iter": 2,
        "cv": 2,
    },
    "RegressorChain": {"estimator": REGRESSOR},
    "SelfTrainingClassifier": {"estimator": CLASSIFIER},
    "StackingClassifier": {"estimators": [("l", CLASSIFIER), ("t", DecisionTreeClassifier(max_depth=3))]},
    "StackingRegressor": {"estimators": [("l", REGRESSOR), ("o", LinearRegression())]},
    "TheilSenRegressor": {"max_subpopulation": 200},
    "TunedThresholdClassifierCV": {"estimator": CLASSIFIER, "cv": 2},
    "VotingClassifier": {
        "estimators": [("l", CLASSIFIER), ("t", DecisionTreeClassifier(max_depth=3))],
        "voting": "soft",
    },
    "VotingRegressor": {"estimators": [("l", REGRESSOR), ("o", LinearRegression())]},
}
TREES = {"n_estimators": 20}
for _name in ("ExtraTrees", "GradientBoosting", "RandomForest"):
    PARAMETERS |= {f"{_name}Classifier": TREES, f"{_name}Regressor": TREES}
for _name in ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor"):
    PARAMETERS[_name] = {"max_iter": 10}
BINARY = {"FixedThresholdClassifier", "TunedThresholdClassifierCV"}
SEVERAL_LABELS = {"ClassifierChain", "MultiOutputClassifier"}
SEVERAL_NUMBERS = {
    "CCA",
    "MultiOutputRegressor",
    "MultiTaskElasticNet",
    "MultiTaskElasticNetCV",
    "MultiTaskLasso",
    "MultiTaskLassoCV",
    "PLSCanonical",
    "RegressorChain",
}
POSITIVE = {"GammaRegressor", "PoissonRegressor"}
COUNTS = {"CategoricalNB", "ComplementNB", "MultinomialNB"}


def predictors() -> list[tuple[str, type]]:
    """Every class of scikit-learn that predicts, by name."""
    return [(name, kind) for name, kind in all_estimators() if hasattr(kind, "predict")]


def fitted(name: str, kind: Callable[..., Any]) -> tuple[Any, pd.DataFrame]:
    """The estimator fitted on rows of its kind, and rows to ask it for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator = kind(**PARAMETERS.get(name, {}))
        if "random_state" in estimator.get_params(deep=False):
            estimator.set_params(random_state=0)
        features, requests = _features(name)
        target = _target(name, estimator, features)
        estimator.fit(features, *([] if target is None else [target]))
    return estimator, requests


def _features(name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    random = np.random.default_rng(0)
    if name in COUNTS:
        both = random.integers(0, 6, (ROWS + REQUESTS, 4))
        both[:4] = 5
        return pd.DataFrame(both[:ROWS], columns=list("abcd")), pd.DataFrame(
            both[ROWS:], columns=list("abcd")
        )
    columns = ["a"] if name == "IsotonicRegression" else list("abcd")
    centres = random.normal(0, 2, (3, len(columns)))
    train = np.round(centres[np.arange(ROWS) % 3] + random.normal(size=(ROWS, len(columns))), 2)
    far = np.round(random.normal(0, 3, (REQUESTS - ROWS // 3, len(columns))), 2)
    asked = np.concatenate([far, train[: ROWS // 3]])
    return pd.DataFrame(train, columns=columns), pd.DataFrame(asked, columns=columns)


def _target(name: str, estimator: Any, features: pd.DataFrame) -> Any:
    kind = getattr(estimator, "_estimator_type", None) or estimator.__sklearn_tags__().estimator_type
    if kind in {"clusterer", "outlier_detector", "density_estimator"}:
        return None
    labels = np.arange(ROWS) % 3
    if kind == "classifier":
        if name in SEVERAL_LABELS:
            return np.column_stack([labels == 1, features.iloc[:, 0] > 0]).astype(int)
        if name == "SelfTrainingClassifier":
            return np.where(np.arange(ROWS) % 2, labels, -1)
        return np.where(labels == 1, "yes", "no") if name in BINARY else np.array(["p", "q", "r"])[labels]
    value = features.sum(axis=1).to_numpy() + labels
    if name in SEVERAL_NUMBERS:
        return np.column_stack([value, value**2 / 10 - features.iloc[:, 0]])
    return np.abs(value) + 0.5 if name in POSITIVE else value


def schema_of(frame: pd.DataFrame) -> dict[str, Any]:
    """The manifest's `input` of such a frame."""
    columns = [
        {
            "name": name,
            "kind": "integer" if dtype.kind == "i" else "number",
            "dtype": dtype.name,
            "nullable": False,
        }
        for name, dtype in frame.dtypes.items()
    ]
    return {"container": "frame", "columns": columns}
