"""A problem as one text, for protocols whose errors are a text."""

from __future__ import annotations

from serving.http import Response, json_response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from serving.errors import Problem

MAX_SHOWN = 5


def in_one_line(problem: Problem) -> str:
    """A problem's detail and the first of its errors."""
    errors = problem.errors or []
    shown = [_told(error["pointer"], error["detail"]) for error in errors[:MAX_SHOWN]]
    more = [f"{problem.count - MAX_SHOWN} more"] if problem.count > MAX_SHOWN else []
    return " ".join([problem.detail, "; ".join(shown + more)]).strip()


def error_response(problem: Problem) -> Response:
    """A problem as `{"error": text}`, as KServe's protocols have it: what can't be processed is a bad request there."""
    response = json_response({"error": in_one_line(problem)}, headers=problem.headers)
    response.status = 400 if problem.status in {415, 422} else problem.status
    response.outcome = problem.outcome
    return response


def _told(place: str, detail: str) -> str:
    """Where and what, naming a column once: pointer and detail both do."""
    column = place.rpartition("/")[2].replace("~1", "/").replace("~0", "~")
    return f"{place.removeprefix('/instances/')}: {detail.removeprefix(f'{column}: ')}"
