"""An estimator's answers as the table has them, and how far two of them lie apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

from skylayer.compiler.program import Output
from skylayer.proof.answers import as_numbers, largest_difference

NAN = float("nan")
LABELS = Output("predictions", (0,), "scalar", (("a", "b"),))
TWO_LABELS = Output("predictions", (0, 1), "vector", (("a", "b"), (7, 5, 3)))


@pytest.mark.parametrize(
    ("output", "value", "wanted"),
    [
        (Output("predictions", (0,), "scalar"), [1, 2], [[1.0], [2.0]]),
        (Output("predictions", (0, 1), "vector"), np.array([[1, 2], [3, 4]]), [[1.0, 2.0], [3.0, 4.0]]),
        (Output("scores", (0, 1), "vector"), csr_matrix([[0.0, 2.0], [3.0, 0.0]]), [[0.0, 2.0], [3.0, 0.0]]),
        (
            Output("probabilities", (0, 1, 2, 3, 4), "nested"),
            [np.array([[0.25, 0.75], [0.5, 0.5]]), np.array([[1.0, 0.0, 0.0], [0.0, 0.5, 0.5]])],
            [[0.25, 0.75, 1.0, 0.0, 0.0], [0.5, 0.5, 0.0, 0.5, 0.5]],
        ),
        (Output("scores", (0, 1), "nested"), [np.array([1.0, 2.0]), np.array([3.0, 4.0])], [[1, 3], [2, 4]]),
        (LABELS, np.array(["b", "a"]), [[1.0], [0.0]]),
        (LABELS, np.array(["b", "c"]), [[1.0], [NAN]]),
        (TWO_LABELS, np.array([["b", 3], ["a", 7]], dtype=object), [[1.0, 2.0], [0.0, 0.0]]),
    ],
    ids=["numbers", "several", "sparse", "nested", "nested scalars", "labels", "no class", "several labels"],
)
def test_an_answer_is_a_matrix_of_rows_and_slots(output: Output, value: Any, wanted: list[Any]) -> None:
    found = as_numbers(value, output, 2)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, np.array(wanted))


@pytest.mark.parametrize(
    ("a", "b", "wanted"),
    [
        ([1.0, 2.0], [1.0, 4.5], 2.5),
        ([NAN, np.inf], [NAN, np.inf], 0.0),
        ([-np.inf, 1.0], [-np.inf, 0.5], 0.5),
        ([], [], 0.0),
    ],
    ids=["numbers", "equal", "infinite", "none"],
)
def test_the_largest_difference_is_that_of_answers_that_are_not_equal(
    a: list[float], b: list[float], wanted: float
) -> None:
    assert largest_difference(np.array(a), np.array(b)) == wanted


def test_a_number_is_not_close_to_a_missing_one() -> None:
    for a, b in (([1.0, NAN], [1.0, 2.0]), ([2.0], [NAN])):
        assert np.isnan(largest_difference(np.array(a), np.array(b)))
