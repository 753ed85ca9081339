"""How far probabilities that were made of those of pairs may lie from libsvm's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skylayer.compiler.program import Operation
    from skylayer.proof.rounding import Rows

STEP = 1e-7  # of a difference quotient
NEAR = 1e-9  # relative: an error so near the limit may end the rounds or not
ROUNDING = 1e-12
ENOUGH, ROUNDS = 0.005, 100  # libsvm's


def coupling(o: Operation, x: Rows, r: Rows, _: Rows) -> Rows:
    """To first order, by differences; undecided where it isn't clear which round is the last."""
    answer, rounds, near = _couple(x, o.outputs, None)
    bound = ROUNDING * answer
    for k in range(x.shape[1]):
        moved = x.copy()
        moved[:, k] += STEP
        bound = bound + 2 * np.abs(_couple(moved, o.outputs, rounds)[0] - answer) / STEP * r[:, [k]]
    return np.where(near[:, None], np.inf, bound)


def _couple(
    x: Rows, k: int, rounds: NDArray[np.int64] | None
) -> tuple[Rows, NDArray[np.int64], NDArray[np.bool_]]:
    """What the kernel does in coupling.c, for all rows at once and for given numbers of rounds, if any.

    Returns:
        The probabilities, the rounds that each row took, and where an error came near the limit.
    """
    n, limit = len(x), ENOUGH / k
    first, second = np.triu_indices(k, 1)
    q = np.zeros((n, k, k))
    q[:, first, second] = q[:, second, first] = -x * (1 - x)
    for pair in range(x.shape[1]):
        a, b = first[pair], second[pair]
        q[:, a, a] += (1 - x[:, pair]) ** 2
        q[:, b, b] += x[:, pair] ** 2
    p, taken, near = np.full((n, k), 1.0 / k), np.zeros(n, dtype=np.int64), np.zeros(n, dtype=bool)
    running = np.ones(n, dtype=bool)
    for turn in range(max(ROUNDS, k)):
        gradient = np.einsum("nij,nj->ni", q, p)
        product = (p * gradient).sum(axis=1)
        worst = np.abs(gradient - product[:, None]).max(axis=1)
        near |= running & (np.abs(worst - limit) <= NEAR * limit)
        running &= worst >= limit if rounds is None else turn < rounds
        if not running.any():
            break
        taken += running
        following = p.copy()
        for i in range(k):
            step = (product - gradient[:, i]) / q[:, i, i]
            scale = 1 + step
            following[:, i] += step
            product = (product + step * (step * q[:, i, i] + 2 * gradient[:, i])) / scale / scale
            gradient = (gradient + step[:, None] * q[:, i]) / scale[:, None]
            following = following / scale[:, None]
        p = np.where(running[:, None], following, p)
    return p, taken, near
