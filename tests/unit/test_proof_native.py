"""The whole proof on programs of a few operations: which rows are asked, and how many ties may differ where."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from programs import Estimator, numbers, operation, program

from skylayer.compiler.assembler import assemble
from skylayer.compiler.program import CheckFlag, Code, Output, Reduce, Unary
from skylayer.compiler.tree_nodes import NODE, TREE
from skylayer.proof import native
from skylayer.proof.native import ProofFailed, prove_native, work

if TYPE_CHECKING:
    from collections.abc import Callable

    from skylayer.proof.outcome import Proof

ROWS = 1000


def proven(predict: Callable[[Any], Any], told: list[float] | None = None, rows: int = ROWS) -> Proof:
    """Of the first of two equal products that is the largest, which is a tie on every row."""
    products = operation(Code.MATRIX, (0,), 1, 2, [[1.0], [1.0]], np.zeros(0))
    label = operation(Code.REDUCE, (1, 2), 3, 1, kind=Reduce.ARGMAX)
    made = program(1, [products, label], Output("predictions", (3,), "scalar", (("p", "q"),)))
    return prove_native(
        made,
        assemble(made),
        estimator=Estimator(predict),
        schema=numbers(1),
        fields=("predictions",),
        data=[[float(k) for k in range(300)]],
        rows=rows,
        progress=(told if told is not None else []).append,
    )


def labels(where: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: np.where(where(x[:, 0]), "q", "p")


def test_ties_that_come_out_equal_pass_and_are_counted_by_kind_of_row() -> None:
    told: list[float] = []
    proof = proven(labels(lambda x: np.zeros(len(x), dtype=bool)), told)
    assert set(proof.tallies) == {"the data", "an adversarial row", "a 0.01 grid"}
    assert proof.tally("the data").rows == 300
    assert proof.rows == proof.ties == ROWS
    assert (proof.decided, proof.differing, proof.refused) == (0, 0, 0)
    assert told[-1] == 1.0


def test_a_quarter_of_the_rows_are_pairs_beside_splits_and_the_grid_makes_up_the_rest() -> None:
    edges = [float(k) + 0.5 for k in range(ROWS)]
    made = program(1, [operation(Code.BINS, (0,), 1, 1, [0, ROWS], edges)])
    proof = prove_native(
        made,
        assemble(made),
        estimator=Estimator(lambda x: np.searchsorted(edges, np.nan_to_num(x[:, 0], nan=-1.0), "right")),
        schema=numbers(1),
        fields=("predictions",),
        data=[[float(k) for k in range(0, ROWS, 4)]],
        rows=ROWS,
    )
    assert proof.tally("either side of a split").rows == 2 * (ROWS // 4)
    assert proof.rows == ROWS


def test_a_proof_of_few_rows_still_has_one_of_the_grid() -> None:
    told: list[float] = []
    proof = proven(labels(lambda x: np.zeros(len(x), dtype=bool)), told, rows=10)
    assert proof.tally("the data").rows == 10
    assert proof.tally("a 0.01 grid").rows == 1
    assert told == [1.0]


def test_progress_is_a_share_of_the_rows_after_the_data_however_many_are_refused() -> None:
    def predict(x: Any) -> Any:
        if not (x >= 0).all():
            raise ValueError("Negative values in data.")
        return -x[:, 0]

    made = program(
        1,
        [
            operation(Code.CHECK, (0,), 1, 0, flags=CheckFlag.NOT_NEGATIVE, refusal="negative"),
            operation(Code.UNARY, (0,), 1, 1, kind=Unary.NEGATE),
        ],
    )
    told: list[float] = []
    proof = prove_native(
        made,
        assemble(made),
        estimator=Estimator(predict),
        schema=numbers(1),
        fields=("predictions",),
        data=[[float(k) for k in range(-50, 50)]],
        rows=ROWS,
        progress=told.append,
    )
    assert proof.refused > 50
    assert told[-1] == 1.0
    assert all(0.0 < share <= 1.0 for share in told)


def test_too_many_differing_ties_of_the_data_fail_the_proof() -> None:
    assert proven(labels(lambda x: np.isin(x, [1.0, 2.0, 3.0]))).tally("the data").differing == 3
    with pytest.raises(ProofFailed, match="4 of 300 rows of the data come out differently"):
        proven(labels(lambda x: np.isin(x, [1.0, 2.0, 3.0, 4.0])))


def test_too_many_differing_ties_of_the_grid_fail_the_proof() -> None:
    with pytest.raises(ProofFailed, match=r"of \d+ rows of a 0.01 grid come out differently"):
        proven(labels(lambda x: x != np.floor(x)))


def test_no_share_of_adversarial_rows_is_too_many() -> None:
    proof = proven(labels(lambda x: np.abs(x) > 1e15))
    tally = proof.tally("an adversarial row")
    assert tally.differing > 0.2 * tally.rows


def test_of_much_data_five_thousand_rows_are_replayed_and_four_hundred_adversarial_ones_twice_two() -> None:
    columns, rows = 20, 5_200
    made = program(columns, [operation(Code.UNARY, (0,), columns, 1, kind=Unary.NEGATE)])
    proof = prove_native(
        made,
        assemble(made),
        estimator=Estimator(lambda x: -x[:, 0]),
        schema=numbers(columns),
        fields=("predictions",),
        data=[[float(k) for k in range(rows)]] * columns,
        rows=10_000,
    )
    assert proof.tally("the data").rows == 5_000
    assert proof.tally("an adversarial row").rows == 402


def test_a_table_of_another_program_fails_the_proof() -> None:
    made = program(1, [operation(Code.MATRIX, (0,), 1, 1, [[1.0]], np.zeros(0))])
    other = program(1, [operation(Code.MATRIX, (0,), 1, 1, [[2.0]], np.zeros(0))])
    with pytest.raises(ProofFailed, match="the table isn't the estimator's: array 0 of MATRIX"):
        prove_native(
            made,
            assemble(other),
            estimator=Estimator(lambda x: x[:, 0]),
            schema=numbers(1),
            fields=("predictions",),
            data=[[1.0]],
        )


def test_work_is_the_depth_of_trees_and_the_size_of_other_arrays() -> None:
    trees = np.zeros(2, dtype=TREE)
    trees["depth"] = 3, 4
    operations = [
        operation(Code.TREES, (0,), 1, 1, np.zeros(2, dtype=NODE), trees, [0.0], np.zeros(0, dtype="<u4")),
        operation(Code.MATRIX, (0, 1), 2, 3, np.ones((3, 2)), np.ones(3)),
    ]
    assert work(program(1, operations)) == 1 + 7 + 3 + 6 + 3


def test_a_hundred_thousand_rows_are_replayed_unless_told_otherwise() -> None:
    assert inspect.signature(prove_native).parameters["rows"].default == 100_000
    assert native._WORK == 500_000_000  # noqa: SLF001 - as the module's comment explains it


@pytest.mark.parametrize(("row_by_row", "rows"), [(1_500, 1_500), (10, 1_000), (9_000, 2_000)])
def test_fewer_rows_are_replayed_where_they_are_much_work_but_a_thousand_at_least(
    row_by_row: int, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = program(1, [operation(Code.UNARY, (0,), 1, 1, kind=Unary.NEGATE)])
    monkeypatch.setattr(native, "_WORK", row_by_row * work(made))
    proof = prove_native(
        made,
        assemble(made),
        estimator=Estimator(lambda x: -x[:, 0]),
        schema=numbers(1),
        fields=("predictions",),
        data=[[float(k) for k in range(10)]],
        rows=2_000,
    )
    assert proof.rows == rows
