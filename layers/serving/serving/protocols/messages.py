"""A problem as one text, for protocols whose errors are a text."""

from __future__ import annotations

from serving.http import error_response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from serving.errors import Problem
    from serving.http import Response

MAX_SHOWN = 5


def in_one_line(problem: Problem) -> str:
    """A problem's detail and the first of its errors."""
    errors = problem.errors or []
    shown = [_told(error["pointer"], error["detail"]) for error in errors[:MAX_SHOWN]]
    more = [f"{problem.count - MAX_SHOWN} more"] if problem.count > MAX_SHOWN else []
    return " ".join([problem.detail, "; ".join(shown + more)]).strip()


def kserve_error(problem: Problem) -> Response:
    """A problem as `{"error": text}`, as KServe's protocols have it: what can't be processed is a bad request there."""
    status = 400 if problem.status in {415, 422} else problem.status
    return error_response(problem, status, {"error": in_one_line(problem)})


def mlflow_error(problem: Problem) -> Response:
    """A problem as `{"error_code", "message"}`, as MLflow's model server has it, which knows few statuses."""
    status = problem.status if problem.status in {405, 406, 413, 415} else 400
    return error_response(problem, status, {"error_code": "BAD_REQUEST", "message": in_one_line(problem)})


def _told(place: str, detail: str) -> str:
    """Where and what, naming a column once: pointer and detail both do."""
    column = place.rpartition("/")[2].replace("~1", "/").replace("~0", "~")
    return f"{place.removeprefix('/instances/')}: {detail.removeprefix(f'{column}: ')}"
