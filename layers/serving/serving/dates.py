"""Dates and moments as text: what training recognizes as a column of dates, and what a request may send for one.

ISO 8601's calendar dates in extended form, with hours and minutes at least where there is a time: what pandas reads
as the same moment. Week dates, ordinal dates and the basic form (eight digits may be anything) are texts.
"""

from __future__ import annotations

import re
from datetime import datetime

from serving.errors import quoted

_FORM = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?", re.ASCII)


def parse(text: str) -> datetime:
    """The moment, its fraction cut to microseconds; without a zone unless the text names one.

    Raises:
        ValueError: It is no date.
    """
    if not _FORM.fullmatch(text):
        raise ValueError(f"{quoted(text)} is not a date")
    return datetime.fromisoformat(text)
