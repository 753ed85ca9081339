"""TransformedTargetRegressor: a number for a target of one axis, a list for a target of two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler

from skylayer.compiler import lower

if TYPE_CHECKING:
    from skylayer.compiler.program import Output

X = np.arange(12.0).reshape(6, 2) ** 2
SCHEMA = {
    "container": "array",
    "dtype": "float64",
    "columns": [
        {"name": name, "kind": "number", "dtype": "float64", "nullable": False} for name in ("x0", "x1")
    ],
}


def output(y: Any) -> Output:
    fitted = TransformedTargetRegressor(LinearRegression(), transformer=StandardScaler()).fit(X, y)
    (found,) = lower(fitted, SCHEMA).outputs
    assert fitted.predict(X).ndim == (1 if found.shape == "scalar" else 2)
    return found


@pytest.mark.parametrize(
    ("y", "shape", "slots"),
    [
        (X.sum(axis=1), "scalar", 1),
        (X.sum(axis=1, keepdims=True), "vector", 1),
        (X, "vector", 2),
    ],
    ids=["one axis", "two axes, one column", "two columns"],
)
def test_an_answer_has_the_axes_of_the_target(y: Any, shape: str, slots: int) -> None:
    found = output(y)
    assert (found.field, found.shape, len(found.slots)) == ("predictions", shape, slots)


def test_what_comes_back_through_a_scaler_is_no_integer() -> None:
    assert not output(X.sum(axis=1)).integer
