"""The schema that is inferred from training data, and what is refused because JSON can't carry it."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.pandas import column, data_frames, range_indexes
from scipy import sparse  # type: ignore[import-untyped]

from serving.engines.containers import container_of
from skylayer.data.dataset import as_dataset, take
from skylayer.data.instances import columns_of, rows_of
from skylayer.data.schema import Column, infer
from skylayer.errors import UserError


def column_of(values: Any) -> Column:
    return infer(as_dataset(pd.DataFrame({"a": values}))).columns[0]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.5, 2.5], Column("a", "number", "float64", nullable=False, minimum=1.5, maximum=2.5)),
        ([1.5, None], Column("a", "number", "float64", nullable=True, minimum=1.5, maximum=1.5)),
        ([3, 1], Column("a", "integer", "int64", nullable=False, minimum=1, maximum=3)),
        (
            pd.array([3, None], dtype="Int64"),
            Column("a", "integer", "Int64", nullable=True, minimum=3, maximum=3),
        ),
        (np.array([3, 1], np.uint8), Column("a", "integer", "uint8", nullable=False, minimum=1, maximum=3)),
        ([True, False], Column("a", "boolean", "bool", nullable=False)),
        (pd.array([True, None], dtype="boolean"), Column("a", "boolean", "boolean", nullable=True)),
        (["y", "x", None], Column("a", "category", "str", nullable=True, categories=("x", "y"))),
        (
            pd.Series(["y", "x", None], dtype="string"),
            Column("a", "category", "string", nullable=True, categories=("x", "y")),
        ),
        (
            pd.Series(["y", "x", None], dtype=object),
            Column("a", "category", "object", nullable=True, missing="none", categories=("x", "y")),
        ),
        (
            pd.Series(["y", "x", np.nan], dtype=object),
            Column("a", "category", "object", nullable=True, missing="nan", categories=("x", "y")),
        ),
        (
            pd.Series([2, "x", 1.5, True, 1], dtype=object),
            Column("a", "category", "object", nullable=False, categories=(True, 1, 1.5, 2, "x")),
        ),
        (
            pd.Series([2, 1], dtype=object),
            Column("a", "integer", "object", nullable=False, minimum=1, maximum=2),
        ),
        (
            pd.Series([2, 1.5, None], dtype=object),
            Column("a", "number", "object", nullable=True, missing="none", minimum=1.5, maximum=2.0),
        ),
        (pd.Series([True, False], dtype=object), Column("a", "boolean", "object", nullable=False)),
        (
            pd.Categorical(["y", "x"], ["y", "z", "x"]),
            Column("a", "category", "category", nullable=False, categories=("y", "z", "x")),
        ),
        (
            pd.Categorical([2, 1], [1, 2], ordered=True),
            Column("a", "category", "category", nullable=False, categories=(1, 2), ordered=True),
        ),
        (["2026-01-31", None], Column("a", "date", "str", nullable=True)),
        (["2026-01-31T10:00:00Z"], Column("a", "date", "str", nullable=False)),
        (["2026-02-30"], Column("a", "category", "str", nullable=False, categories=("2026-02-30",))),
        (["one nice day", "another one came"], Column("a", "text", "str", nullable=False)),
        (["one nice day"] * 5, Column("a", "category", "str", nullable=False, categories=("one nice day",))),
        ([f"id-{index}" for index in range(60)], Column("a", "text", "str", nullable=False)),
    ],
)
def test_the_kind_of_a_column(values: Any, expected: Column) -> None:
    found = column_of(values)
    assert found == expected
    assert repr(found.categories) == repr(expected.categories)


def test_dates_of_pandas_are_dates() -> None:
    found = column_of(pd.Series(["2026-01-31", None], dtype="datetime64[us]"))
    assert (found.kind, found.nullable) == ("date", True)
    assert found.dtype.startswith("datetime64")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0, np.inf], r"column 'a' holds infinity.*np.nan"),
        (pd.to_timedelta([1, 2], unit="s"), r"timedelta64.*total_seconds"),
        ([1j, 2j], r"complex128"),
        (pd.period_range("2026", periods=2, freq="D"), r"period.*to_timestamp"),
        (pd.arrays.IntervalArray.from_breaks([0, 1, 2]), r"interval.*astype\(str\)"),
        (pd.arrays.SparseArray([0, 1]), r"Sparse.*to_dense"),
        ([[1], [2, 3]], r"type list.*one column for each element"),
        ([{"x": 1}], r"type dict"),
        ([b"bytes"], r"type bytes.*decode"),
        ([Decimal(1)], r"type Decimal.*astype"),
        ([date(2026, 1, 1)], r"type date.*to_datetime"),
        (pd.Series([None, None], dtype=object), r"no values at all.*Drop it"),
        (pd.Series(["x", None, np.nan], dtype=object), r"both None and NaN"),
    ],
)
def test_what_json_cannot_carry_is_refused_with_a_fix(values: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        column_of(values)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (pd.DataFrame({"a": []}), "no rows"),
        (pd.DataFrame(index=[0, 1]), "no columns"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "'a' occurs more than once"),
        (pd.DataFrame([[1, 2]]), "name 0 is not a text.*astype"),
        (pd.DataFrame([[1]], columns=[""]), "'' is not a text"),
        (pd.Series([1, 2]), "Series.*to_frame"),
        ([1, 2, 3], r"reshape\(-1, 1\)"),
        (np.zeros((2, 2, 2)), "3 dimensions"),
        ([[1, 2], [3]], "different lengths"),
        (np.array([["a"]], dtype="S1"), "array of"),
        (np.array([[1j]]), "complex"),
        (object(), "The data is a object"),
        (None, "The data is a NoneType"),
        ([], "no rows|dimensions"),
    ],
)
def test_data_that_is_no_table_is_refused(data: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        as_dataset(data)


def test_arrays_and_texts_have_a_schema_too() -> None:
    array = infer(as_dataset(np.array([[1, 2], [3, 4]], np.int32))).to_manifest()
    assert array["container"] == "array"
    assert array["dtype"] == "int32"
    assert [entry["name"] for entry in array["columns"]] == ["x0", "x1"]
    texts = infer(as_dataset(pd.Series(["a", "b"], name="review"))).to_manifest()
    assert texts == {
        "container": "texts",
        "columns": [{"name": "review", "kind": "text", "dtype": "object", "nullable": False}],
    }


def test_none_in_an_array_of_objects_stays_none() -> None:
    table = as_dataset(np.array([["a", 1], [None, 2]], dtype=object))
    text, number = infer(table).columns
    assert (text.dtype, text.missing, number.kind) == ("object", "none", "integer")


def test_rows_of_texts_and_numbers_are_objects_and_rows_of_texts_are_texts() -> None:
    mixed = as_dataset([["a", 1.5], ["b", 2.0]])
    assert (mixed.container, mixed.dtype) == ("array", "object")
    assert [column.kind for column in infer(mixed).columns] == ["category", "number"]
    assert as_dataset([["a", "1.5"], ["b", "2.0"]]).dtype == "str"


@pytest.mark.parametrize("form", ["coo", "dia", "bsr", "csr", "csc", "lil", "dok"])
def test_rows_of_every_sparse_matrix_are_taken(form: str) -> None:
    matrix = sparse.coo_matrix(np.diag([1.0, 2.0, 3.0])).asformat(form)
    np.testing.assert_array_equal(take(matrix, np.array([2, 0])).toarray(), [[0, 0, 3], [1, 0, 0]])


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_infinity=False, allow_nan=False),
    st.text(),
)
frames = data_frames(
    [
        column("number", elements=st.floats(allow_infinity=False)),
        column("integer", elements=st.integers(-(2**63), 2**63 - 1), dtype=np.int64),
        column("boolean", elements=st.booleans(), dtype=bool),
        column("text", elements=st.text(), dtype=object),
        column("mixed", elements=scalars, dtype=object),
    ],
    index=range_indexes(min_size=1, max_size=8),
)


@given(frames)
def test_rows_come_back_from_json_as_they_were(frame: pd.DataFrame) -> None:
    frame["mixed"] = [None if isinstance(v, float) and np.isnan(v) else v for v in frame["mixed"]]
    frame["mixed"] = pd.Series([*frame["mixed"][:-1], "one"], dtype=object)
    table = as_dataset(frame)
    schema = infer(table)
    assert json.loads(json.dumps(schema.to_manifest(), allow_nan=False))
    sent = json.loads(json.dumps(rows_of(columns_of(table, schema)), allow_nan=False))
    columns = [[row[entry.name] for row in sent] for entry in schema.columns]
    assert dict(zip(frame.columns, columns, strict=True)) == columns_of(table, schema)
    back = container_of(schema.to_manifest())(columns, len(sent))
    pd.testing.assert_frame_equal(back, table.frame, check_dtype=True)
