"""The replay, on programs of a few operations: what it must refuse, and what it must count as a tie and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from programs import Estimator, numbers, operation, program, transposed

from skylayer.compiler.assembler import assemble
from skylayer.compiler.program import Arithmetic, CheckFlag, Code, Output, Reduce, Unary
from skylayer.proof import replay
from skylayer.proof.outcome import Proof, ProofFailed
from skylayer.proof.replay import Replay
from skylayer.proof.ties import Ties
from skylayer.proof.trace import open_program

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from skylayer.compiler.program import Operation, Program

WHAT = "a test"
LABELS = Output("predictions", (4,), "scalar", (("p", "q", "r"),))
NEGATED = [operation(Code.UNARY, (0,), 1, 1, kind=Unary.NEGATE)]
NO_NEGATIVES = [
    operation(Code.CHECK, (0,), 1, 0, flags=CheckFlag.NOT_NEGATIVE, refusal="negative"),
    *NEGATED,
]


def replayed(
    made: Program,
    predict: Callable[[Any], Any],
    rows: Sequence[Sequence[Any]],
    ask: Callable[[Replay, list[list[Any]]], None] = lambda r, columns: r.compare(columns, WHAT),
) -> Proof:
    proof = Proof()
    columns = transposed(rows)
    both = Replay(Estimator(predict), made, assemble(made), numbers(len(columns)), ("predictions",), proof)
    ask(both, columns)
    return proof


def weighted(weights: Sequence[float], *after: Operation) -> Program:
    """A dot product, and what comes after it."""
    n = len(weights)
    product = operation(Code.MATRIX, range(n), n, 1, [list(weights)], np.zeros(0))
    return program(n, [product, *after], Output("predictions", (n,), "scalar"))


def refuses(where: Callable[[Any], Any], answer: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """An estimator that raises where any row is `where`."""

    def predict(x: Any) -> Any:
        if where(x).any():
            raise ValueError("Input X is out of range.")
        return answer(x)

    return predict


def constant(value: float) -> Callable[[Any], Any]:
    return lambda x: np.full(len(x), value)


# --- a row that one side refuses --------------------------------------------------------------------------------------


def test_a_row_that_the_kernel_refuses_alone_fails_the_proof() -> None:
    with pytest.raises(ProofFailed, match=r"a test: the kernel refuses \{'x0': -1.0\}: negative"):
        replayed(program(1, NO_NEGATIVES), lambda x: -x[:, 0], [[1.0], [-1.0], [2.0]])


def test_a_row_that_the_kernel_refuses_alone_fails_although_another_slot_is_undecided() -> None:
    """An undecided lookup says nothing of a check that reads an exact column."""
    operations = [
        operation(Code.CHECK, (0,), 2, 0, flags=CheckFlag.NOT_NEGATIVE, refusal="negative"),
        operation(Code.MATRIX, (0, 1), 2, 1, [[1.0, 1.0]], np.zeros(0)),
        operation(Code.LOOKUP, (2,), 3, 1, [0.0], [1.0], [0.0, 0.0]),
    ]
    with pytest.raises(ProofFailed, match="the kernel refuses"):
        replayed(program(2, operations), lambda x: (x.sum(axis=1) == 0.0) * 1.0, [[-1.0, 2.0]])


def test_a_row_that_the_kernel_refuses_by_another_operation_than_a_check_is_never_a_tie() -> None:
    operations = [
        operation(Code.MATRIX, (0, 1), 2, 1, [[1.0, 1.0]], np.zeros(0)),
        operation(Code.LOOKUP, (2,), 3, 1, [0.0], [1.0], [0.0, 0.0], flags=1, refusal="unknown"),
    ]
    with pytest.raises(ProofFailed, match=r"the kernel refuses .*: unknown"):
        replayed(program(2, operations), lambda x: x[:, 0] * 0.0, [[-1.0, 2.0]])


def test_a_row_that_both_refuse_is_counted_and_the_others_are_compared() -> None:
    predict = refuses(lambda x: x[:, 0] < 0.0, lambda x: -x[:, 0])
    proof = replayed(program(1, NO_NEGATIVES), predict, [[1.0], [-1.0], [2.0]])
    assert (proof.refused, proof.rows, proof.ties) == (1, 2, 0)
    with pytest.raises(ProofFailed, match=r"-2.0 instead of 2.0"):
        replayed(
            program(1, NO_NEGATIVES),
            refuses(lambda x: x[:, 0] < 0.0, lambda x: np.where(x[:, 0] == 2.0, 2.0, -x[:, 0])),
            [[1.0], [-1.0], [2.0]],
        )


def test_a_row_that_the_estimator_refuses_alone_fails_the_proof() -> None:
    predict = refuses(lambda x: x[:, 0] == 3.0, lambda x: -x[:, 0])
    rows = [[float(k)] for k in range(7)]
    with pytest.raises(
        ProofFailed, match=r"a test: the estimator refuses \{'x0': 3.0\}: Input X is out of range"
    ):
        replayed(program(1, NEGATED), predict, rows)


def test_a_sum_that_overflows_by_its_order_is_a_tie_whichever_side_refuses_it() -> None:
    checked = weighted([1.0, 1.0, 1.0], operation(Code.CHECK, (3,), 4, 0, refusal="or infinity"))
    overflowing, large = [1e308, 1e308, -1e308], [1e307, 1e307, -1e307]
    kernel_refuses = replayed(checked, lambda x: x[:, 0], [overflowing, large])
    passing = [1e308, -1e308, 1e308]
    predict = refuses(lambda x: np.abs(x).max(axis=1) > 9e307, lambda x: x.sum(axis=1))
    estimator_refuses = replayed(checked, predict, [passing, large])
    for proof in (kernel_refuses, estimator_refuses):
        assert (proof.rows, proof.ties, proof.differing, proof.refused) == (2, 1, 1, 0)
    with pytest.raises(ProofFailed, match="the estimator refuses"):
        replayed(checked, refuses(lambda x: x[:, 0] > 1e306, lambda x: x.sum(axis=1)), [large])


@pytest.mark.parametrize(
    ("flags", "border"), [(CheckFlag.FLOAT32_RANGE, 3.4028235677973366e38), (CheckFlag.NOT_NEGATIVE, 0.0)]
)
def test_a_check_within_the_error_bound_of_its_limit_is_a_tie_and_beyond_it_is_none(
    flags: int, border: float
) -> None:
    checked = weighted([1.0, 1.0], operation(Code.CHECK, (2,), 3, 0, flags=flags, refusal="the limit"))
    inside, outside = (1.0, -1.0) if flags == CheckFlag.NOT_NEGATIVE else (-1.0, 1.0)
    scale = max(border, 1.0)

    def rows(by: float) -> list[list[float]]:
        return [[scale, border - scale + outside * by * scale]]

    def clipped(x: Any) -> Any:
        return x.sum(axis=1) + inside * 2e-15 * scale

    assert replayed(checked, clipped, rows(1e-15)).differing == 1
    with pytest.raises(ProofFailed, match=r"the kernel refuses .*: the limit"):
        replayed(checked, clipped, rows(1e-13))


# --- a row that both answer -------------------------------------------------------------------------------------------


def decision(kind: Reduce = Reduce.ARGMAX) -> Program:
    """The first of three products that is the largest (smallest)."""
    products = operation(Code.MATRIX, (0,), 1, 3, [[1.0], [1.0], [0.5]], np.zeros(0))
    return program(1, [products, operation(Code.REDUCE, (1, 2, 3), 4, 1, kind=kind)], LABELS)


@pytest.mark.parametrize(
    ("kind", "value"), [(Reduce.ARGMAX, 1.0), (Reduce.ARGMIN, -1.0)], ids=["argmax", "argmin"]
)
def test_the_label_of_a_tie_must_be_one_of_the_tied(kind: Reduce, value: float) -> None:
    tied = replayed(decision(kind), lambda x: np.full(len(x), "q"), [[value], [2 * value]])
    assert (tied.rows, tied.ties, tied.differing, tied.decided) == (2, 2, 2, 0)
    equal = replayed(decision(kind), lambda x: np.full(len(x), "p"), [[value]])
    assert (equal.ties, equal.differing) == (1, 0)
    with pytest.raises(ProofFailed, match="came out as 'p' instead of 'r'"):
        replayed(decision(kind), lambda x: np.full(len(x), "r"), [[value]])
    with pytest.raises(ProofFailed, match="'p' instead of None"):
        replayed(decision(kind), lambda x: np.full(len(x), "a label of no class"), [[value]])


def test_the_label_of_a_decided_row_must_be_equal() -> None:
    with pytest.raises(ProofFailed, match="'r' instead of 'p'"):
        replayed(decision(), lambda x: np.full(len(x), "p"), [[-1.0]])


@pytest.mark.parametrize(("rows", "allowed"), [(300, 3), (299, 2), (10, 1)])
def test_one_tie_in_a_hundred_may_come_out_differently_and_not_one_more(rows: int, allowed: int) -> None:
    """Or one row, of a table of fewer than two hundred."""

    def differing(count: int) -> Callable[[Any], Any]:
        return lambda x: np.where(x[:, 0] <= count, "q", "p")

    positions = [[float(k)] for k in range(1, rows + 1)]
    passed = replayed(decision(), differing(allowed), positions)
    assert (passed.ties, passed.differing) == (rows, allowed)
    passed.tally(WHAT).check_share(WHAT)
    failed = replayed(decision(), differing(allowed + 1), positions)
    with pytest.raises(ProofFailed, match=f"{allowed + 1} of {rows} rows of a test come out differently"):
        failed.tally(WHAT).check_share(WHAT)


def test_an_exact_number_must_have_the_same_value_and_an_inexact_one_lie_within_its_bound() -> None:
    with pytest.raises(ProofFailed, match=r"predictions\[0\] of \{'x0': 1.0\} came out as -1.0 instead of"):
        replayed(program(1, NEGATED), lambda x: np.nextafter(-x[:, 0], 0.0), [[1.0]])
    ulp = 2.0**-51
    proof = replayed(weighted([1.0, 1.0]), lambda x: x.sum(axis=1) + 3 * ulp, [[1.0, 2.0], [1.0, 1.0]])
    assert proof.largest == {"predictions": 3 * ulp}
    assert 3e-14 <= proof.bound["predictions"] < 3.1e-14
    assert (proof.rows, proof.ties, proof.decided) == (2, 0, 2)
    with pytest.raises(ProofFailed, match=r"3.0 instead of"):
        replayed(weighted([1.0, 1.0]), lambda x: x.sum(axis=1) + 1e-13, [[1.0, 2.0]])


def test_the_largest_bound_is_that_of_answers_no_larger_than_the_first_rows_are() -> None:
    proof = Proof()
    made = weighted([1.0, 1.0])
    both = Replay(
        Estimator(lambda x: x.sum(axis=1)), made, assemble(made), numbers(2), ("predictions",), proof
    )
    both.compare([[1.0], [2.0]], "the data")
    usual = proof.bound["predictions"]
    both.compare([[1e9], [1.0]], WHAT)
    assert proof.bound["predictions"] == usual
    assert proof.tally("the data").rows == proof.tally(WHAT).rows == 1


def test_an_infinite_answer_says_nothing_of_how_large_usual_ones_are() -> None:
    """Of the second replay, one answer is larger than the first one's only finite answer."""
    proof = Proof()
    operations = [
        operation(Code.MATRIX, (0, 1), 2, 1, [[1.0, 1.0]], np.zeros(0)),
        operation(Code.ARITHMETIC, (2,), 3, 1, [1.0], kind=Arithmetic.MULTIPLY),
    ]
    made = program(2, operations)
    both = Replay(
        Estimator(lambda x: x.sum(axis=1)), made, assemble(made), numbers(2), ("predictions",), proof
    )
    both.compare([[0.25, 1.7e308], [0.25, 1.7e308]], "the data")
    usual = proof.bound["predictions"]
    both.compare([[0.375, 0.125], [0.375, 0.125]], WHAT)
    assert proof.bound["predictions"] == usual > 0.0


