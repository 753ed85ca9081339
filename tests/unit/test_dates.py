"""What is a date is said once: training, requests and pandas agree on it."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving import dates
from serving.engines.containers import container_of
from serving.schema import Column, Refused
from skylayer.data.dataset import as_dataset
from skylayer.data.schema import infer

DATES = [
    "2026-01-31",
    "0001-01-01",
    "9999-12-31",
    "2026-01-31 12:30",
    "2026-01-31T12:30Z",
    "2026-01-31T12:30:00.123456789",
    "2026-01-31T12:30:00-0500",
    "2026-01-31T23:59:59+14:00",
]
TEXTS = [
    "2026-W05-1",
    "2026-031",
    "20260131",
    "2026-01",
    "2026-02-30",
    "2026-01-31T12",
    "2026-01-31T24:00",
    "2026-01-31T12:30:60",
    "2026-01-31T12:30:00,5",
    "2026-01-31T12:30+24:00",
    "1800-01-01T00:00:00+00:53:28",
    "0001-01-01T00:00:00+00:01",
    "9999-12-31T23:59:59-00:01",
    "202\u0666-01-31",
    "2026-01-31\n",
    "",
]


def kind_in_training(text: str) -> str:
    return infer(as_dataset(pd.DataFrame({"x": [text] * 3}))).columns[0].kind


def is_taken(text: str) -> bool:
    try:
        Column({"name": "x", "kind": "date", "nullable": False}).check(text)
    except Refused:
        return False
    return True


@pytest.mark.parametrize("text", DATES)
def test_a_date_is_one_in_training_and_in_a_request(text: str) -> None:
    assert kind_in_training(text) == "date"
    assert is_taken(text)


@pytest.mark.parametrize("text", TEXTS)
def test_any_other_text_is_one_in_training_and_refused_in_a_request(text: str) -> None:
    assert kind_in_training(text) != "date"
    assert not is_taken(text)


def read_by_pandas(text: str) -> datetime:
    series = pd.to_datetime(pd.Series([text], dtype=object), format="ISO8601", utc=True)
    return series.iloc[0].floor("us").to_pydatetime()


@given(
    moment=st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)),  # noqa: DTZ001
    style=st.sampled_from(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f"]),
    zone=st.sampled_from(["", "Z", "+05:30", "-0800"]),
)
def test_pandas_reads_the_same_moment(moment: datetime, style: str, zone: str) -> None:
    text = moment.replace(year=max(moment.year, 1000)).strftime(style) + (zone if "%H" in style else "")
    found = dates.parse(text)
    assert (found if found.tzinfo else found.replace(tzinfo=UTC)) == read_by_pandas(text)


@given(text=st.text("0123456789-:.TZW+ ", max_size=25) | st.sampled_from(TEXTS + DATES))
def test_what_is_a_date_here_is_one_to_pandas(text: str) -> None:
    try:
        found = dates.parse(text)
    except ValueError:
        return
    assert (found if found.tzinfo else found.replace(tzinfo=UTC)) == read_by_pandas(text)


def test_the_type_of_a_column_says_which_dates_it_holds() -> None:
    def refusal(text: str, dtype: str) -> str:
        column = Column({"name": "x", "kind": "date", "nullable": False, "dtype": dtype})
        try:
            column.check(text)
        except Refused as error:
            assert column.check_all([text]) is None
            return str(error)
        assert column.check_all([text]) == [text]
        return "taken"

    zoned, early = "2026-01-31T12:30Z", "1677-09-21T00:12:43.145223"
    assert refusal(zoned, "datetime64[us]") == "send it without a time zone, as the training data are"
    assert refusal(zoned, "datetime64[us, Europe/Berlin]") == refusal(zoned, "object") == "taken"
    assert refusal(early, "datetime64[ns]").startswith(
        "it must lie between 1677-09-21T00:12:43.145224 and 2262"
    )
    assert refusal(early, "datetime64[us]") == refusal(early, "str") == "taken"
    for sentinel in (pd.Timestamp.min, pd.Timestamp.max):
        assert refusal(sentinel.isoformat(), "datetime64[ns]") == "taken"


@pytest.mark.parametrize("dtype", ["datetime64[us]", "datetime64[s]", "datetime64[us, UTC]"])
def test_nine_digits_of_one_row_leave_room_for_the_years_of_another(dtype: str) -> None:
    schema = {"container": "frame", "columns": [{"name": "x", "kind": "date", "dtype": dtype}]}
    texts = ["2026-01-31T12:30:00.123456789", "9999-12-31", None]
    frame = container_of(schema)([texts], len(texts))
    assert str(frame["x"].dtype) == dtype
    assert frame["x"].dt.year.tolist()[:2] == [2026, 9999]
    assert frame["x"].isna().tolist() == [False, False, True]
