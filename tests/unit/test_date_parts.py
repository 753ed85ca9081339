"""The parts of dates: pandas' own, whatever a column of dates is made of, and those that the native engine reads."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from serving import dates
from skylayer import DateParts

ALL = list(dates.PARTS)
TEXTS = [
    "1970-01-01",
    "1969-12-31T23:59:59.999999999",
    "0001-01-01",
    "9999-12-31T23:59:59",
    "1900-02-28",
    "1900-03-01",
    "2000-02-29",
    "2024-02-29 12:30",
    "2024-12-30",  # in the first week of 2025
    "2021-01-03",  # in the last week of 2020
    "2020-12-31",
    "2026-03-01T00:30:00+05:30",
    "2025-12-31T23:30-0100",
    "2026-06-30T12:00Z",
]
MOMENTS = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30))  # noqa: DTZ001


def as_pandas_says(moments: pd.Series[Any], since: str) -> Any:
    """Every part by pandas alone, which was not asked by the class."""
    at = moments.dt
    days = (moments.dt.floor("s") - pd.Timestamp(since)) / pd.Timedelta(days=1)
    return np.column_stack([
        at.year, at.quarter, at.month, at.isocalendar().week, at.day, at.day_of_year, at.day_of_week, at.hour,
        at.minute, at.second, days,
    ])  # fmt: skip


@settings(deadline=None)
@given(moments=st.lists(MOMENTS, min_size=1, max_size=20), unit=st.sampled_from(["s", "ms", "us"]))
def test_the_parts_are_those_of_pandas(moments: list[datetime], unit: str) -> None:
    dtype: Any = f"datetime64[{unit}]"
    column = pd.Series(moments, dtype="datetime64[us]").astype(dtype)
    found = DateParts(ALL, since="2000-02-29").fit_transform(column.to_frame("x"))
    np.testing.assert_allclose(found, as_pandas_says(column, "2000-02-29"), rtol=1e-12, atol=1e-9)


@settings(deadline=None)
@given(
    moment=MOMENTS.map(lambda moment: moment.replace(year=max(moment.year, 1000))),
    style=st.sampled_from(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f"]),
    zone=st.sampled_from(["", "Z", "+05:30", "-0800", "+14:00"]),
)
def test_the_engine_reads_the_same_numbers_in_every_bit(moment: datetime, style: str, zone: str) -> None:
    text = moment.strftime(style) + (zone if "%H" in style else "")
    made = DateParts(ALL).fit_transform([[text]])
    read = np.array([[dates.numbers_of(part)([text])[0] for part in ALL]], dtype=np.float64)
    assert made.tobytes() == read.tobytes()


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_the_moment_in_utc(text: str) -> None:
    found = DateParts(ALL).fit_transform(pd.DataFrame({"x": [text]}))
    moment = dates.parse(text)
    utc = moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
    expected = as_pandas_says(pd.Series([utc], dtype="datetime64[us]"), "1970-01-01")
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-9)
    read = np.array([[dates.numbers_of(part)([text])[0] for part in ALL]], dtype=np.float64)
    assert found.tobytes() == read.tobytes()


def test_known_dates() -> None:
    parts = ["year", "day_of_year", "weekday", "week", "elapsed_days"]
    found = DateParts(parts, since="1969-12-31").fit_transform([["1968-12-31"], ["1970-01-01T06:00"]])
    assert found.tolist() == [[1968, 366, 1, 1, -365], [1970, 1, 3, 1, 1.25]]


def test_every_way_to_hold_a_column_gives_the_same_parts() -> None:
    texts = ["1969-12-31T23:30:00", "2024-02-29T12:00:00", None]
    moments = pd.Series(texts, dtype="datetime64[us]")
    utc = moments.dt.tz_localize("UTC")
    expected = DateParts(ALL).fit_transform(pd.DataFrame({"x": texts}))
    assert np.isnan(expected[2]).all()
    columns = [
        pd.Series(texts, dtype=object),
        pd.Series(texts, dtype="string"),
        pd.Series([*texts[:2], float("nan")], dtype=object),
        moments,
        moments.astype("datetime64[ns]"),
        utc,
        utc.dt.tz_convert("America/New_York"),
    ]
    for column in columns:
        np.testing.assert_array_equal(DateParts(ALL).fit_transform(column.to_frame("x")), expected)
    arrays = [np.array([texts], dtype=object).T, moments.to_numpy()[:, None], [[text] for text in texts]]
    for array in arrays:
        np.testing.assert_array_equal(DateParts(ALL).fit_transform(array), expected)


def test_columns_come_one_after_the_other_and_have_names() -> None:
    table = pd.DataFrame({"a": ["2024-02-29"], "b": ["1999-12-31"]})
    made = DateParts(["year", "month"])
    assert made.fit_transform(table).tolist() == [[2024, 2, 1999, 12]]
    assert list(made.get_feature_names_out()) == ["a_year", "a_month", "b_year", "b_month"]
    without = DateParts(["year"]).fit(table.to_numpy())
    assert list(without.get_feature_names_out()) == ["x0_year", "x1_year"]
    as_pandas = clone(made).set_output(transform="pandas").fit_transform(table)
    assert list(as_pandas.columns) == ["a_year", "a_month", "b_year", "b_month"]
    with pytest.raises(ValueError, match="feature names should match"):
        made.transform(table[["b", "a"]])
    with pytest.raises(ValueError, match="expecting 2 features"):
        without.transform(table.to_numpy()[:, :1])


@pytest.mark.parametrize(
    ("parameters", "rows", "reason"),
    [
        ({"parts": ["year", "century"]}, [["2024-02-29"]], "parts must be a list of year, quarter"),
        ({"parts": "year"}, [["2024-02-29"]], "parts must be a list of"),
        ({"parts": []}, [["2024-02-29"]], "parts must be a list of"),
        ({"since": "yesterday"}, [["2024-02-29"]], "'yesterday' is not a date|\"yesterday\" is not a date"),
        ({}, [["2024-02-30"]], "day"),
        ({}, [["20240229"]], "is not a date"),
        ({}, [[20240229]], "20240229 is not a date: DateParts takes"),
        ({}, ["2024-02-29"], "Expected 2D input"),
    ],
)
def test_what_is_no_date_or_no_part_is_refused(parameters: Any, rows: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        DateParts(**parameters).fit(rows)
