"""How far the native answer to a row may lie from scikit-learn's, by error analysis of the program itself.

Each slot gets an error bound per row: 0 where every bit must be equal, otherwise what may differ because scikit-learn
differs there from itself. Dot products differ by 1e-14 · Σ|terms| (BLAS kernels add in different orders), functions
such as exp by 4 ulp (SIMD and libm round differently); both numbers stand above what scikit-learn 1.9 showed against
itself, one row against a batch and one processor against another. Everything else is exact, and passes on what comes
in: to first order through smooth functions, and as "undecided" (an infinite bound, or 1 for a flag) where a
comparison, a split or a decision lies closer than its operands' error bounds. Undecided rows are ties. So are those
whose Σ|terms| is infinite: which of the partial sums overflows depends on the order. `rules` has a rule per operation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skylayer.compiler.program import Arithmetic, CheckFlag, Code, Reduce
from skylayer.proof.rules import RULES, is_source, unknown
from skylayer.proof.rules.comparisons import shifted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skylayer.compiler.program import Operation, Program
    from skylayer.proof.rounding import Rows


FLOAT32_LIMIT = 3.4028235677973366e38  # the least number that rounds to infinity as a float32


def inexact(program: Program) -> set[int]:
    """The slots whose bits may differ from scikit-learn's."""
    slots: set[int] = set()
    for operation in program.operations:
        if is_source(operation) or not slots.isdisjoint(operation.inputs):
            slots.update(range(operation.first, operation.first + operation.outputs))
    return slots


def error_bounds(
    program: Program, wanted: set[int], values: dict[int, NDArray[np.float64]]
) -> dict[int, Rows]:
    """The error bound of each inexact slot, shape (rows,).

    Args:
        program: Whose slots they are.
        wanted: What `inexact` gave.
        values: Each slot's value per row, of at least those slots and of what they are made from.
    """
    known: dict[int, NDArray[np.float64]] = {}
    rows = len(next(iter(values.values())))
    zero = np.zeros(rows)
    largest: dict[int, tuple[int, ...]] = {}
    for o in program.operations:
        if o.code == Code.REDUCE and o.kind == Reduce.MAXIMUM:
            largest[o.first] = o.inputs
        outputs = range(o.first, o.first + o.outputs)
        if wanted.isdisjoint(outputs):
            continue
        x = np.stack([values[s] for s in o.inputs], axis=1) if o.inputs else np.zeros((rows, 0))
        r = np.stack([known.get(s, zero) for s in o.inputs], axis=1) if o.inputs else np.zeros((rows, 0))
        y = np.stack([values[s] for s in outputs], axis=1)
        rule = shifted if _is_shift(o, largest) else RULES.get(o.code, unknown)
        with np.errstate(all="ignore"):
            bound = np.broadcast_to(rule(o, x, r, y), y.shape)
        # What isn't finite on both sides is compared by itself; a bound must never be NaN.
        bound = np.where(np.isnan(bound), np.inf, bound)
        known.update({slot: bound[:, k] for k, slot in enumerate(outputs)})
    return known


def undecided_checks(program: Program, values: dict[int, Rows], bounds: dict[int, Rows]) -> NDArray[np.bool_]:
    """The rows that some CHECK refuses or lets pass by how its operands were rounded, shape (rows,).

    Args:
        program: Whose checks they are.
        values: Each slot's value per row, of the inexact slots at least.
        bounds: What `error_bounds` gave.
    """
    undecided = np.zeros(len(next(iter(values.values()))), dtype=bool)
    for o in program.operations:
        if o.code != Code.CHECK:
            continue
        limit = FLOAT32_LIMIT if o.flags & CheckFlag.FLOAT32_RANGE else np.inf
        for slot in bounds.keys() & set(o.inputs):
            x, r = values[slot], bounds[slot]
            with np.errstate(invalid="ignore", over="ignore"):
                undecided |= np.isinf(r) | ((np.abs(x) + r >= limit) & (np.abs(x) - r < limit))
                if o.flags & CheckFlag.NOT_NEGATIVE:
                    undecided |= (x - r < 0) & (x + r >= 0)
    return undecided


def _is_shift(o: Operation, largest: dict[int, tuple[int, ...]]) -> bool:
    """Whether an operation takes the largest of its operands from each of them."""
    shift = o.code == Code.COMBINE and o.kind == Arithmetic.SUBTRACT and len(o.inputs) == o.outputs + 1
    return shift and largest.get(o.inputs[-1]) == o.inputs[:-1]
