"""What came over JSON is, for the estimator, what it was trained on: values, dtypes and missing values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from serving.engines.containers import container_of

FRAME = pd.DataFrame(
    {
        "float": [1.5, np.nan, 3.0],
        "float32": np.array([1.5, np.nan, 3.1], np.float32),
        "int": [1, 2, 2**62],
        "uint8": np.array([1, 2, 255], np.uint8),
        "bool": [True, False, True],
        "str": pd.Series(["a", None, "c"], dtype="str"),
        "string": pd.Series(["a", None, "c"], dtype="string"),
        "Int64": pd.Series([1, None, 3], dtype="Int64"),
        "boolean": pd.Series([True, None, False], dtype="boolean"),
        "Float64": pd.Series([1.5, None, 3], dtype="Float64"),
        "category": pd.Categorical(["b", None, "a"], categories=["b", "a", "z"]),
        "numbers": pd.Categorical([10, 20, None], categories=[20, 10], ordered=True),
        "none": pd.Series(["a", None, True], dtype=object),
        "nan": pd.Series(["a", np.nan, 3], dtype=object),
        "when": pd.to_datetime(pd.Series(["2026-01-31", None, "2026-02-01T12:30:00"]), format="ISO8601"),
        "zoned": pd.to_datetime(pd.Series(["2026-01-31", None, "2026-02-01"]), utc=True),
    }
)
VALUES: list[list[Any]] = [
    [1.5, None, 3.0],
    [1.5, None, 3.1],
    [1, 2, 2**62],
    [1, 2, 255],
    [True, False, True],
    ["a", None, "c"],
    ["a", None, "c"],
    [1, None, 3],
    [True, None, False],
    [1.5, None, 3.0],
    ["b", None, "a"],
    [10, 20, None],
    ["a", None, True],
    ["a", None, 3],
    ["2026-01-31", None, "2026-02-01T12:30:00"],
    ["2026-01-31", None, "2026-02-01"],
]


def schema() -> dict[str, Any]:
    columns = []
    for name in FRAME.columns:
        column: dict[str, Any] = {"name": name, "dtype": str(FRAME[name].dtype)}
        if column["dtype"] == "category":
            column["categories"] = FRAME[name].cat.categories.tolist()
            column["ordered"] = FRAME[name].cat.ordered
        if column["dtype"] == "object":
            column["missing"] = name
        columns.append(column)
    return {"container": "frame", "columns": columns}


def test_a_batch_is_the_training_frame() -> None:
    built = container_of(schema())(VALUES, 3)
    pd.testing.assert_frame_equal(built, FRAME, check_freq=False)
    assert built["none"][1] is None
    assert isinstance(built["nan"][1], float)
    assert built["str"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize("row", range(3))
def test_containers_are_batch_invariant(row: int) -> None:
    alone = container_of(schema())([[values[row]] for values in VALUES], 1)
    pd.testing.assert_frame_equal(alone, FRAME.iloc[[row]].reset_index(drop=True), check_freq=False)
    assert (alone["none"][0] is None) == (row == 1)


def test_unseen_categories_come_after_those_of_training() -> None:
    column = {"name": "c", "dtype": "category", "categories": ["b", "a"]}
    built = container_of({"container": "frame", "columns": [column]})([["new", "a", None, "b"]], 4)
    assert built["c"].cat.categories.tolist() == ["b", "a", "new"]
    assert built["c"].cat.codes.tolist() == [2, 1, -1, 0]


def test_arrays_have_the_training_dtype() -> None:
    columns = [{"name": "x0"}, {"name": "x1"}]
    built = container_of({"container": "array", "dtype": "float32", "columns": columns})(
        [[1.1, 2], [None, 4]], 2
    )
    assert built.dtype == np.float32
    np.testing.assert_array_equal(built, np.array([[1.1, np.nan], [2, 4]], np.float32))
    objects = [{"name": "x0", "missing": "none"}, {"name": "x1", "missing": "nan"}]
    built = container_of({"container": "array", "dtype": "object", "columns": objects})([[None], [None]], 1)
    assert built[0, 0] is None
    assert isinstance(built[0, 1], float)


def test_texts_are_a_list() -> None:
    assert container_of({"container": "texts", "columns": [{"name": "text"}]})([["a", "b"]], 2) == ["a", "b"]


@pytest.mark.parametrize(
    ("dtype", "values", "wanted"),
    [
        ("int64", [1, 2], "int64"),
        ("int64", [1, 2.5], "float64"),
        ("int64", [1, None], "float64"),
        ("uint8", [1, 2.5], "float64"),
        ("bool", [True, False], "bool"),
        ("bool", [True, None], "object"),
        ("float32", [1.5, None], "float32"),
    ],
)
def test_an_array_is_as_wide_as_its_values_need(dtype: str, values: list[Any], wanted: str) -> None:
    column = {"name": "a", "kind": "number", "dtype": dtype, "nullable": True}
    made = container_of({"container": "array", "dtype": dtype, "columns": [column]})([values], 2)
    assert np.asarray(made).dtype == wanted
    held = pd.Series(np.asarray(made)[:, 0])
    assert held.dropna().tolist() == [value for value in values if value is not None]
