"""Dates and moments as text: what training recognizes as a column of dates, what a request may send, and their parts.

ISO 8601's calendar dates in extended form, with hours and minutes at least where there is a time: what pandas reads
as the same moment. Week dates, ordinal dates and the basic form (eight digits may be anything) are texts.
"""

from __future__ import annotations

import re
from datetime import date, datetime

from serving.errors import quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Unfit(ValueError):
    """A date that the type of a column has no room for."""


_FORM = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?", re.ASCII)
_NAN = float("nan")
_EPOCH = date(1970, 1, 1).toordinal()
_DAY = 86_400
# What datetime64[ns] can hold, to the microsecond.
FIRST_IN_NS = datetime(1677, 9, 21, 0, 12, 43, 145224)  # noqa: DTZ001 - in UTC without saying so
LAST_IN_NS = datetime(2262, 4, 11, 23, 47, 16, 854775)  # noqa: DTZ001


def parse(text: str) -> datetime:
    """The moment, its fraction cut to microseconds; without a zone unless the text names one.

    Raises:
        ValueError: It is no date, or its year in UTC isn't one from 1 to 9999.
    """
    if not _FORM.fullmatch(text):
        raise ValueError(f"{quoted(text)} is not a date")
    try:
        in_utc(text)
    except OverflowError:
        raise ValueError(f"{quoted(text)} is not in the years 1 to 9999 of UTC") from None
    return datetime.fromisoformat(text)


def check(text: str, dtype: str) -> None:
    """Refuse a text that is no date, or that a column of this type can't hold.

    Raises:
        ValueError: It is no date.
        Unfit: pandas can't make the column's type of it; the message says why, for the client.
    """
    moment = parse(text)
    if not dtype.startswith("datetime64"):
        return
    if moment.tzinfo and "," not in dtype:
        raise Unfit("send it without a time zone, as the training data are")
    if dtype.startswith("datetime64[ns") and not FIRST_IN_NS <= in_utc(text) <= LAST_IN_NS:
        raise Unfit(f"it must lie between {FIRST_IN_NS.isoformat()} and {LAST_IN_NS.isoformat()}")


def in_utc(text: str) -> datetime:
    """The moment of a text that `parse` takes, in UTC without saying so: as UTC counts a text without a zone."""
    moment = datetime.fromisoformat(text)
    offset = moment.utcoffset()
    return moment if offset is None else moment.replace(tzinfo=None) - offset


def days_since_1970(moment: datetime) -> float:
    """Days from the start of 1970 to the second of a moment."""
    seconds = 3600 * moment.hour + 60 * moment.minute + moment.second
    return (moment.toordinal() - _EPOCH) + seconds / _DAY


def _day_of_year(moment: datetime) -> int:
    return moment.toordinal() - date(moment.year, 1, 1).toordinal() + 1


PARTS: dict[str, Callable[[datetime], float]] = {
    "year": lambda moment: moment.year,
    "quarter": lambda moment: (moment.month + 2) // 3,
    "month": lambda moment: moment.month,
    "week": lambda moment: moment.isocalendar()[1],
    "day": lambda moment: moment.day,
    "day_of_year": _day_of_year,
    "weekday": datetime.weekday,
    "hour": lambda moment: moment.hour,
    "minute": lambda moment: moment.minute,
    "second": lambda moment: moment.second,
    "elapsed_days": days_since_1970,
}


def numbers_of(part: str) -> Callable[[list[str | None]], list[float]]:
    """What makes numbers of texts that `parse` takes: one of PARTS of each, in UTC, and NaN of what is missing."""
    function = PARTS[part]
    return lambda texts: [_NAN if text is None else function(in_utc(text)) for text in texts]
