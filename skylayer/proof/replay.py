"""The replay: the kernel and the estimator, asked for the same rows and compared within the program's own bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from serving.errors import RowError
from skylayer.compiler.reference import Reference
from skylayer.proof.answers import as_numbers, largest_difference
from skylayer.proof.outcome import Proof, ProofFailed
from skylayer.proof.ties import Ties
from skylayer.proof.trace import as_matrix, open_program

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from skylayer.compiler.program import Output, Program

    Columns = list[list[Any]]

INVARIANCE_ROWS = 24  # rows that both sides answer one at a time as well
CLOSE = 1e-9  # relative, of numbers that an undecided row answers
_SHOWN = 300  # characters of a row in a message


class Replay:
    """Both sides, asked for the same rows; what they answer is counted in a `Proof`.

    `prepare` makes the table's columns of the schema's, where steps run before the table; it raises RowError. The
    program then is of the columns `names`.
    """

    def __init__(  # noqa: PLR0917 - both sides and what they share
        self,
        estimator: Any,
        program: Program,
        table: bytes,
        schema: dict[str, Any],
        fields: tuple[str, ...],
        proof: Proof,
        prepare: Callable[[Columns, int], Columns] | None = None,
        names: list[str] | None = None,
    ) -> None:
        self._prepare = prepare or (lambda columns, _: columns)
        self._names = [column["name"] for column in schema["columns"]]
        self._program, self._fields, self._proof = program, fields, proof
        self._outputs = {o.field: o for o in program.outputs}
        if missing := [name for name in fields if name not in self._outputs]:
            raise ProofFailed(f"the table has no {missing[0]}")
        inner = self._names if names is None else names
        self._engine = open_program(table, inner, list(fields))
        self._reference = Reference(estimator, schema, fields)
        self._ties = Ties(program, inner)
        # The largest answer to the data, by field: they are replayed first.
        self._usual: dict[str, float] = {}

    def compare(self, columns: Columns, what: str) -> None:
        """Ask both for rows and count them under `what`.

        Raises:
            ProofFailed: One comes out differently that isn't a tie.
        """
        refusals = {} if self._accepts(columns) else self._refusals(columns)
        for index, refusal in refusals.items():
            self._compare_refused([[cells[index]] for cells in columns], refusal, what)
        if refusals:
            kept = sorted(set(range(len(columns[0]))).difference(refusals))
            columns = [[cells[i] for i in kept] for cells in columns]
        self._compare(columns, what)

    def batch_invariance(self, columns: Columns) -> None:
        """The kernel's batch is its row by row in every bit; the estimator's is its floor."""
        rows = [[cells[i] for cells in columns] for i in range(min(INVARIANCE_ROWS, len(columns[0])))]
        rows = [row for row in rows if self._accepts([[cell] for cell in row])]
        if not rows:
            return
        batch = [list(cells) for cells in zip(*rows, strict=True)]
        together = as_matrix(self._evaluate(batch, len(rows)), len(rows))
        own = self._expected(self._reference.answer(batch, len(rows)), len(rows))
        for index, row in enumerate(rows):
            single = [[cell] for cell in row]
            if as_matrix(self._evaluate(single, 1), 1).tobytes() != together[index].tobytes():
                raise ProofFailed(
                    f"the kernel answers {self._show(row)} differently by itself and in a batch"
                )
            for name, values in self._expected(self._reference.answer(single, 1), 1).items():
                if self._outputs[name].classes is None:
                    largest = largest_difference(values, own[name][index : index + 1])
                    self._proof.floor[name] = max(self._proof.floor.get(name, 0.0), largest)

    def accepted(self, columns: Columns) -> Columns:
        """The rows that aren't refused."""
        if self._accepts(columns):
            return columns
        kept = sorted(set(range(len(columns[0]))).difference(self._refusals(columns)))
        return [[cells[i] for i in kept] for cells in columns]

    def _refusals(self, columns: Columns) -> dict[int, RowError]:
        """What the kernel says against each row that it refuses, by position."""
        found = {}
        for index in range(len(columns[0])):
            try:
                self._evaluate([[cells[index]] for cells in columns], 1)
            except RowError as error:
                found[index] = error
        return found

    def _evaluate(self, columns: Columns, rows: int) -> memoryview[float]:
        return self._engine.evaluate(self._prepare(columns, rows), rows)

    def _is_refusal_undecided(self, row: Columns) -> bool:
        try:
            prepared = self._prepare(row, 1)
        except RowError:
            return False
        return self._ties.is_refusal_undecided(prepared)

    def _accepts(self, columns: Columns) -> bool:
        try:
            self._evaluate(columns, len(columns[0]))
        except RowError:
            return False
        return True

    def _compare_refused(self, row: Columns, refusal: RowError, what: str) -> None:
        """A row that the kernel refuses: the estimator must refuse it as well, or it is a tie."""
        try:
            self._reference.answer(row, 1)
        except Exception:  # noqa: BLE001 - whatever an estimator raises on a row
            self._proof.refused += 1
            return
        if not self._is_refusal_undecided(row):
            shown = self._show([cells[0] for cells in row])
            raise ProofFailed(f"{what}: the kernel refuses {shown}: {refusal.detail}") from refusal
        self._count_tie(what)

    def _count_tie(self, what: str) -> None:
        """A tie that only one side answers."""
        tally = self._proof.tally(what)
        tally.rows, tally.ties, tally.differing = tally.rows + 1, tally.ties + 1, tally.differing + 1

    def _compare(self, columns: Columns, what: str) -> None:
        """Compare rows that the kernel answers. A batch that the estimator refuses is halved down to the row."""
        rows = len(columns[0])
        if rows == 0:
            return
        native = as_matrix(self._evaluate(columns, rows), rows)
        try:
            expected = self._expected(self._reference.answer(columns, rows), rows)
        except Exception as error:
            if rows > 1:
                half = rows // 2
                self._compare([c[:half] for c in columns], what)
                self._compare([c[half:] for c in columns], what)
                return
            if not self._is_refusal_undecided(columns):
                shown = self._show([cells[0] for cells in columns])
                raise ProofFailed(f"{what}: the estimator refuses {shown}: {_line(error)}") from error
            self._count_tie(what)
            return
        self._equal(native, expected, columns, what)

    def _equal(
        self,
        native: NDArray[np.float64],
        expected: dict[str, NDArray[np.float64]],
        columns: Columns,
        what: str,
    ) -> None:
        rows = len(native)
        bound, values = self._ties.bounds(self._prepare(columns, rows), rows)
        undecided, differing = np.zeros((2, rows), dtype=bool)
        first = 0
        for output in self._program.outputs:
            got = native[:, first : first + len(output.slots)]
            first += len(output.slots)
            if output.field not in self._fields:
                continue
            own = expected[output.field]
            if own.shape != got.shape:
                raise ProofFailed(f"{output.field} has the shape {got.shape} instead of {own.shape}")
            allowed = np.stack([bound.get(s, np.zeros(rows)) for s in output.slots], axis=1)
            missing = np.isnan(got) & np.isnan(own)
            same = (got == own) | missing
            tied = (np.isinf(allowed) & ~missing) | ((allowed > 0) & (output.classes is not None))
            undecided |= tied.any(axis=1)
            with np.errstate(invalid="ignore"):
                difference = np.where(same, 0.0, np.abs(got - own))
                near = same | (difference <= allowed) | np.isinf(allowed)
                differing |= (tied & ~same & ~(difference <= CLOSE * np.abs(own))).any(axis=1)
            near &= same | self._ties.possible_labels(output, own, bound, values)
            if not near.all():
                at = int(np.argmin(near.all(axis=1)))
                self._fail(output, at, int(np.argmin(near[at])), got, own, columns, what)
            if output.classes is None:
                self._record(output.field, own, allowed, difference)
        tally = self._proof.tally(what)
        tally.rows += rows
        tally.ties += int(undecided.sum())
        tally.differing += int(differing.sum())

    def _record(
        self,
        name: str,
        own: NDArray[np.float64],
        allowed: NDArray[np.float64],
        difference: NDArray[np.float64],
    ) -> None:
        """The largest difference and error bound; a bound grows with the answer, so only usual answers count."""
        size, decided = np.abs(own), np.isfinite(allowed)
        usual = self._usual.setdefault(name, float(size[np.isfinite(own)].max(initial=0.0)))
        proof = self._proof
        for record, values in (
            (proof.largest, difference[decided]),
            (proof.bound, allowed[decided & (size <= usual)]),
        ):
            record[name] = float(values.max(initial=record.get(name, 0.0)))

    def _expected(self, answers: dict[str, Any], rows: int) -> dict[str, NDArray[np.float64]]:
        return {name: as_numbers(value, self._outputs[name], rows) for name, value in answers.items()}

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
        text = repr(dict(zip(self._names, row, strict=True)))
        return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
