"""Dates from a request's text to an answer: the native engine reads their parts, and answers as scikit-learn does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from conftest import serve
from sklearn.compose import make_column_transformer
from sklearn.decomposition import NMF
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, SplineTransformer, StandardScaler

import skylayer
from serving import artifact, dates
from skylayer import DateParts

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 120
RANDOM = np.random.default_rng(0)
MOMENTS = pd.Series(
    pd.Timestamp("1955-01-01") + pd.to_timedelta(RANDOM.integers(0, 80 * 365 * 86_400, ROWS), unit="s")
).astype("datetime64[us]")
TARGET = pd.Series((MOMENTS.dt.month + MOMENTS.dt.hour > 18).astype(int), name="y")
FORMS = {
    "text": MOMENTS.dt.strftime("%Y-%m-%dT%H:%M:%S"),
    "zoned text": MOMENTS.dt.strftime("%Y-%m-%d %H:%M+05:30").astype(object),
    "microseconds": MOMENTS,
    "nanoseconds": MOMENTS.astype("datetime64[ns]"),
    "seconds": MOMENTS.astype("datetime64[s]"),
    "zone": MOMENTS.dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin"),
}


def packaged(estimator: Any, data: pd.DataFrame, y: Any, directory: Path, rows: int = 1500) -> Path:
    return skylayer.package(
        estimator.fit(data, y), data, y, name="model", directory=directory, proof_rows=rows
    )


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("missing", [False, True])
def test_every_part_of_every_form_is_native(form: str, missing: bool, tmp_path: Path) -> None:
    column = FORMS[form].copy()
    if missing:
        column.iloc[::7] = None
    data = pd.DataFrame({"when": column, "a": RANDOM.normal(size=ROWS)})
    parts = make_column_transformer(
        (DateParts(list(dates.PARTS), since="2000-02-29"), ["when"]), ("passthrough", ["a"])
    )
    estimator = make_pipeline(parts, SimpleImputer(), StandardScaler(), LogisticRegression(max_iter=2000))
    folder = packaged(estimator, data, TARGET, tmp_path)
    manifest = artifact.read_manifest(folder)
    assert manifest["engine"] == "native", manifest["engine_reason"]
    client = serve(folder)
    rows = [
        {"when": text, "a": 0.25}
        for text in ("1969-12-31T23:59:59.5", "2024-02-29", "1900-03-01 12:00", *([None] if missing else []))
    ]
    found = client.post({"instances": rows}).json()["probabilities"]
    asked = pd.DataFrame({"when": [row["when"] for row in rows], "a": 0.25})
    if "datetime64" in str(column.dtype):
        utc = pd.to_datetime(asked["when"], format="ISO8601", utc=True)
        asked["when"] = (utc if form == "zone" else utc.dt.tz_localize(None)).astype(column.dtype)
    np.testing.assert_allclose(found, estimator.predict_proba(asked), rtol=1e-9)


def test_a_zone_where_training_had_none_is_refused_by_the_schema(tmp_path: Path) -> None:
    data = MOMENTS.to_frame("when")
    folder = packaged(
        make_pipeline(DateParts(), StandardScaler(), LogisticRegression()), data, TARGET, tmp_path
    )
    answer = serve(folder).post({"instances": [{"when": "2026-01-31T12:30Z"}]})
    assert answer.status == 422
    assert "without a time zone" in answer.json()["errors"][0]["detail"]


def test_the_hour_on_a_circle_and_two_columns_of_dates_are_native(tmp_path: Path) -> None:
    data = pd.DataFrame(
        {"from": FORMS["text"], "to": (MOMENTS + pd.Timedelta(hours=30)).dt.strftime("%Y-%m-%d")}
    )
    steps = make_column_transformer(
        (make_pipeline(DateParts(["hour"]), SplineTransformer(n_knots=4)), ["from"]),
        (DateParts(["elapsed_days", "weekday"]), ["from", "to"]),
    )
    estimator = make_pipeline(steps, HistGradientBoostingRegressor(max_iter=20, random_state=0))
    folder = packaged(estimator, data, MOMENTS.dt.hour.astype(float), tmp_path)
    manifest = artifact.read_manifest(folder)
    assert manifest["engine"] == "native", manifest["engine_reason"]


def test_dates_as_categories_are_native_where_they_are_texts(tmp_path: Path) -> None:
    data = pd.DataFrame({"when": MOMENTS.dt.strftime("%Y-01-01")})
    estimator = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression())
    folder = packaged(estimator, data, TARGET, tmp_path)
    assert artifact.read_manifest(folder)["engine"] == "native"


def test_where_scikit_learn_serves_it_finds_the_class_in_the_serving_layer(tmp_path: Path) -> None:
    data = FORMS["text"].to_frame("when")
    estimator = make_pipeline(
        DateParts(["month", "day"]), NMF(2, init="nndsvda", max_iter=500), LogisticRegression()
    )
    folder = packaged(estimator, data, TARGET, tmp_path)
    manifest = artifact.read_manifest(folder)
    assert manifest["engine"] == "sklearn"
    assert "when" not in manifest["engine_reason"]
    assert not [name for name in manifest["files"] if name.startswith("source/")]
    body = json.dumps({"instances": [{"when": "2024-02-29"}]})
    expected = estimator.predict(pd.DataFrame({"when": ["2024-02-29"]})).tolist()
    assert serve(folder).post(json.loads(body)).json()["predictions"] == expected
