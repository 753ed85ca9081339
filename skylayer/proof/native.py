"""The proof of the native engine: the kernel's answers against scikit-learn's, row by row, before anything is served.

Two halves: the table read back and compared with the estimator (`structure`), and both asked for the same rows: the
data, the neighbours of every split (`boundaries`), a 0.01 grid and rows made to hurt (`rows`). How far answers may
differ is computed from the program for each row (`bounds`); where that is nothing, every bit is compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from serving.errors import RowError
from skylayer.compiler import lower
from skylayer.compiler.assembler import assemble
from skylayer.compiler.program import Code
from skylayer.compiler.reference import Reference
from skylayer.proof.boundaries import neighbours
from skylayer.proof.bounds import candidates, inexact, radii
from skylayer.proof.rows import hostile, on_the_grid
from skylayer.proof.structure import StructureError, check_structure
from skylayer.proof.trace import Trace, as_matrix, open_program

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from skylayer.compiler.program import Output, Program

    Columns = list[list[Any]]

ROWS = 100_000
_CHUNK = 5_000
_WORK = 500_000_000  # multiplications or splits that a proof may take on either side
_FEWEST = 1_000
_ALONE = 24  # rows that both sides answer one at a time as well
_HOSTILE = 400
_TRAINING = 5_000  # rows of the data that are replayed, and from which splits are reached
_UNDECIDED = 0.01  # share of the data's own rows that the bounds may leave undecided


class ProofFailed(Exception):
    """The native answers aren't the estimator's; the message says where, or why it can't be shown."""


@dataclass
class Proof:
    """What was compared, and how closely.

    Attributes:
        rows: Rows that both answered.
        refused: Rows that both refused.
        entries: Table entries compared.
        ties: Rows whose label isn't decided by the bounds: scikit-learn contradicts itself there.
        largest: The largest difference, by field.
        floor: The largest difference of the estimator's batch from its own row by row, by field.
    """

    rows: int = 0
    refused: int = 0
    entries: int = 0
    ties: int = 0
    largest: dict[str, float] = field(default_factory=dict)
    floor: dict[str, float] = field(default_factory=dict)

    def to_manifest(self) -> dict[str, Any]:
        """As `engines.native.proof` of the manifest."""
        return {
            "rows": self.rows,
            "refused_rows": self.refused,
            "table_entries": self.entries,
            "ties": self.ties,
            "largest_difference": self.largest,
            "scikit_learn_floor": self.floor,
        }


