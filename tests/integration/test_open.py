"""`skylayer.open(path).predict` from a notebook: it takes what the estimator takes, and says what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array  # type: ignore[import-untyped]
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import skylayer
from serving.errors import Problem

if TYPE_CHECKING:
    from pathlib import Path

DATA = pd.DataFrame(
    {"age": [1.0, 2.0, np.nan, 9.0] * 5, "count": pd.array([1, 2, 3, None] * 5, dtype="Int64")}
)
TARGET = [0, 0, 1, 1] * 5


def opened(data: Any, folder: Path, *steps: Any) -> Any:
    estimator = make_pipeline(*steps, LogisticRegression()).fit(data, TARGET)
    path = skylayer.package(estimator, data, TARGET, name="model", directory=folder, proof_rows=1000)
    return skylayer.open(path), estimator


def test_a_frame_gets_the_answer_of_its_rows(tmp_path: Path) -> None:
    model, estimator = opened(DATA, tmp_path, SimpleImputer())
    assert model.predict(DATA)["predictions"] == estimator.predict(DATA).tolist()
    assert model.predict(DATA.head(1)) == model.predict([{"age": 1.0, "count": 1}])


@pytest.mark.parametrize("container", [np.asarray, csr_array, list, lambda rows: rows.tolist()])
def test_an_array_gets_the_answer_of_its_rows(tmp_path: Path, container: Any) -> None:
    rows = np.arange(40.0).reshape(20, 2) % 7
    model, estimator = opened(rows, tmp_path)
    assert model.predict(container(rows))["predictions"] == estimator.predict(rows).tolist()


def test_texts_get_the_answer_of_each(tmp_path: Path) -> None:
    texts = ["good", "good and fine", "bad", "worse"] * 5
    model, estimator = opened(texts, tmp_path, CountVectorizer())
    expected = estimator.predict(texts).tolist()
    for given in (texts, pd.Series(texts), np.array(texts)):
        assert model.predict(given)["predictions"] == expected


def test_what_is_wrong_stands_in_the_exception(tmp_path: Path) -> None:
    model, _ = opened(DATA, tmp_path, SimpleImputer())
    with pytest.raises(
        Problem, match=r"(?s)2 problems.*/instances/0/age: age: expected a number or null, got the"
    ):
        model.predict([{"age": "old", "count": "many"}])
    with pytest.raises(Problem, match=r"\"survived\": expected only columns of the model"):
        model.predict(DATA.assign(survived=1))
    with pytest.raises(skylayer.UserError, match=r"one dimension: array\.reshape\(1, -1\)"):
        model.predict(np.array([1.0, 2.0]))
    with pytest.raises(skylayer.UserError, match=r"rows are a dict\. Give a DataFrame"):
        model.predict({"age": 1.0, "count": 1})
