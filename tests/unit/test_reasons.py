"""Why a model isn't native: all that stands in the way is told at once, and the native way beside it."""

from __future__ import annotations

from importlib import metadata
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import skylayer
from skylayer.compiler import CannotCompile, lower
from skylayer.compiler.reasons import all_reasons
from skylayer.data.dataset import as_dataset
from skylayer.data.schema import infer

X = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0] * 5, "b": [1.0, 5.0, 2.0, 3.0] * 5})
Y = [0, 0, 1, 1] * 5


class Doubled(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    def fit(self, X: Any, y: Any = None) -> Any:  # noqa: ARG002, N803
        self.fitted_ = True
        return self

    def transform(self, X: Any) -> Any:  # noqa: N803
        return np.asarray(X) * 2


class Lengths(Doubled):
    def transform(self, X: Any) -> Any:  # noqa: N803
        return X.map(len)


class Threshold(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    def __init__(self, estimator: Any = None, threshold: float = 0.5) -> None:
        self.estimator = estimator
        self.threshold = threshold

    def fit(self, X: Any, y: Any) -> Any:  # noqa: N803
        self.estimator_ = self.estimator.fit(X, y)
        self.classes_ = self.estimator_.classes_
        return self

    def predict_proba(self, X: Any) -> Any:  # noqa: N803
        return self.estimator_.predict_proba(X)

    def predict(self, X: Any) -> Any:  # noqa: N803
        return self.classes_[(self.predict_proba(X)[:, 1] > self.threshold).astype(int)]


def reasons(estimator: Any) -> str:
    estimator.fit(X, Y)
    with pytest.raises(CannotCompile) as caught:
        lower(estimator, infer(as_dataset(X)).to_manifest())
    return all_reasons(estimator, caught.value)


def test_each_step_that_stands_in_the_way_is_named() -> None:
    own = make_column_transformer((Doubled(), ["a"]), (StandardScaler(), ["b"]))
    told = reasons(GridSearchCV(make_pipeline(own, Threshold(LogisticRegression())), {}, cv=2))
    assert "Threshold: is Python of your own" in told
    assert "doubled → Doubled: is Python of your own" in told
    assert "LogisticRegression" not in told
    assert "StandardScaler" not in told
    assert "FixedThresholdClassifier(estimator, threshold=…)" in told


def test_one_reason_stays_one() -> None:
    told = reasons(make_pipeline(Doubled(), LogisticRegression()))
    assert told == (
        "Pipeline → doubled → Doubled: is Python of your own, which the native engine can't run. With transform_rows, "
        "Doubled can run in Python before the native engine, as a first step of the pipeline: docs/train.md, steps of "
        "your own"
    )


class DoubledRows(Doubled):
    def transform_rows(self, rows: list[list[Any]]) -> list[list[Any]]:
        return [[2 * value for value in row] for row in rows]


def test_transform_rows_where_it_does_not_count_is_told() -> None:
    told = reasons(make_pipeline(StandardScaler(), DoubledRows(), LogisticRegression()))
    assert told.endswith("transform_rows of DoubledRows counts in the first steps of the pipeline only")


@pytest.mark.parametrize(
    ("package", "instead"),
    [
        ("category_encoders", "OneHotEncoder, OrdinalEncoder and TargetEncoder of scikit-learn are native"),
        ("feature_engine", "scikit-learn's encoders, imputers and discretizers"),
    ],
)
def test_a_step_of_another_package_is_named_with_its_package_and_what_is_native(
    package: str, instead: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {**metadata.packages_distributions(), package: [package]}
    monkeypatch.setattr(metadata, "packages_distributions", lambda: found)
    monkeypatch.setattr(Doubled, "__module__", f"{package}.steps")
    told = reasons(make_pipeline(Doubled(), LogisticRegression()))
    assert f"doubled → Doubled: of {package} has no native equivalent" in told
    assert instead in told


def test_a_function_of_ones_own_is_told_what_compiles() -> None:
    told = reasons(make_pipeline(FunctionTransformer(np.nan_to_num), LogisticRegression()))
    assert "A FunctionTransformer compiles over a function of numpy alone, such as np.log1p" in told


def year(frame: Any) -> Any:
    return frame.apply(lambda column: column.dt.year)


def test_a_date_is_told_how_it_compiles_whatever_reads_it() -> None:
    dates = pd.DataFrame(
        {"since": pd.to_datetime(["2020-01-01", "2021-01-01", "2022-01-01", "2023-01-01"] * 5)}
    )
    estimator = make_pipeline(FunctionTransformer(year), LogisticRegression()).fit(dates, Y)
    with pytest.raises(CannotCompile) as caught:
        lower(estimator, infer(as_dataset(dates)).to_manifest())
    told = all_reasons(estimator, caught.value, ("since",))
    assert told.count("skylayer.DateParts makes numbers of dates, natively") == 1
    scaled = make_pipeline(StandardScaler(), LogisticRegression())
    schema = infer(as_dataset(dates)).to_manifest()
    scaled.fit(dates.astype("int64"), Y)
    with pytest.raises(CannotCompile, match="holds date values where numbers are needed: skylayer") as caught:
        lower(scaled, schema)
    assert all_reasons(scaled, caught.value, ("since",)).count("DateParts") == 1


def test_dates_that_another_step_hides_are_told_how_they_compile() -> None:
    dates = pd.DataFrame({"since": ["2020-01-01", "2021-01-01", "2022-01-01", "2023-01-01"] * 5})
    estimator = make_pipeline(Lengths(), LogisticRegression()).fit(dates, Y)
    with pytest.raises(CannotCompile) as caught:
        lower(estimator, infer(as_dataset(dates)).to_manifest())
    told = all_reasons(estimator, caught.value, ("since",))
    assert told.endswith(". since: skylayer.DateParts makes numbers of dates, natively")


def test_dates_that_are_read_natively_are_no_reason() -> None:
    dates = pd.DataFrame({"since": ["2020-01-01", "2021-01-01", "2022-01-01", "2023-01-01"] * 5})
    estimator = make_pipeline(skylayer.DateParts(), Doubled(), LogisticRegression()).fit(dates, Y)
    with pytest.raises(CannotCompile) as caught:
        lower(estimator, infer(as_dataset(dates)).to_manifest())
    told = all_reasons(estimator, caught.value, ("since",))
    assert "since" not in told
    assert "DateParts" not in told
