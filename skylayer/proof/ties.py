"""Which answers are ties: rows and labels that the error bounds of a program leave undecided."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from serving.errors import RowError
from skylayer.compiler.program import Code, Reduce
from skylayer.proof.bounds import error_bounds, inexact, undecided_checks
from skylayer.proof.rules.comparisons import candidates
from skylayer.proof.trace import Trace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skylayer.compiler.program import Output, Program
    from skylayer.proof.rounding import Rows

    Columns = list[list[Any]]
    Slots = dict[int, Rows]


class Ties:
    """A program's values and error bounds, row by row."""

    def __init__(self, program: Program, names: list[str]) -> None:
        self._program, self._names = program, names
        self._inexact = inexact(program)
        made_from = (
            slot
            for o in program.operations
            if not self._inexact.isdisjoint(range(o.first, o.first + o.outputs))
            for slot in o.inputs
        )
        self._slots = sorted(self._inexact.union(made_from))
        self._trace = Trace(program, self._slots, names) if self._slots else None
        self._unchecked: Trace | None = None
        self._decisions = {
            o.first: o
            for o in program.operations
            if o.code == Code.REDUCE and o.kind in {Reduce.ARGMAX, Reduce.ARGMIN}
        }

    def bounds(self, columns: Columns, rows: int) -> tuple[Slots, Slots]:
        """The error bound of each inexact slot, and its value; both of shape (rows,)."""
        return self._bounds(columns, rows, self._trace)

    def is_refusal_undecided(self, row: Columns) -> bool:
        """Whether rounding alone decides that a check refuses a row: a sum that overflows or not by its order."""
        if self._trace is None:
            return False
        if self._unchecked is None:
            kept = tuple(o for o in self._program.operations if o.code != Code.CHECK)
            self._unchecked = Trace(
                dataclasses.replace(self._program, operations=kept), self._slots, self._names
            )
        try:
            bounds, values = self._bounds(row, 1, self._unchecked)
        except RowError:  # refused by what isn't a check: by a category
            return False
        return bool(undecided_checks(self._program, values, bounds).any())

    def possible_labels(
        self, output: Output, own: NDArray[np.float64], bounds: Slots, values: Slots
    ) -> NDArray[np.bool_]:
        """Which of an estimator's labels are tied ones, shape (rows, slots); numbers are left to their bounds.

        Args:
            output: The field.
            own: What the estimator answered, NaN for a label of no class.
            bounds: The error bounds of these rows.
            values: The values of their slots.
        """
        possible = np.ones(own.shape, dtype=bool) if output.classes is None else ~np.isnan(own)
        for k, slot in enumerate(output.slots):
            decision = self._decisions.get(slot)
            if decision is None or slot not in bounds:
                continue
            x = np.stack([values[s] for s in decision.inputs], axis=1)
            r = np.stack([bounds.get(s, np.zeros(len(x))) for s in decision.inputs], axis=1)
            tied = candidates(x, r, largest=decision.kind == Reduce.ARGMAX)
            label = np.clip(np.nan_to_num(own[:, k], nan=0), 0, tied.shape[1] - 1).astype(int)
            possible[:, k] &= tied[np.arange(len(x)), label]
        return possible

    def _bounds(self, columns: Columns, rows: int, trace: Trace | None) -> tuple[Slots, Slots]:
        if trace is None:
            return {}, {}
        traced = trace.values(columns, rows)
        values = {slot: traced[:, k] for k, slot in enumerate(trace.slots)}
        return error_bounds(self._program, self._inexact, values), values
