"""What can go wrong with a request, and how RFC 9457 (problem details) says it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MAX_PROBLEMS = 100

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

    `errors` holds the first `MAX_PROBLEMS` single problems of an input; `count` is the number of all.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: list[dict[str, Any]] | None = None,
        count: int = 0,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = errors
        self.count = count
        self.headers = dict(headers or {})

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
