"""The proof of the native engine: the kernel's answers against scikit-learn's, row by row, before anything is served.

Two halves: the table read back and compared with the estimator (`structure`), and both asked for the same rows
(`replay`): the data, the neighbours of every split (`boundaries`), a 0.01 grid and adversarial rows (`rows`). How far
answers may differ is computed from the program for each row (`bounds`); where that is nothing, every bit is compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer.compiler.program import Code
from skylayer.proof.boundaries import neighbours
from skylayer.proof.outcome import Proof, ProofFailed
from skylayer.proof.replay import Replay
from skylayer.proof.rows import adversarial, on_the_grid
from skylayer.proof.structure import StructureError, check_structure

if TYPE_CHECKING:
    from collections.abc import Callable

    from skylayer.compiler.program import Program

    Columns = list[list[Any]]

ROWS = 100_000
_CHUNK = 5_000
_WORK = 500_000_000  # multiplications or splits that a proof may take on either side
_FEWEST = 1_000
_ADVERSARIAL = 400
_DATA, _GRID = "the data", "a 0.01 grid"  # rows as a model meets them
_BEFORE = 2_000  # rows of each kind that steps before the table get
_TRAINING = 5_000  # rows of the data that are replayed, and from which splits are reached

__all__ = ["Proof", "ProofFailed", "drawn", "prove_behind", "prove_native"]


def prove_native(
    program: Program,
    table: bytes,
    *,
    estimator: Any,
    schema: dict[str, Any],
    fields: tuple[str, ...],
    data: Columns,
    rows: int = ROWS,
    progress: Callable[[float], None] = lambda _: None,
) -> Proof:
    """Prove that a table answers as the estimator that it was compiled from.

    Args:
        program: What the estimator was lowered to.
        table: The same, assembled.
        estimator: Fitted.
        schema: The manifest's `input`.
        fields: The manifest's output fields.
        data: Values by column, as JSON carries them, of the rows that the estimator was trained and evaluated on.
        rows: About how many rows to replay.
        progress: Told the share that is done, 0 to 1.

    Returns:
        What was shown of the table.

    Raises:
        KernelError: The kernel can't be built here.
        ProofFailed: An answer differs, and the message names the first row and field; or more ties of the data or of
            the grid come out differently than `Tally.check_share` allows. Rows beside a split and adversarial rows
            are ties on purpose, so that no share of them says anything.
    """
    proof = Proof()
    try:
        proof.entries = check_structure(table, program, estimator)
    except StructureError as error:
        raise ProofFailed(f"the table isn't the estimator's: {error}") from None
    replay = Replay(estimator, program, table, schema, fields, proof)
    random = np.random.default_rng(0)
    rows = min(rows, max(_FEWEST, _WORK // work(program)))
    own = np.unique(np.linspace(0, len(data[0]) - 1, min(_TRAINING, rows, len(data[0]))).astype(int))
    training = [[cells[i] for i in own] for cells in data]
    replay.compare(training, _DATA)
    proof.tally(_DATA).check_share(_DATA)
    replay.batch_invariance(training)
    replay.compare(adversarial(schema, training, random, min(_ADVERSARIAL, rows)), "an adversarial row")
    accepted = replay.accepted(training)
    splits = neighbours(program, schema, accepted, rows // 4, random)
    grid = on_the_grid(schema, accepted, max(rows - proof.rows - len(splits[0]), 1), random)
    total, start = len(splits[0]) + len(grid[0]), proof.rows + proof.refused
    for made, what in ((splits, "either side of a split"), (grid, _GRID)):
        for first in range(0, len(made[0]), _CHUNK):
            replay.compare([cells[first : first + _CHUNK] for cells in made], what)
            progress((proof.rows + proof.refused - start) / total)
    proof.tally(_GRID).check_share(_GRID)
    return proof


def prove_behind(
    proof: Proof,
    program: Program,
    table: bytes,
    *,
    estimator: Any,
    schema: dict[str, Any],
    fields: tuple[str, ...],
    rows: dict[str, Columns],
    prepare: Callable[[Columns, int], Columns],
    names: list[str],
) -> None:
    """Prove a table behind steps that run before it: the whole against the whole estimator.

    Args:
        proof: That of the table by itself; counts are added to it.
        program: What the steps behind them were lowered to.
        table: The same, assembled.
        estimator: Fitted, with its first steps.
        schema: The manifest's `input`.
        fields: The manifest's output fields.
        rows: Of the schema, by what they are.
        prepare: What the first steps make of columns; raises RowError.
        names: Of the columns that they make.

    Raises:
        ProofFailed: As from `prove_native`.
    """
    replay = Replay(estimator, program, table, schema, fields, proof, prepare, names)
    for what, columns in rows.items():
        replay.compare(columns, what)
        proof.tally(what).check_share(what)
        replay.batch_invariance(columns)


def drawn(schema: dict[str, Any], data: Columns) -> dict[str, Columns]:
    """Rows for steps before a table, by what they are: of the data, around them, and adversarial."""
    random = np.random.default_rng(0)
    own = np.unique(np.linspace(0, len(data[0]) - 1, min(_BEFORE, len(data[0]))).astype(int))
    training = [[cells[i] for i in own] for cells in data]
    return {
        "the data from the first step on": training,
        "a 0.01 grid before the first step": on_the_grid(schema, training, _BEFORE, random),
        "an adversarial row before the first step": adversarial(schema, training, random, _ADVERSARIAL),
    }


def work(program: Program) -> int:
    """About how many multiplications or splits a row takes."""
    total = 1
    for o in program.operations:
        if o.code in {Code.TREES, Code.TREES_F64}:
            total += int(o.arrays[1]["depth"].sum())
        else:
            total += o.outputs + sum(array.size for array in o.arrays)
    return total
