"""A shadow's answer beside that of the model that answers: how many rows differ, and by how much numbers do."""

from __future__ import annotations

from typing import Any

import pytest

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
    found = compare({**answer, **MODEL}, {**own, **MODEL})
    rows = len(answer["predictions"])
    assert found == {"rows": rows, "differing": differing, "largest_difference": largest}
