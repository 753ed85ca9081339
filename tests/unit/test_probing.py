"""What an estimator is found to take beyond its training data."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from serving.schema import FRACTION, MISSING
from skylayer.artifact.probing import only, widened
from skylayer.data.dataset import as_dataset
from skylayer.data.instances import columns_of
from skylayer.data.schema import Schema, infer
from skylayer.train.tasks import task_of

RANDOM = np.random.default_rng(0)
FRAME = pd.DataFrame({
    "area": RANDOM.normal(90, 20, 60),
    "rooms": RANDOM.integers(1, 6, 60),
    "lift": RANDOM.random(60) < 0.5,
    "town": RANDOM.choice(["Bern", "Basel"], 60),
    "age": [None if row % 9 == 0 else float(row) for row in range(60)],
})  # fmt: skip
PRICE = FRAME["area"] * 3 + FRAME["rooms"]
KINDS = np.where(PRICE.median() < PRICE, "dear", "cheap")


def found(estimator: Any, data: Any, target: Any, **more: Any) -> dict[str, tuple[bool, tuple[str, ...]]]:
    """Of each column, whether it takes a missing value and what is new."""
    estimator.fit(data, target)
    table = as_dataset(data)
    schema = infer(table)
    wide = widened(estimator, schema, columns_of(table, schema), task_of(estimator), **more)
    return {column.name: (column.nullable, column.widened or ()) for column in wide.columns}


def imputing(model: Any) -> Any:
    columns = make_column_transformer(
        (SimpleImputer(), ["area", "age"]),
        (
            make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")),
            ["town"],
        ),
        ("passthrough", ["rooms", "lift"]),
    )
    return make_pipeline(columns, model)


def test_an_imputer_takes_what_is_missing_and_its_neighbour_does_not() -> None:
    assert found(imputing(LinearRegression()), FRAME, PRICE) == {
        "area": (True, (MISSING,)),
        "rooms": (False, (FRACTION,)),
        "lift": (False, ()),
        "town": (True, (MISSING,)),
        "age": (True, ()),
    }


def test_a_forest_takes_what_is_missing_everywhere() -> None:
    wide = found(imputing(RandomForestClassifier(5, random_state=0)), FRAME, KINDS)
    assert wide["rooms"] == (True, (MISSING, FRACTION))
    assert wide["lift"] == (True, (MISSING,))


def test_what_the_owner_keeps_strict_stays_as_the_data_have_it() -> None:
    wide = found(imputing(LinearRegression()), FRAME, PRICE, strict=["rooms", "town", "area"])
    assert [name for name, (_, new) in wide.items() if new] == []


@pytest.mark.parametrize(
    ("model", "taken"),
    [(make_pipeline(SimpleImputer(), LogisticRegression()), True), (LogisticRegression(), False)],
)
@pytest.mark.parametrize("dtype", ["float64", "int64"])
def test_an_array_is_asked_as_a_whole(model: Any, taken: bool, dtype: str) -> None:
    data = (FRAME[["area", "rooms"]].to_numpy() * 10).astype(dtype)
    new = (MISSING,) * taken + (FRACTION,) * (dtype == "int64")
    assert found(model, data, KINDS) == dict.fromkeys(("x0", "x1"), (taken, new))


def test_an_answer_that_is_no_number_is_none() -> None:
    unchecked = make_pipeline(
        FunctionTransformer(),
        StandardScaler(),
        FunctionTransformer(lambda values: np.nan_to_num(values, nan=np.inf)),
    )
    estimator = make_pipeline(unchecked, SimpleImputer(), LinearRegression())
    wide = found(estimator, FRAME[["area", "rooms"]], PRICE)
    assert wide["area"] == (False, ())


def test_texts_and_arrays_of_texts_are_not_asked() -> None:
    codes = np.array([["a", "b"], ["b", "a"]] * 20)
    wide = found(
        make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression()), codes, [0, 1] * 20
    )
    assert wide == {"x0": (False, ()), "x1": (False, ())}


def test_a_schema_may_be_widened_by_one_thing_alone() -> None:
    estimator = imputing(RandomForestClassifier(5, random_state=0)).fit(FRAME, KINDS)
    table = as_dataset(FRAME)
    schema = infer(table)
    wide = widened(estimator, schema, columns_of(table, schema), "classification")
    rooms = only(wide, MISSING).columns[1]
    assert (rooms.nullable, rooms.widened) == (True, (MISSING,))
    rooms = only(wide, FRACTION).columns[1]
    assert (rooms.nullable, rooms.widened) == (False, (FRACTION,))
    assert only(wide, "").columns == schema.columns


@pytest.mark.parametrize("categories", [["Bern", "Basel"], [1, 2], ["1", 2]])
@pytest.mark.parametrize(("handle_unknown", "unseen"), [("ignore", None), ("error", False)])
def test_it_is_known_where_an_unseen_category_is_refused(
    categories: list[Any], handle_unknown: Any, unseen: bool | None
) -> None:
    data = pd.DataFrame({"town": pd.Series(categories * 20, dtype=object)})
    steps = [
        FunctionTransformer(lambda frame: frame.astype(str)),
        OneHotEncoder(handle_unknown=handle_unknown),
    ]
    estimator = make_pipeline(*steps, LogisticRegression()).fit(data, [0, 1] * 20)
    table = as_dataset(data)
    (column,) = infer(table).columns
    schema = Schema("frame", None, (replace(column, kind="category", categories=tuple(categories)),))
    (wide,) = widened(estimator, schema, {"town": categories * 20}, "classification").columns
    assert wide.unseen is unseen
    assert ("unseen" in wide.to_manifest()) is (unseen is False)
