"""The scikit-learn engine answers what the estimator answers, whatever the estimator gives."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import artifacts
import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.cluster import KMeans
from sklearn.ensemble import IsolationForest, RandomForestClassifier, RandomForestRegressor, VotingClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import LinearSVC

from serving import model
from serving.engines.sklearn import run_in_one_thread
from serving.errors import Problem

if TYPE_CHECKING:
    from pathlib import Path

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(80, 3)).round(2)
Y = (X[:, 0] > 0).astype(int)
ARRAY = {
    "container": "array",
    "dtype": "float64",
    "columns": [{"name": f"x{i}", "kind": "number", "nullable": True} for i in range(3)],
}
GOLDEN = [{"x0": 0.1, "x1": 0.2, "x2": 0.3}]


def loaded(folder: Path, estimator: Any, fields: list[str], **more: Any) -> model.Model:
    schema = more.pop("schema", ARRAY)
    golden = more.pop("golden", GOLDEN)
    task = more.pop("task", "regression")
    return model.load(artifacts.write(folder, estimator, schema, {"fields": fields, **more}, task, golden))


@pytest.mark.parametrize(
    ("estimator", "target", "fields"),
    [
        (RandomForestRegressor(3, random_state=0), X[:, 1], {"predictions": "predict"}),
        (RandomForestRegressor(3, random_state=0), X[:, :2], {"predictions": "predict"}),
        (LinearSVC(), Y, {"predictions": "predict", "scores": "decision_function"}),
        (KMeans(3, n_init=1, random_state=0), None, {"predictions": "predict", "distances": "transform"}),
        (IsolationForest(random_state=0), None, {"predictions": "predict", "scores": "decision_function"}),
    ],
)
def test_answers_are_the_estimators(
    tmp_path: Path, estimator: Any, target: Any, fields: dict[str, str]
) -> None:
    estimator.fit(X, target)
    answer = loaded(tmp_path, estimator, list(fields)).predict_instances(X.tolist())
    for field, method in fields.items():
        assert answer[field] == getattr(estimator, method)(X).tolist()


def test_several_outputs_have_a_list_of_probabilities_each(tmp_path: Path) -> None:
    targets = np.column_stack([Y, RANDOM.integers(0, 3, 80)])
    estimator = RandomForestClassifier(3, random_state=0).fit(X, targets)
    answer = loaded(tmp_path, estimator, ["predictions", "probabilities"]).predict_instances(X.tolist())
    first, second = estimator.predict_proba(X)
    assert answer["predictions"] == estimator.predict(X).tolist()
    assert answer["probabilities"] == [
        list(pair) for pair in zip(first.tolist(), second.tolist(), strict=True)
    ]


def test_texts(tmp_path: Path) -> None:
    texts = ["good day", "bad day", "good", "bad"] * 5
    estimator = make_pipeline(CountVectorizer(), MultinomialNB()).fit(texts, ["+", "-"] * 10)
    schema = {"container": "texts", "columns": [{"name": "text", "kind": "text", "nullable": False}]}
    served = loaded(
        tmp_path, estimator, ["predictions", "probabilities"], schema=schema, golden=[{"text": "good"}]
    )
    for instances in (["bad", "good"], [{"text": "bad"}, {"text": "good"}]):
        answer = served.predict_instances(instances)
        assert answer["predictions"] == ["-", "+"]
        assert answer["probabilities"] == estimator.predict_proba(["bad", "good"]).tolist()


class Echo(BaseEstimator):  # type: ignore[misc]
    """Answers the first column and warns."""

    def predict(self, rows: Any) -> Any:
        warnings.warn("look out", stacklevel=1)
        return np.log(rows[:, 0])


def test_what_is_not_finite_is_null_and_warnings_are_silent(tmp_path: Path) -> None:
    served = loaded(tmp_path, Echo(), ["predictions"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        answer = served.predict_instances([[1, 0, 0], [0, 0, 0], [-1, 0, 0], [None, 0, 0]])
    assert answer["predictions"] == [0.0, None, None, None]


def refuse_threes_and_batches_of_ones(rows: Any) -> Any:
    if (rows[:, 1] == 3).any():
        raise AttributeError("three is not for me")
    if len(rows) > 1 and (rows[:, 1] == 1).all():
        raise ValueError("never more than one one")
    return rows


@pytest.fixture
def picky(tmp_path: Path) -> model.Model:
    estimator = make_pipeline(FunctionTransformer(refuse_threes_and_batches_of_ones), LogisticRegression())
    return loaded(tmp_path, estimator.fit(X, Y), ["predictions"])


@pytest.mark.parametrize("row", [0, 1, 6, 12])
def test_the_first_refused_row_and_its_cell_are_found(picky: model.Model, row: int) -> None:
    instances: list[Any] = [[0, 0, 0] for _ in range(13)]
    instances[row] = instances[-1] = {"x0": 0, "x1": 3, "x2": 0}
    with pytest.raises(Problem) as caught:
        picky.predict_instances(instances)
    assert caught.value.errors == [{"pointer": f"/instances/{row}/x1", "detail": "x1: three is not for me"}]


def test_a_batch_whose_rows_pass_alone_is_answered(picky: model.Model) -> None:
    alone = picky.predict_instances([[0, 1, 0]])["predictions"]
    assert picky.predict_instances([[0, 1, 0]] * 5)["predictions"] == alone * 5


@pytest.mark.slow
def test_nothing_runs_in_more_than_one_thread() -> None:
    forest = RandomForestClassifier(3, n_jobs=4, random_state=0)
    vote = VotingClassifier([("a", forest), ("b", LogisticRegression())], n_jobs=3)
    search = GridSearchCV(make_pipeline(vote), {"votingclassifier__a__max_depth": [1, 2]}, n_jobs=2).fit(X, Y)
    run_in_one_thread(search)
    inner = search.best_estimator_[-1]
    assert search.n_jobs == inner.n_jobs == inner.estimators_[0].n_jobs == inner.estimators[0][1].n_jobs == 1
