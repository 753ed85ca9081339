"""A shadow scores what another version has answered, and is compared with it; it never answers."""

from __future__ import annotations

from time import perf_counter

from serving import api, log
from serving.answered import PREDICTIONS, fields_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from serving.http import Request, Response
    from serving.model import Model


_NUMBERS = (int, float)  # and no booleans, which are labels


def score(request: Request, response: Response, answered: Model, shadow: Model) -> None:
    """Let the shadow answer, log how its answer differs, and throw it away; nothing of it can fail a request.

    The log gets counts and the largest difference of a number, neither the client's values nor the answers.
    """
    started = perf_counter()
    try:
        own = api.dispatch(request, shadow)
        found = compare(fields_of(response), fields_of(own))
    except Exception as error:  # noqa: BLE001 (the client has its answer; a shadow is an experiment)
        found = {"rows": response.rows, "error": type(error).__name__}
    differing = found["rows"] if "error" in found else found["differing"]
    log.roll_out(
        "shadow",
        failed="error" in found,
        counts={"shadow_rows": found["rows"], "shadow_differences": differing},
        request_id=request.request_id,
        version=answered.reference["version"],
        shadow_version=shadow.reference["version"],
        latency_ms=round((perf_counter() - started) * 1000, 3),
        **found,
    )


def compare(answer: dict[str, list[Any]], own: dict[str, list[Any]]) -> dict[str, Any]:
    """How the fields of two answers differ.

    Returns:
        `rows`, how many of them are `differing` in their prediction, and `largest_difference` of a number
        anywhere in the answers, null where there are none to compare: a number stands beside one of the same place.
    """
    first, second = answer[PREDICTIONS], own[PREDICTIONS]
    differences = [
        difference for name in answer if name in own for difference in _differences(answer[name], own[name])
    ]
    return {
        "rows": len(first),
        "differing": sum(a != b for a, b in zip(first, second, strict=True)),
        "largest_difference": max(differences, default=None),
    }


def _differences(a: Any, b: Any) -> list[float]:
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return [difference for pair in zip(a, b, strict=True) for difference in _differences(*pair)]
    return [abs(a - b)] if type(a) in _NUMBERS and type(b) in _NUMBERS else []
