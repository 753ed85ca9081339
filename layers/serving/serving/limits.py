"""What a request may ask for, the same in every protocol, and how more than that is refused."""

from __future__ import annotations

import os

from serving.errors import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# A synchronous invocation carries 6 MB (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html),
# the event around the body included.
MAX_BODY_BYTES = int(os.environ.get("SKYLAYER_MAX_BODY_BYTES") or 5 * 1024 * 1024)
MAX_ROWS = int(os.environ.get("SKYLAYER_MAX_ROWS") or 10_000)
# The JSON of the answer may take as much, the body as a string within it.
MAX_ANSWER_BYTES = 6 * 1024 * 1024
# Levels of arrays and objects in a body of JSON.
MAX_DEPTH = 32
# Longer integers are kept from `int`, which takes quadratic time and refuses more than 4,300 digits; no column can
# hold one, so they become infinite in JSON, stay text in CSV, and validation names their place.
MAX_INTEGER_DIGITS = 400


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
