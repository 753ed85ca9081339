"""Estimators of several outputs answer a list for each row, though there is one output only."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import multioutput
from sklearn.linear_model import LinearRegression, LogisticRegression

from skylayer.compiler import lower

X = np.arange(12.0).reshape(6, 2) ** 2
NUMBERS = X.sum(axis=1, keepdims=True)
SCHEMA = {
    "container": "array",
    "dtype": "float64",
    "columns": [
        {"name": name, "kind": "number", "dtype": "float64", "nullable": False} for name in ("x0", "x1")
    ],
}


@pytest.mark.parametrize(
    ("estimator", "y"),
    [
        (multioutput.RegressorChain(LinearRegression()), NUMBERS),
        (multioutput.MultiOutputRegressor(LinearRegression()), NUMBERS),
        (multioutput.ClassifierChain(LogisticRegression()), (NUMBERS > 50).astype(int)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_one_output_is_a_list_of_one(estimator: Any, y: Any) -> None:
    estimator.fit(X, y)
    assert estimator.predict(X).shape == (6, 1)
    predictions = lower(estimator, SCHEMA).outputs[0]
    assert (predictions.field, predictions.shape, len(predictions.slots)) == ("predictions", "vector", 1)
