"""What a request may ask for, the same in every protocol, and how more than that is refused."""

from __future__ import annotations

import os

from serving.errors import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from serving.schema import Column

# A synchronous invocation carries 6 MB (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html),
# the event around the body included.
MAX_BODY_BYTES = int(os.environ.get("SKYLAYER_MAX_BODY_BYTES") or 5 * 1024 * 1024)
MAX_ROWS = int(os.environ.get("SKYLAYER_MAX_ROWS") or 10_000)
# Work that a request may ask for, in seconds by what the model is known to take: it is bounded before it starts. The
# function's own Timeout ends a request that takes longer, with nothing that a client could learn from.
MAX_SECONDS = float(os.environ.get("SKYLAYER_MAX_SECONDS") or 3)
# The JSON of the answer may take as much, the body as a string within it.
MAX_ANSWER_BYTES = 6 * 1024 * 1024
# Levels of arrays and objects in a body of JSON.
MAX_DEPTH = 32
# Longer integers are kept from `int`, which takes quadratic time and refuses more than 4,300 digits; no column can
# hold one, so they become infinite in JSON, stay text in CSV, and validation names their place.
MAX_INTEGER_DIGITS = 400


def check_body(body: bytes, schema: list[Column]) -> None:
    """Refuse a body over the limit, or one whose letters were lost before it came.

    API Gateway hands text on as UTF-8 and puts U+FFFD in place of each byte that isn't: a category would then be an
    unseen one, and its row be answered wrongly.

    Raises:
        Problem: 400 or 413.
    """
    check_length(body)
    if _REPLACEMENT in body and not _knows_replacement(schema):
        raise Problem(
            400,
            "The body holds U+FFFD, which stands for letters that were lost: it wasn't UTF-8 when it was sent. "
            "Save it as UTF-8 (in Excel: CSV UTF-8) and send it again.",
        )


def check_length(body: bytes) -> None:
    """Refuse a body over the limit.

    Raises:
        Problem: 413.
    """
    if len(body) > MAX_BODY_BYTES:
        raise Problem(
            413,
            f"The body is longer than {MAX_BODY_BYTES} bytes: send fewer rows at a time.",
            limits={"body_bytes": MAX_BODY_BYTES},
        )


_REPLACEMENT = "\ufffd".encode()


def _knows_replacement(schema: list[Column]) -> bool:
    """Whether the training data held the character itself."""
    return any("\ufffd" in str(category) for column in schema for category in column.categories)


def check_rows(rows: list[Any], most: int = MAX_ROWS) -> list[Any]:
    """The rows, if they are not too many; `most` is how many the model answers in time.

    Raises:
        Problem: 413, with the number that fits.
    """
    if len(rows) > min(most, MAX_ROWS):
        raise too_many_rows(len(rows), min(most, MAX_ROWS))
    return rows


def too_many_rows(rows: int, most: int) -> Problem:
    """The refusal of rows, of which `most` would be taken."""
    return Problem(
        413, f"The body has {rows} rows; at most {most} are taken at a time.", limits={"rows": most}
    )


def answer_too_long(size: int, rows: int) -> Problem:
    """The refusal of an answer of so many bytes, with a number of rows whose answer stays a tenth below the limit."""
    most = rows * MAX_ANSWER_BYTES * 9 // (size * 10)
    told = f"send fewer rows at a time, such as {most}" if most else "ask for less"
    return Problem(
        413,
        f"The answer would be longer than {MAX_ANSWER_BYTES} bytes: {told}.",
        limits={"rows": most} if most else {},
    )


def rows_in_time(nanoseconds: int) -> int:
    """How many rows of so many nanoseconds each fit into a request, at least one."""
    return max(1, int(MAX_SECONDS * 1e9) // max(1, nanoseconds))
