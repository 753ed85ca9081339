"""Columns that no step reads are found before the fit, and only where the estimator is the same without them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from sklearn.compose import (
    ColumnTransformer,
    TransformedTargetRegressor,
    make_column_selector,
    make_column_transformer,
)
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, OneHotEncoder, StandardScaler

from skylayer.train.unread import unread

DATA = pd.DataFrame(
    {"row": [1, 2], "age": [1.0, 2.0], "sex": ["a", "b"], "fare": [0.5, 1.5], "name": ["x", "y"]}
)
CHOSEN = make_column_transformer((StandardScaler(), ["age", "fare"]), (OneHotEncoder(), "sex"))


def pipeline(*steps: Any) -> Any:
    return make_pipeline(*steps, LinearRegression())


@pytest.mark.parametrize(
    ("estimator", "found"),
    [
        (pipeline(CHOSEN), ["row", "name"]),
        (pipeline("passthrough", CHOSEN), ["row", "name"]),
        (CHOSEN, ["row", "name"]),
        (GridSearchCV(pipeline(CHOSEN), {"linearregression__fit_intercept": [True, False]}), ["row", "name"]),
        (TransformedTargetRegressor(pipeline(CHOSEN)), ["row", "name"]),
        (
            pipeline(make_column_transformer((StandardScaler(), make_column_selector(dtype_include=float)))),
            ["row", "sex", "name"],
        ),
        (
            pipeline(make_column_transformer(("drop", ["row"]), ("passthrough", ["age", "fare"]))),
            ["row", "sex", "name"],
        ),
        (pipeline(make_union(CHOSEN, make_column_transformer((StandardScaler(), ["row"])))), ["name"]),
        (pipeline(make_column_transformer((StandardScaler(), ["age"]), remainder="passthrough")), []),
        (pipeline(make_column_transformer((StandardScaler(), [1, 3]))), []),
        (pipeline(make_column_transformer((StandardScaler(), slice(1, 2)))), []),
        (pipeline(make_column_transformer((StandardScaler(), [False, True, False, True, False]))), []),
        (pipeline(FunctionTransformer(), CHOSEN), []),
        (GridSearchCV(pipeline(CHOSEN), {"columntransformer": [CHOSEN, "passthrough"]}), []),
        (GridSearchCV(pipeline(CHOSEN), [{"columntransformer__standardscaler": [MinMaxScaler()]}]), []),
        (GridSearchCV(pipeline(CHOSEN), {"columntransformer__remainder": ["drop"]}), []),
        (LinearRegression(), []),
        (ColumnTransformer([]), list(DATA.columns)),
    ],
)
def test_what_no_step_reads_is_found(estimator: Any, found: list[str]) -> None:
    assert unread(estimator, DATA) == found


@pytest.mark.parametrize("data", [DATA.to_numpy(), ["a", "b"], DATA.rename(columns={"age": 1})])
def test_data_without_names_are_kept(data: Any) -> None:
    assert unread(pipeline(CHOSEN), data) == []