def prove_native(
    estimator: Any,
    schema: dict[str, Any],
    fields: tuple[str, ...],
    data: Columns,
    *,
    rows: int = ROWS,
    progress: Callable[[float], None] = lambda _: None,
) -> tuple[bytes, Proof]:
    """Compile an estimator and prove the table.

    Args:
        estimator: Fitted.
        schema: The manifest's `input`.
        fields: The manifest's output fields.
        data: Values by column, as JSON carries them, of the rows that the estimator was trained and evaluated on.
        rows: About how many rows to replay.
        progress: Told the share that is done, 0 to 1.

    Returns:
        The table's bytes and what was shown of it.

    Raises:
        CannotCompile: A step has no native equivalent.
        ProofFailed: An answer differs; names the first row and field.
    """
    program = lower(estimator, schema)
    table = assemble(program)
    proof = Proof()
    try:
        proof.entries = check_structure(table, program, estimator)
    except StructureError as error:
        raise ProofFailed(f"the table isn't the estimator's: {error}") from None
    replay = _Replay(estimator, program, table, schema, fields, proof)
    random = np.random.default_rng(0)
    rows = min(rows, max(_FEWEST, _WORK // work(program)))
    own = np.unique(np.linspace(0, len(data[0]) - 1, min(_TRAINING, rows, len(data[0]))).astype(int))
    training = [[cells[i] for i in own] for cells in data]
    replay.compare(training, "the data", decided=True)
    replay.alone(training)
    replay.compare(hostile(schema, training, random, min(_HOSTILE, rows)), "a row made to hurt")
    accepted = replay.accepted(training)
    splits = neighbours(program, schema, accepted, max(rows // 4, 1), random)
    grid = on_the_grid(schema, accepted, max(rows - proof.rows - len(splits[0]), 1), random)
    total, start = len(splits[0]) + len(grid[0]), proof.rows + proof.refused
    for made, what in ((splits, "either side of a split"), (grid, "a 0.01 grid")):
        for first in range(0, len(made[0]), _CHUNK):
            replay.compare([cells[first : first + _CHUNK] for cells in made], what)
            progress((proof.rows + proof.refused - start) / total)
    return table, proof


def work(program: Program) -> int:
    """About how many multiplications or splits a row takes."""
    total = 1
    for o in program.operations:
        if o.code in {Code.TREES, Code.WIDE_TREES}:
            total += int(o.arrays[1]["depth"].sum())
        else:
            total += o.outputs + sum(array.size for array in o.arrays)
    return total


class _Replay:
    """Both sides, asked for the same rows."""

    def __init__(  # noqa: PLR0917 - both sides and what they share
        self,
        estimator: Any,
        program: Program,
        table: bytes,
        schema: dict[str, Any],
        fields: tuple[str, ...],
        proof: Proof,
    ) -> None:
        self._names = [column["name"] for column in schema["columns"]]
        self._program, self._fields, self._proof = program, fields, proof
        self._engine = open_program(table, self._names, list(fields))
        self._reference = Reference(estimator, schema, fields)
        self._wanted = inexact(program)
        self._outputs = {o.field: o for o in program.outputs}
        if missing := [name for name in fields if name not in self._outputs]:
            raise ProofFailed(f"the table has no {missing[0]}")
        needed = {s for o in program.operations if self._is_inexact(o) for s in o.inputs} | self._wanted
        slots = sorted(needed)
        self._trace = Trace(program, slots, self._names) if slots else None
        self._largest = {o.first: o for o in program.operations if o.code == Code.REDUCE}

    def _is_inexact(self, operation: Any) -> bool:
        outputs = range(operation.first, operation.first + operation.outputs)
        return not self._wanted.isdisjoint(outputs)

    def compare(self, columns: Columns, what: str, *, decided: bool = False) -> None:
        """Ask both for rows; fail at the first that differs, or if too many of them can't be decided."""
        refused = [] if self._accepts(columns) else self._refused(columns)
        for index in refused:
            self._both_refuse([[cells[index]] for cells in columns], what)
        if refused:
            kept = sorted(set(range(len(columns[0]))).difference(refused))
            columns = [[cells[i] for i in kept] for cells in columns]
        undecided = self._compare(columns, what)
        if decided and undecided > max(_UNDECIDED * len(columns[0]), 1):
            raise ProofFailed(
                f"{undecided} of {len(columns[0])} rows of the data lie too close to a split or decision, for "
                "what scikit-learn's own rounding leaves uncertain"
            )

    def alone(self, columns: Columns) -> None:
        """The kernel's batch is its row by row in every bit; the estimator's is its floor."""
        rows = [[cells[i] for cells in columns] for i in range(min(_ALONE, len(columns[0])))]
        rows = [row for row in rows if self._accepts([[cell] for cell in row])]
        if not rows:
            return
        batch = [list(cells) for cells in zip(*rows, strict=True)]
        together = as_matrix(self._engine.evaluate(batch, len(rows)), len(rows))
        own = self._expected(self._reference.answer(batch, len(rows)), len(rows))
        for index, row in enumerate(rows):
            single = [[cell] for cell in row]
            if as_matrix(self._engine.evaluate(single, 1), 1).tobytes() != together[index].tobytes():
                raise ProofFailed(f"the kernel answers {self._show(row)} differently alone and in a batch")
            for name, values in self._expected(self._reference.answer(single, 1), 1).items():
                if self._outputs[name].classes is None:
                    spread = _difference(values, own[name][index : index + 1]).max(initial=0.0)
                    self._proof.floor[name] = max(self._proof.floor.get(name, 0.0), float(spread))

    def accepted(self, columns: Columns) -> Columns:
        """The rows that aren't refused."""
        if self._accepts(columns):
            return columns
        kept = sorted(set(range(len(columns[0]))).difference(self._refused(columns)))
        return [[cells[i] for i in kept] for cells in columns]

    def _refused(self, columns: Columns) -> list[int]:
        return [i for i in range(len(columns[0])) if not self._accepts([[cells[i]] for cells in columns])]

    def _accepts(self, columns: Columns) -> bool:
        try:
            self._engine.evaluate(columns, len(columns[0]))
        except RowError:
            return False
        return True

    def _both_refuse(self, row: Columns, what: str) -> None:
        try:
            self._reference.answer(row, 1)
        except Exception:  # noqa: BLE001 - whatever an estimator raises on a row
            self._proof.refused += 1
            return
        try:
            self._engine.evaluate(row, 1)
        except RowError as error:
            shown = self._show([cells[0] for cells in row])
            raise ProofFailed(f"{what}: the kernel refuses {shown}: {error.detail}") from None

    def _compare(self, columns: Columns, what: str) -> int:
        """How many rows were undecided. A batch that the estimator refuses is halved down to the row."""
        rows = len(columns[0])
        if rows == 0:
            return 0
        native = as_matrix(self._engine.evaluate(columns, rows), rows)
        try:
            expected = self._expected(self._reference.answer(columns, rows), rows)
        except Exception as error:
            if rows == 1:
                shown = self._show([cells[0] for cells in columns])
                raise ProofFailed(f"{what}: the estimator refuses {shown}: {_line(error)}") from error
            half = rows // 2
            return self._compare([c[:half] for c in columns], what) + self._compare(
                [c[half:] for c in columns], what
            )
        return self._equal(native, expected, columns, what)

    def _equal(
        self,
        native: NDArray[np.float64],
        expected: dict[str, NDArray[np.float64]],
        columns: Columns,
        what: str,
    ) -> int:
        rows = len(native)
        radius, values = self._radii(columns, rows)
        undecided = np.zeros(rows, dtype=bool)
        first = 0
        for output in self._program.outputs:
            got = native[:, first : first + len(output.slots)]
            first += len(output.slots)
            if output.field not in self._fields:
                continue
            own = expected[output.field]
            if own.shape != got.shape:
                raise ProofFailed(f"{output.field} has the shape {got.shape} instead of {own.shape}")
            allowed = np.stack([radius.get(s, np.zeros(rows)) for s in output.slots], axis=1)
            same = (got == own) | (np.isnan(got) & np.isnan(own))
            undecided |= (np.isinf(allowed) | ((allowed > 0) & (output.classes is not None))).any(axis=1)
            with np.errstate(invalid="ignore"):
                difference = np.where(same, 0.0, np.abs(got - own))
                near = same | (difference <= allowed)
            near &= same | self._possible(output, own, radius, values)
            if not near.all():
                at = int(np.argmin(near.all(axis=1)))
                self._fail(output, at, int(np.argmin(near[at])), got, own, columns, what)
            if output.classes is None:
                settled = np.where(np.isfinite(allowed), difference, 0.0)
                worst = max(self._proof.largest.get(output.field, 0.0), float(settled.max(initial=0.0)))
                self._proof.largest[output.field] = worst
        self._proof.rows += rows
        self._proof.ties += int(undecided.sum())
        return int(undecided.sum())

    def _radii(
        self, columns: Columns, rows: int
    ) -> tuple[dict[int, NDArray[np.float64]], dict[int, NDArray[np.float64]]]:
        if self._trace is None:
            return {}, {}
        traced = self._trace.values(columns, rows)
        values = {slot: traced[:, k] for k, slot in enumerate(self._trace.slots)}
        return radii(self._program, self._wanted, values), values

    def _possible(
        self, output: Output, own: NDArray[np.float64], radius: dict[int, Any], values: dict[int, Any]
    ) -> NDArray[np.bool_]:
        """On an undecided row the label must be one of the tied ones."""
        possible = np.ones(own.shape, dtype=bool)
        for k, slot in enumerate(output.slots):
            reduced = self._largest.get(slot)
            if output.classes is None or reduced is None or slot not in radius:
                continue
            x = np.stack([values[s] for s in reduced.inputs], axis=1)
            r = np.stack([radius.get(s, np.zeros(len(x))) for s in reduced.inputs], axis=1)
            tied = candidates(x, r)
            label = np.clip(np.nan_to_num(own[:, k], nan=0), 0, tied.shape[1] - 1).astype(int)
            possible[:, k] = tied[np.arange(len(x)), label]
        return possible

    def _expected(self, answers: dict[str, Any], rows: int) -> dict[str, NDArray[np.float64]]:
        return {name: _numbers(value, self._outputs[name], rows) for name, value in answers.items()}

    def _fail(  # noqa: PLR0917 - where it is and what both said
        self, output: Output, at: int, k: int, got: Any, own: Any, columns: Columns, what: str
    ) -> None:
        row = [cells[at] for cells in columns]
        served, said = (float(v[at, k]) for v in (got, own))
        if output.classes is not None:
            labels = dict(enumerate(output.classes[k]))
            answers = (
                f"{labels.get(int(served))!r} instead of {labels.get(int(np.nan_to_num(said, nan=-1)))!r}"
            )
        else:
            answers = f"{served!r} instead of {said!r}"
        raise ProofFailed(f"{what}: {output.field}[{k}] of {self._show(row)} came out as {answers}")

    def _show(self, row: list[Any]) -> str:
        shown = dict(zip(self._names, row, strict=True))
        text = repr(shown)
        return text if len(text) <= 300 else f"{text[:300]}…"  # noqa: PLR2004 - one line of a terminal


def _numbers(value: Any, output: Output, rows: int) -> NDArray[np.float64]:
    """An estimator's answer as the table gives it, shape (rows, slots): labels as indices of their classes."""
    if isinstance(value, list) and output.field != "predictions":
        return np.hstack([np.asarray(part, dtype=np.float64).reshape(rows, -1) for part in value])
    dense = value.toarray() if hasattr(value, "toarray") else np.asarray(value)
    matrix = dense.reshape(rows, -1)
    if output.classes is None:
        return matrix.astype(np.float64)
    indices = np.full(matrix.shape, np.nan)
    for k, classes in enumerate(output.classes):
        known = {label: i for i, label in enumerate(classes)}
        indices[:, k] = [known.get(label, np.nan) for label in matrix[:, k].tolist()]
    return indices


def _difference(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore"):
        return np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, np.abs(a - b))


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
