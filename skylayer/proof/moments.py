"""Dates as whole seconds since the start of 1970, in UTC: what a proof draws and bisects them by."""

from __future__ import annotations

from datetime import datetime, timedelta

from serving import dates

_START = datetime(1970, 1, 1)  # noqa: DTZ001 - in UTC without saying so
_SECOND = timedelta(seconds=1)


def seconds_of(text: str) -> int:
    """Of a text that `serving.dates.parse` takes, rounded down."""
    return (dates.in_utc(text) - _START) // _SECOND


def text_of(seconds: int) -> str:
    """A text without a zone, which every column of dates takes."""
    return (_START + timedelta(seconds=seconds)).isoformat()


def bounds_of(dtype: str) -> tuple[int, int]:
    """The first and the last whole second that a column of this type holds."""
    narrow = dtype.startswith("datetime64[ns")
    first = dates.FIRST_IN_NS + _SECOND if narrow else datetime.min  # noqa: DTZ901
    last = dates.LAST_IN_NS if narrow else datetime.max  # noqa: DTZ901
    return (first - _START) // _SECOND, (last - _START) // _SECOND
