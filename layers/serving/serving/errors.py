"""What can go wrong with a request, and how RFC 9457 (problem details) says it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MAX_PROBLEMS = 100
MAX_TOLD = 5  # of them in the text of an exception
# Of what a client sent, a message quotes so many characters of a text, digits of a number and items of an array.
MAX_CHARACTERS = 60
MAX_DIGITS = 40
MAX_ITEMS = 4
_LOG10_OF_2 = 0.30102999566398120

# Status -> title, the status's own phrase (RFC 9110), and the last part of the problem's type.
_KINDS = {
    400: ("Bad Request", "malformed-body"),
    404: ("Not Found", "unknown-route"),
    405: ("Method Not Allowed", "method-not-allowed"),
    406: ("Not Acceptable", "not-acceptable"),
    413: ("Content Too Large", "too-large"),
    415: ("Unsupported Media Type", "unsupported-media-type"),
    422: ("Unprocessable Content", "invalid-instances"),
    500: ("Internal Server Error", "internal-error"),
}


class Problem(Exception):
    """A request that can't be answered: everything that its problem document says.

    `errors` holds the first `MAX_PROBLEMS` single problems of an input; `count` is the number of all. `limits`
    says how much of what was too much would be taken, by the names that `GET /model` has for it.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: list[dict[str, Any]] | None = None,
        count: int = 0,
        headers: Mapping[str, str] | None = None,
        limits: Mapping[str, int] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = errors
        self.count = count
        self.headers = dict(headers or {})
        self.limits = dict(limits or {})

    def __str__(self) -> str:
        """What was wrong, with the first single problems: what a traceback of a notebook ends with."""
        told = [f"{error['pointer']}: {error['detail']}" for error in (self.errors or [])[:MAX_TOLD]]
        return "\n".join([self.detail, *told])

    @property
    def outcome(self) -> str:
        """The kind of the problem as one word, for logs and metrics."""
        return _KINDS[self.status][1]

    def document(self) -> dict[str, Any]:
        """The problem details object, ready for JSON."""
        title, slug = _KINDS[self.status]
        document: dict[str, Any] = {
            "type": f"urn:skylayer:problem:{slug}",
            "title": title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors is not None:
            document["errors"] = self.errors
            document["count"] = self.count
        if self.limits:
            document["limits"] = self.limits
        return document


class RowError(Exception):
    """A row that passed the schema and that the estimator refuses: `row` counts from 0."""

    def __init__(self, row: int, column: str | None, detail: str) -> None:
        super().__init__(f"row {row}: {detail}")
        self.row = row
        self.column = column
        self.detail = detail


def pointer(*parts: str | int) -> str:
    """A JSON pointer (RFC 6901) to a part of the request's body."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


def quoted(value: Any) -> str:
    """A value of a client as a message may quote it, never much longer than what a person reads.

    Python refuses to write an integer of more than 4,300 digits, so a number goes into a message by way of this
    function alone.
    """
    if isinstance(value, list):
        more = [f"… {len(value) - MAX_ITEMS} more"] if len(value) > MAX_ITEMS else []
        return f"[{', '.join([*map(quoted, value[:MAX_ITEMS]), *more])}]"
    if isinstance(value, str):
        return repr(value[:MAX_CHARACTERS])
    if type(value) is int and (digits := digits_of(value)) > MAX_DIGITS:
        return f"a number of {digits} digits"
    return repr(value)


def digits_of(number: int) -> int:
    """How many decimal digits an integer has, without writing it."""
    size = abs(number)
    fewest = int((size.bit_length() - 1) * _LOG10_OF_2) + 1 if size else 1
    return fewest + int(size >= 10**fewest)
