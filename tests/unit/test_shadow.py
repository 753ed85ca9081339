"""A shadow's answer beside that of the model that answers: how many rows differ, and by how much numbers do."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from serving import api, log, shadow
from serving.http import json_response
from serving.shadow import compare

MODEL = {"model": {"name": "penguins", "version": "0123"}, "classes": ["a", "b"]}


@pytest.mark.parametrize(
    ("answer", "own", "differing", "largest"),
    [
        ({"predictions": [1.0, 2.0]}, {"predictions": [1.0, 2.5]}, 1, 0.5),
        ({"predictions": [1, 2]}, {"predictions": [4, 2]}, 1, 3),
        ({"predictions": ["a", "b"]}, {"predictions": ["b", "b"]}, 1, None),
        ({"predictions": [True, False]}, {"predictions": [False, True]}, 2, None),
        ({"predictions": [[1.0, 2.0], [3.0, 4.0]]}, {"predictions": [[1.0, 2.0], [3.0, 5.0]]}, 1, 1.0),
        (
            {"predictions": ["a"], "probabilities": [[0.75, 0.25]]},
            {"predictions": ["a"], "probabilities": [[0.5, 0.5]]},
            0,
            0.25,
        ),
        ({"predictions": ["a"], "scores": [0.75]}, {"predictions": ["a"]}, 0, None),
        # A null is an answer that isn't finite: there is no difference to a number.
        ({"predictions": [None, 1.0]}, {"predictions": [2.0, None]}, 2, None),
        ({"predictions": [None, 1.0, 2.0]}, {"predictions": [2.0, 1.5, 2.0]}, 2, 0.5),
        # Of other classes: their probabilities stand beside nothing.
        (
            {"predictions": ["a"], "probabilities": [[0.75, 0.25]]},
            {"predictions": ["a"], "probabilities": [[0.5, 0.25, 0.25]]},
            0,
            None,
        ),
    ],
    ids=[
        "numbers",
        "integers",
        "labels",
        "booleans",
        "several",
        "probabilities",
        "one field",
        "nulls",
        "a null",
        "classes",
    ],
)
def test_rows_are_counted_by_their_prediction_and_numbers_compared_in_their_place(
    answer: dict[str, Any], own: dict[str, Any], differing: int, largest: float | None
) -> None:
    found = compare(answer, own)
    rows = len(answer["predictions"])
    assert found == {"rows": rows, "differing": differing, "largest_difference": largest}


@pytest.mark.parametrize(
    ("own", "failed", "counts", "told"),
    [
        ({"predictions": [1.0, 2.5]}, False, (2, 1), {"rows": 2, "differing": 1, "largest_difference": 0.5}),
        ({"predictions": [1.0, 2.0]}, False, (2, 0), {"rows": 2, "differing": 0, "largest_difference": 0.0}),
        ({"title": "an error"}, True, (2, 2), {"rows": 2, "error": "ValueError"}),
        ({"predictions": [1.0]}, True, (2, 2), {"rows": 2, "error": "ValueError"}),
    ],
    ids=["another answer", "the same", "no answer", "other rows"],
)
def test_a_shadow_is_logged_by_counts_and_fails_no_request(
    own: dict[str, Any],
    failed: bool,
    counts: tuple[int, int],
    told: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines: list[dict[str, Any]] = []
    clock = iter([10.0, 10.0125])
    monkeypatch.setattr(shadow, "perf_counter", lambda: next(clock))
    monkeypatch.setattr(
        log, "roll_out", lambda message, **members: lines.append({"message": message, **members})
    )
    monkeypatch.setattr(api, "dispatch", lambda *_: json_response(own))
    request: Any = SimpleNamespace(request_id="r-1")
    response = json_response({"predictions": [1.0, 2.0], **MODEL}, rows=2)
    models: list[Any] = [SimpleNamespace(reference={"version": version}) for version in ("0123", "4567")]
    shadow.score(request, response, *models)
    assert lines == [
        {
            "message": "shadow",
            "failed": failed,
            "counts": {"shadow_rows": counts[0], "shadow_differences": counts[1]},
            "request_id": "r-1",
            "version": "0123",
            "shadow_version": "4567",
            "latency_ms": 12.5,
            **told,
        }
    ]