def test_a_number_as_far_away_as_its_bound_is_near_and_the_next_one_is_not() -> None:
    made = weighted([1.0, 1.0])
    bound = Ties(made, ["x0", "x1"]).bounds([[1.0], [-1.0]], 1)[0][2][0]
    proof = replayed(made, constant(bound), [[1.0, -1.0]])
    assert (proof.largest, proof.bound) == ({"predictions": bound}, {"predictions": bound})
    with pytest.raises(ProofFailed, match=r"0\.0 instead of"):
        replayed(made, constant(float(np.nextafter(bound, 1.0))), [[1.0, -1.0]])


def test_an_undecided_number_that_differs_by_more_than_rounding_is_counted_as_differing() -> None:
    operations = [
        operation(Code.MATRIX, (0, 1), 2, 1, [[1.0, 1.0]], np.zeros(0)),
        operation(Code.LOOKUP, (2,), 3, 1, [3.0], [1.0], [0.0, 0.0]),
    ]
    for factor, differing in ((1.0, 0), (1 + 1e-10, 0), (1 + 1e-8, 1), (2.0, 1)):
        proof = replayed(program(2, operations), constant(factor), [[1.0, 2.0]])
        assert (proof.ties, proof.differing) == (1, differing)
        assert proof.largest == {"predictions": 0.0}


