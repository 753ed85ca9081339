"""Which estimators and targets are taken, and what the others are told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.cluster import DBSCAN, KMeans
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skylayer.errors import UserError
from skylayer.train.evaluation import check_size
from skylayer.train.tasks import check_estimator, check_fitted, check_target, task_of, to_json


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (LogisticRegression, r"is the class LogisticRegression. Give an instance"),
        ("forest", r"is a str, which has no fit"),
        (None, r"is a NoneType"),
        (PCA(), r"PCA has no predict"),
        (DBSCAN(), r"DBSCAN has no predict.*KMeans"),
    ],
)
def test_what_is_no_estimator_is_refused(estimator: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        check_estimator(estimator)


def test_an_unfitted_estimator_and_one_without_predict_are_refused() -> None:
    with pytest.raises(UserError, match=r"not fitted. Call fit"):
        check_fitted(LogisticRegression())
    with pytest.raises(UserError, match=r"no predict.*novelty"):
        check_fitted(LocalOutlierFactor(n_neighbors=1).fit([[0.0], [1.0], [2.0]]))


@pytest.mark.parametrize(
    ("estimator", "task"),
    [
        (LogisticRegression(), "classification"),
        (make_pipeline(StandardScaler(), LinearRegression()), "regression"),
        (KMeans(), "clustering"),
        (GaussianMixture(), "clustering"),
        (IsolationForest(), "outlier_detection"),
    ],
)
def test_the_task_is_the_estimators(estimator: Any, task: str) -> None:
    assert task_of(estimator) == task


@pytest.mark.parametrize(
    ("task", "target", "message"),
    [
        ("classification", None, "needs a target"),
        ("classification", ["a", "a", "a"], "one class only, 'a'"),
        ("classification", ["a", None, "b"], "missing in 1 rows"),
        ("classification", [0.5, 1.5, 2.25], "fractions"),
        ("classification", ["a", 1, "b"], "classes of type"),
        ("classification", ["a", "b"], "2 rows and the data 3"),
        ("regression", [1.0, np.nan, 2.0], "missing in 1 rows"),
        ("regression", [1.0, np.inf, 2.0], "no finite numbers"),
        ("regression", ["a", "b", "c"], "no finite numbers"),
        ("regression", np.zeros((3, 1, 1)), "3 dimensions"),
    ],
)
def test_targets_that_cannot_be_learnt_are_refused(task: str, target: Any, message: str) -> None:
    values = (
        np.array(target, dtype=object) if isinstance(target, list) and isinstance(target[0], str) else target
    )
    with pytest.raises(UserError, match=message):
        check_target(task, values, 3, required=True)


def test_targets_are_named() -> None:
    assert check_target("regression", pd.Series([1, 2], name="price"), 2).names == ("price",)
    assert check_target("regression", pd.DataFrame({"a": [1, 2], "b": [3, 4]}), 2).names == ("a", "b")
    assert check_target("regression", np.zeros((2, 2)), 2).names == ("target_0", "target_1")
    assert check_target("classification", [0, 1], 2).names == ("target",)


@pytest.mark.parametrize(
    ("rows", "strata", "message"),
    [
        (9, None, "9 rows.*at least 10"),
        (10, np.array(["a"] * 9 + ["b"]), "class 'b' has 1 row;.*at least 3"),
        (30, np.repeat(np.arange(10), 3), "30 rows for 10 classes"),
    ],
)
def test_too_little_data_is_refused(rows: int, strata: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        check_size(rows, strata)


def test_answers_become_json() -> None:
    assert to_json(np.array([1.0, np.nan, np.inf])) == [1.0, None, None]
    assert to_json(np.array(["a", "b"])) == ["a", "b"]
    assert to_json([np.array([[0.5, 0.5]]), np.array([[1.0]])]) == [[[0.5, 0.5], [1.0]]]
    assert to_json(DummyClassifier().fit([[0], [1]], [True, True]).predict([[0]])) == [True]


def test_a_mixin_behind_base_estimator_is_told_its_place() -> None:
    class Mine(BaseEstimator, ClassifierMixin):  # type: ignore[misc]
        def fit(self) -> Mine:
            return self

        def predict(self, data: Any) -> Any:
            return np.zeros(len(data))

    with pytest.raises(UserError, match=r"class Mine\(ClassifierMixin, BaseEstimator\)"):
        check_estimator(Mine())
