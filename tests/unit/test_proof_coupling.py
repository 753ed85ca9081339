"""The bound of libsvm's probabilities: sound for small error bounds, undecided where the last round isn't clear."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from programs import operation, program

from skylayer.compiler.program import Code
from skylayer.proof.rules import coupling
from skylayer.proof.trace import Trace

if TYPE_CHECKING:
    from numpy.typing import NDArray

COUPLE = operation(Code.COUPLING, (0, 1, 2), 3, 3)
PAIRS = st.lists(st.floats(1e-3, 1 - 1e-3), min_size=3, max_size=3)


def evaluate(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The kernel's probabilities."""
    columns: list[list[float]] = x.T.tolist()
    return Trace(program(3, [COUPLE]), range(3, 6), ["a", "b", "c"]).values(columns, len(x))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(PAIRS, st.integers(-40, -24), st.integers(0, 2**32))
def test_probabilities_of_pairs_within_their_bounds_stay_within_the_bound(
    pairs: list[float], k: int, seed: int
) -> None:
    x, r = np.array([pairs]), np.array([pairs]) * 2.0**k
    random = np.random.default_rng(seed)
    share = np.concatenate(
        [np.zeros((1, 3)), random.choice([-1.0, 1.0], (16, 3)), random.uniform(-1, 1, (16, 3))]
    )
    ys = evaluate(x + share * r)
    bound = coupling.coupling(COUPLE, x, r, ys[:1])[0]
    seen = np.abs(ys - ys[0]).max(axis=0)
    if np.isfinite(bound).all():
        assert (seen <= bound).all()
        # Twice the sum of slopes, and of the derivatives' own error what a step of STEP leaves.
        assert (bound <= 16 * seen + 1e-5 * r.sum() + 2 * coupling.ROUNDING).all()


def test_exact_pairs_are_as_exact_as_the_rounds() -> None:
    x = np.array([[0.7, 0.6, 0.4]])
    answer = evaluate(x)
    bound = coupling.coupling(COUPLE, x, np.zeros((1, 3)), answer)
    np.testing.assert_allclose(bound, coupling.ROUNDING * answer, rtol=1e-9)


def test_an_error_near_the_limit_leaves_the_number_of_rounds_undecided() -> None:
    """Between two rows that take a different number of rounds lies one where rounding decides."""
    low, high = np.array([[0.999, 0.5, 0.5]]), np.array([[0.5, 0.5, 0.5]])
    taken = [coupling._couple(x, 3, None)[1][0] for x in (low, high)]  # noqa: SLF001 - how many rounds, which no output says
    assert taken[0] != taken[1]
    for _ in range(60):
        middle = (low + high) / 2
        if coupling._couple(middle, 3, None)[1][0] == taken[0]:  # noqa: SLF001
            low = middle
        else:
            high = middle
    bound = coupling.coupling(COUPLE, low, np.zeros((1, 3)), evaluate(low))
    assert np.isinf(bound).all()
    for by in (1e-8, -1e-8):
        beside = low + np.array([[by, 0.0, 0.0]])
        assert np.isfinite(coupling.coupling(COUPLE, beside, np.zeros((1, 3)), evaluate(beside))).all()