def test_missing_answers_are_equal_to_missing_answers_only() -> None:
    divided = [operation(Code.ARITHMETIC, (0,), 1, 1, [0.0], kind=Arithmetic.DIVIDE)]
    assert replayed(program(1, divided), lambda x: x[:, 0] / 0.0, [[0.0], [1.0], [None]]).ties == 0
    with pytest.raises(ProofFailed, match=r"nan instead of 0.0"):
        replayed(program(1, divided), lambda x: np.zeros(len(x)), [[0.0]])


def test_answers_of_another_shape_fail_the_proof() -> None:
    with pytest.raises(ProofFailed, match=r"predictions has the shape \(1, 1\) instead of \(1, 2\)"):
        replayed(program(1, NEGATED), lambda x: np.zeros((len(x), 2)), [[1.0]])


def test_a_field_that_the_table_lacks_fails_the_proof() -> None:
    made = program(1, NEGATED, Output("scores", (1,), "scalar"))
    with pytest.raises(ProofFailed, match="the table has no predictions"):
        Replay(Estimator(lambda x: x), made, assemble(made), numbers(1), ("predictions",), Proof())


@pytest.mark.parametrize(
    ("said", "shown"),
    [("out\n  of range", "out of range"), ("x" * 500, "x" * 200), ("", "ValueError")],
    ids=["lines", "long", "nothing"],
)
def test_what_an_estimator_says_is_shown_in_one_line_of_two_hundred_letters(said: str, shown: str) -> None:
    def predict(_: Any) -> Any:
        raise ValueError(said)

    with pytest.raises(ProofFailed) as caught:
        replayed(program(1, NEGATED), predict, [[1.0]])
    assert str(caught.value).endswith(f"}}: {shown}")


