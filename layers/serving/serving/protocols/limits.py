"""The limits of a request, the same in every protocol."""

from __future__ import annotations

from serving.api import MAX_BODY_BYTES, MAX_ROWS
from serving.errors import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MOST_TOLD = 5


def check_body(body: bytes) -> None:
    """Refuse a body over the limit.

    Raises:
        Problem: 413.
    """
    if len(body) > MAX_BODY_BYTES:
        raise Problem(413, f"The body is longer than {MAX_BODY_BYTES} bytes: send fewer rows at a time.")


def check_rows(rows: list[Any]) -> list[Any]:
    """The rows, if they are not too many.

    Raises:
        Problem: 413.
    """
    if len(rows) > MAX_ROWS:
        raise Problem(413, f"The body has {len(rows)} rows; at most {MAX_ROWS} are taken at a time.")
    return rows


def in_one_line(problem: Problem) -> str:
    """A problem with its first errors as one text, for protocols whose errors are a text."""
    errors = problem.errors or []
    told = [
        f"{error['pointer'].removeprefix('/instances/')}: {error['detail']}" for error in errors[:MOST_TOLD]
    ]
    more = [f"{problem.count - MOST_TOLD} more"] if problem.count > MOST_TOLD else []
    return " ".join([problem.detail, "; ".join(told + more)]).strip()
