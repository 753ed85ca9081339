"""Reference statistics and made-up rows: true to the columns, telling nothing of a row."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier

from skylayer.artifact.golden import ROWS, make_golden
from skylayer.data.dataset import as_dataset
from skylayer.data.instances import columns_of, rows_of
from skylayer.data.schema import infer
from skylayer.data.statistics import QUANTILES, describe
from skylayer.train.tasks import Target

RANDOM = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "number": np.where(RANDOM.random(200) < 0.25, np.nan, RANDOM.normal(10, 2, 200)),
        "integer": RANDOM.integers(0, 9, 200),
        "boolean": RANDOM.random(200) < 0.5,
        "category": RANDOM.choice(["x", "y", None], 200),
        "text": [
            f"the {word} of number {row}" for row, word in enumerate(RANDOM.choice(["day", "noon"], 200))
        ],
        "date": pd.date_range("2026-01-01", periods=200).strftime("%Y-%m-%d"),
        "moment": pd.date_range("2026-01-01", periods=200, freq="h", tz="UTC"),
    }
)
LABELS = np.where(FRAME["boolean"], "yes", "no")


def described() -> dict[str, Any]:
    table = as_dataset(FRAME)
    return describe(columns_of(table, infer(table)), infer(table), Target(("label",), LABELS))


def test_numbers_are_described_as_numpy_would() -> None:
    column = described()["columns"]["number"]
    present = FRAME["number"].dropna().to_numpy()
    assert column["missing"] == FRAME["number"].isna().sum()
    assert column["mean"] == pytest.approx(present.mean())
    assert column["standard_deviation"] == pytest.approx(present.std())
    assert len(column["quantiles"]) == QUANTILES
    assert column["quantiles"][10] == pytest.approx(np.median(present))
    assert sum(column["histogram"]["counts"]) == len(present)
    assert len(column["histogram"]["edges"]) == len(column["histogram"]["counts"]) + 1


def test_categories_booleans_dates_and_the_target_are_counted() -> None:
    columns = described()["columns"]
    assert dict(columns["category"]["counts"]) == FRAME["category"].value_counts().to_dict()
    assert dict(columns["boolean"]["counts"]) == FRAME["boolean"].value_counts().to_dict()
    assert (columns["date"]["minimum"], columns["date"]["maximum"]) == ("2026-01-01", "2026-07-19")
    assert sum(columns["text"]["length_histogram"]["counts"]) == len(FRAME)
    assert dict(described()["target"]["label"]["counts"]) == pd.Series(LABELS).value_counts().to_dict()
    assert json.dumps(described(), allow_nan=False)


def test_golden_rows_fit_the_schema_and_are_no_rows_of_the_data() -> None:
    table = as_dataset(FRAME)
    schema = infer(table)
    model = DummyClassifier().fit(FRAME, LABELS)
    columns = columns_of(table, schema)
    made = make_golden(model, schema, columns, "classification")
    assert len(made["instances"]) == ROWS
    assert not [row for row in made["instances"] if row in rows_of(columns)]
    assert any(row["number"] is None for row in made["instances"])
    for row in made["instances"]:
        assert (
            row["number"] is None
            or FRAME["number"].min() - 0.01 <= row["number"] <= FRAME["number"].max() + 0.01
        )
        assert row["category"] in {"x", "y", None}
        assert "2026-01-01" <= row["date"] <= "2026-07-19"
    assert made == make_golden(model, schema, columns, "classification")
    assert len(made["answers"]["probabilities"]) == ROWS