def test_a_long_row_is_cut_in_the_message() -> None:
    count = 60
    made = program(count, [operation(Code.UNARY, (0,), count, 1, kind=Unary.NEGATE)])
    with pytest.raises(ProofFailed, match=r"'x1': 1.0, .*… came out as") as caught:
        replayed(made, lambda x: x[:, 0], [[1.0] * count])
    assert "x59" not in str(caught.value)
    shown = str(caught.value).partition(" of ")[2].partition("… came out")[0]
    assert len(shown) == 300


# --- one row and a batch ----------------------------------------------------------------------------------------------


class _BatchDependent:
    """A kernel that moves the last row of a batch by an ulp."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def evaluate(self, columns: list[list[Any]], rows: int) -> memoryview[float]:
        answers = np.array(self._engine.evaluate(columns, rows))
        if rows > 1:
            answers[-1] = np.nextafter(answers[-1], 0.0)
        return memoryview(answers)


def batch_invariance(both: Replay, columns: list[list[Any]]) -> None:
    both.batch_invariance(columns)


def test_a_kernel_whose_batch_differs_from_its_row_by_row_fails_the_proof(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = [[1.0], [2.0]]
    replayed(program(1, NEGATED), lambda x: -x[:, 0], rows, batch_invariance)
    monkeypatch.setattr(replay, "open_program", lambda *a: _BatchDependent(open_program(*a)))
    with pytest.raises(ProofFailed, match=r"answers \{'x0': 2.0\} differently by itself and in a batch"):
        replayed(program(1, NEGATED), lambda x: -x[:, 0], rows, batch_invariance)


def test_how_far_the_estimators_batch_lies_from_its_row_by_row_is_its_floor() -> None:
    proof = replayed(
        program(1, NEGATED),
        lambda x: -x[:, 0] + 0.25 * (len(x) > 1),
        [[1.0], [2.0], [None]],
        batch_invariance,
    )
    assert proof.floor == {"predictions": 0.25}


def test_two_dozen_rows_are_answered_one_at_a_time_as_well() -> None:
    asked: list[int] = []

    def predict(x: Any) -> Any:
        asked.append(len(x))
        return -x[:, 0]

    replayed(program(1, NEGATED), predict, [[float(k)] for k in range(30)], batch_invariance)
    assert asked == [24] + [1] * 24


def test_rows_that_the_kernel_refuses_are_left_out_of_the_comparison_with_a_batch() -> None:
    proof = replayed(program(1, NO_NEGATIVES), lambda x: -x[:, 0], [[-1.0], [1.0]], batch_invariance)
    assert proof.floor == {"predictions": 0.0}
    nothing = replayed(program(1, NO_NEGATIVES), lambda x: -x[:, 0], [[-1.0]], batch_invariance)
    assert nothing.floor == {}


def test_accepted_rows_are_those_that_the_kernel_does_not_refuse() -> None:
    kept: list[list[list[Any]]] = []
    for rows in ([[1.0], [-1.0], [2.0]], [[1.0], [2.0]]):
        replayed(
            program(1, NO_NEGATIVES),
            lambda x: x[:, 0],
            rows,
            lambda r, columns: kept.append(r.accepted(columns)),
        )
    assert kept == [[[1.0, 2.0]], [[1.0, 2.0]]]


def test_the_first_row_that_differs_and_its_field_are_named_whatever_else_differs() -> None:
    operations = [operation(Code.UNARY, (0, 1, 2), 3, 3, kind=Unary.NEGATE)]
    made = program(3, operations, Output("predictions", (3, 4, 5), "vector"))
    rows = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]

    def wrong(*places: tuple[int, int]) -> Callable[[Any], Any]:
        def predict(x: Any) -> Any:
            answer = -x
            for row, slot in places:
                answer[row, slot] = 0.5
            return answer

        return predict

    for places, message in (
        (
            [(1, 2)],
            r"predictions\[2\] of \{'x0': 4.0, 'x1': 5.0, 'x2': 6.0\} came out as -6.0 instead of 0.5",
        ),
        ([(2, 0), (1, 1)], r"predictions\[1\] of \{'x0': 4.0, .* came out as -5.0 instead of 0.5"),
        ([(0, 1), (0, 2), (2, 2)], r"predictions\[1\] of \{'x0': 1.0, .* came out as -2.0 instead of 0.5"),
        (
            [(r, s) for r in range(3) for s in range(3)],
            r"predictions\[0\] of \{'x0': 1.0, .* as -1.0 instead",
        ),
    ):
        with pytest.raises(ProofFailed, match=f"^{WHAT}: {message}"):
            replayed(made, wrong(*places), rows)


def test_the_first_label_that_differs_is_named_by_its_output() -> None:
    """Of two outputs, each the number of its class."""
    made = program(
        2,
        [operation(Code.UNARY, (0, 1), 2, 2, kind=Unary.ABSOLUTE)],
        Output("predictions", (2, 3), "vector", (("a", "b"), ("c", "d", "e"))),
    )
    rows = [[0.0, 2.0], [1.0, 1.0]]
    right = np.array([["a", "e"], ["b", "d"]], dtype=object)
    assert replayed(made, lambda _: right, rows).rows == 2
    wrong = np.array([["a", "e"], ["b", "c"]], dtype=object)
    with pytest.raises(
        ProofFailed, match=r"predictions\[1\] of \{'x0': 1.0, 'x1': 1.0\} came out as 'd' instead of 'c'"
    ):
        replayed(made, lambda _: wrong, rows)


def test_each_field_of_an_answer_is_compared_with_slots_of_its_own() -> None:
    """A field that the manifest does not name is skipped, and its slots with it."""
    operations = [operation(Code.UNARY, (0, 1, 2), 3, 3, kind=Unary.NEGATE)]
    outputs = (Output("scores", (3, 4), "vector"), Output("predictions", (5,), "scalar"))
    made = program(3, operations, *outputs)
    proof = replayed(made, lambda x: -x[:, 2], [[1.0, 2.0, 3.0]])
    assert (proof.rows, proof.largest) == (1, {"predictions": 0.0})
    with pytest.raises(ProofFailed, match=r"predictions\[0\] of .* came out as -3.0 instead of -1.0"):
        replayed(made, lambda x: -x[:, 0], [[1.0, 2.0, 3.0]])


def test_where_no_answer_of_the_data_is_finite_only_answers_of_zero_are_usual() -> None:
    operations = [
        operation(Code.MATRIX, (0, 1), 2, 1, [[1.0, 1.0]], np.zeros(0)),
        operation(Code.ARITHMETIC, (2,), 3, 1, [1.0], kind=Arithmetic.MULTIPLY),
    ]
    made, proof = program(2, operations), Proof()
    both = Replay(
        Estimator(lambda x: x.sum(axis=1)), made, assemble(made), numbers(2), ("predictions",), proof
    )
    both.compare([[1.7e308], [1.7e308]], "the data")
    both.compare([[2.0], [1.0]], WHAT)
    assert proof.bound["predictions"] == 0.0
    both.compare([[2.0], [-2.0]], WHAT)
    assert 0.0 < proof.bound["predictions"] < 1e-13


def test_the_rows_of_a_batch_are_told_apart_by_which_side_refuses_them() -> None:
    """Refused by both, by neither, and answered: in one batch, each counted once and in its place."""
    predict = refuses(lambda x: x[:, 0] < 0.0, lambda x: -x[:, 0])
    rows = [[-1.0], [1.0], [-2.0], [2.0], [3.0], [-3.0]]
    proof = replayed(program(1, NO_NEGATIVES), predict, rows)
    assert (proof.refused, proof.rows, proof.ties, proof.differing) == (3, 3, 0, 0)
    alone = replayed(program(1, NO_NEGATIVES), predict, [[-1.0]])
    assert (alone.refused, alone.rows) == (1, 0)


def test_counts_add_up_over_several_batches_of_one_kind() -> None:
    made, proof = decision(), Proof()
    both = Replay(
        Estimator(lambda x: np.full(len(x), "q")), made, assemble(made), numbers(1), ("predictions",), proof
    )
    for columns in ([[1.0, 2.0]], [[3.0]]):
        both.compare(columns, WHAT)
    tally = proof.tally(WHAT)
    assert (tally.rows, tally.ties, tally.differing) == (3, 3, 3)


def test_undecided_numbers_are_counted_as_differing_beyond_a_billionth_of_the_estimators() -> None:
    operations = [
        operation(Code.MATRIX, (0, 1), 2, 1, [[1.0, 1.0]], np.zeros(0)),
        operation(Code.LOOKUP, (2,), 3, 1, [3.0], [4.0], [0.0, 0.0]),
    ]
    for answer, differing in ((4.0 + 3.9e-9, 0), (4.0 + 4.1e-9, 1), (-4.0, 1), (float("nan"), 1)):
        proof = replayed(program(2, operations), constant(answer), [[1.0, 2.0]])
        assert (proof.ties, proof.differing) == (1, differing)


def test_the_floor_is_the_largest_over_rows_and_of_numbers_alone() -> None:
    batch = {1: 0.125, 2: 0.5, 3: 0.25}
    proof = replayed(
        program(1, NEGATED),
        lambda x: -x[:, 0] + (len(x) > 1) * np.array([batch.get(int(v), 0.0) for v in x[:, 0]]),
        [[1.0], [2.0], [3.0]],
        batch_invariance,
    )
    assert proof.floor == {"predictions": 0.5}
    labels = replayed(
        decision(), lambda x: np.full(len(x), "pq"[len(x) > 1]), [[1.0], [2.0]], batch_invariance
    )
    assert labels.floor == {}
