"""Rows on either side of every split: two neighbouring raw values that the split tells apart."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from programs import numbers, operation, program, transposed

from skylayer.compiler.program import Arithmetic, Code, DenseInput, Pairwise, Reduce, TreeFlag, Unary
from skylayer.compiler.tree_nodes import CATEGORICAL, NODE, NODE_F64, TREE
from skylayer.proof.boundaries import neighbours
from skylayer.proof.trace import Trace

if TYPE_CHECKING:
    from skylayer.compiler.program import Operation, Program

    Columns = list[list[Any]]


def integers() -> dict[str, Any]:
    return {"container": "array", "columns": [{"name": "x0", "kind": "integer", "dtype": "int64"}]}


def made(built: Program, data: Columns, limit: int = 100, schema: dict[str, Any] | None = None) -> Columns:
    return neighbours(built, schema or numbers(len(data)), data, limit, np.random.default_rng(0))


def pairs(rows: Columns) -> list[tuple[float, float]]:
    """The first column's values on the left and on the right of each split."""
    half = len(rows[0]) // 2
    return sorted(tuple(sorted(pair)) for pair in zip(rows[0][:half], rows[0][half:], strict=True))


def forest(threshold: float, first: int, **fields: Any) -> Operation:
    """A tree of one split on the last slot before `first`."""
    nodes = np.zeros(3, dtype=NODE)
    nodes["threshold"] = np.array([threshold, 0.0, 0.0], dtype="<f4").view("<u4")
    nodes["threshold"][1:] = np.uint32(0x7FC00000) | np.arange(2, dtype="<u4")
    nodes["word"][0] = 2 << 2
    trees = np.array([(0, 3, 1, 0)], dtype=TREE)
    leaves = np.zeros(0, dtype="<u4")
    return operation(
        Code.TREES, (first - 1,), first, 1, nodes, trees, [1.0, 2.0], leaves, kind=1, width=1, **fields
    )


def wide(threshold: float, word: int = 0) -> Operation:
    nodes = np.zeros(3, dtype=NODE_F64)
    nodes["threshold"] = np.array([threshold, 0.0, 0.0]).view("<u8")
    nodes["threshold"][1:] = np.uint64(0x7FF8000000000000) | np.arange(2, dtype="<u8")
    nodes["word"][0], nodes["right"][0] = word, 2
    trees = np.array([(0, 3, 1, 0)], dtype=TREE)
    bits = np.array([1, 1], dtype="<u4")
    return operation(
        Code.TREES_F64,
        (0,),
        1,
        1,
        nodes,
        trees,
        [1.0, 2.0],
        bits,
        flags=TreeFlag.SPECIAL_RULES if word else 0,
        width=1,
    )


@pytest.mark.parametrize(
    ("o", "borders"),
    [
        (wide(0.3), [0.3]),
        (operation(Code.BINS, (0,), 1, 1, [0, 2], [0.25, 0.7]), [0.25, 0.7]),
        (operation(Code.ARITHMETIC, (0,), 1, 1, [0.6], kind=Arithmetic.GREATER), [0.6]),
        (operation(Code.ARITHMETIC, (0,), 1, 1, [0.6], kind=Arithmetic.EQUAL), [0.6]),
    ],
    ids=["wide tree", "bins", "greater", "equal"],
)
def test_the_value_at_a_split_and_the_next_one_are_made(o: Operation, borders: list[float]) -> None:
    found = pairs(made(program(1, [o]), [[0.0, 0.5, 1.0]]))
    assert found == [(border, float(np.nextafter(border, np.inf))) for border in borders]


def test_each_slot_of_bins_is_crossed_at_edges_of_its_own() -> None:
    o = operation(Code.BINS, (0, 1), 2, 2, [0, 1, 3], [0.25, 0.5, 0.75])
    rows = made(program(2, [o]), [[0.0, 1.0], [0.0, 1.0]])
    edges = (0.25, 0.5, 0.75)
    assert [[edge for edge in edges if edge in column] for column in rows] == [[0.25], [0.5, 0.75]]
    assert len(rows[0]) == 6


@pytest.mark.parametrize("border", [2.0**61 * 1.5, -(2.0**61) * 1.5])
def test_integers_are_looked_at_up_to_the_ends_of_their_type(border: float) -> None:
    data = [[-(2**62), 2**62]]
    ((low, high),) = pairs(made(program(1, [wide(border)]), data, schema=integers()))
    assert (high - low, float(low) <= border < float(high)) == (1, True)


@pytest.mark.parametrize("o", [wide(0.5), forest(0.5, 1)], ids=["wide", "narrow"])
def test_a_leaf_is_no_split(o: Operation) -> None:
    """As many splits as there are wanted are all made, none of them a leaf's."""
    for seed in range(8):
        rows = neighbours(program(1, [o]), numbers(1), [[0.0, 1.0]], 1, np.random.default_rng(seed))
        assert len(pairs(rows)) == 1


@pytest.mark.parametrize("border", [0.0, -5e-324, 5e-324, -2.2250738585072014e-308])
def test_neighbours_are_found_around_zero(border: float) -> None:
    assert pairs(made(program(1, [wide(border)]), [[-1.0, 1.0]])) == [
        (border, float(np.nextafter(border, 1.0)))
    ]


def test_neighbours_are_found_between_zero_and_the_data() -> None:
    """What is looked at begins just at 0."""
    assert pairs(made(program(1, [wide(1.0)]), [[2.0, 2.0]])) == [(1.0, float(np.nextafter(1.0, 2.0)))]


@pytest.mark.parametrize("missing_left", [False, True])
def test_a_narrow_split_lies_between_two_floats_of_single_precision(missing_left: bool) -> None:
    o = forest(0.1, 1)
    if missing_left:
        o.arrays[0]["word"][0] |= 1 << o.kind
    ((low, high),) = pairs(made(program(1, [o]), [[0.0, 1.0]]))
    assert high == np.nextafter(low, np.inf)
    assert np.float32(low) == np.float32(0.1)
    assert np.float32(high) == np.nextafter(np.float32(0.1), np.float32(np.inf))


@pytest.mark.parametrize(
    "before",
    [
        operation(Code.ARITHMETIC, (0,), 1, 1, [7.3], kind=Arithmetic.DIVIDE),
        operation(Code.SELECT, (0, 0, 0), 1, 1),
        operation(Code.COMBINE, (0, 0), 1, 1, kind=Arithmetic.ADD),
        operation(Code.UNARY, (0,), 1, 1, kind=Unary.NEGATE),
    ],
    ids=["scaled", "select", "combine", "negate"],
)
def test_the_raw_value_is_found_behind_the_steps_before_a_split(before: Operation) -> None:
    built = program(1, [before, forest(0.1, 2)])
    ((low, high),) = pairs(made(built, [[-5.0, 5.0]]))
    assert high == np.nextafter(low, np.inf)
    answers = Trace(built, [2], ["x0"]).values([[low, high]], 2)[:, 0]
    assert sorted(answers.tolist()) == [1.0, 2.0]


def test_integers_are_neighbours_by_one() -> None:
    assert pairs(made(program(1, [wide(2.5)]), [[-100, 100]], schema=integers())) == [(2.0, 3.0)]


def test_negative_splits_are_found_as_positive_ones() -> None:
    ((low, high),) = pairs(made(program(1, [wide(-0.3)]), [[-1.0, 1.0]]))
    assert (low, high) == (-0.3, float(np.nextafter(-0.3, np.inf)))


def two_splits(*, narrow: bool) -> Operation:
    """On the left of 0 in the second column, a split of the first at 0.5."""
    at, features, rights = [0.0, 0.5], [1, 0, 0, 0, 0], [4, 2, 0, 0, 0]
    nodes = np.zeros(5, dtype=NODE if narrow else NODE_F64)
    numbers_of_leaves = [0, 1, 0]
    if narrow:
        nodes["threshold"][:2] = np.array(at, dtype="<f4").view("<u4")
        nodes["threshold"][2:] = np.uint32(0x7FC00000) | np.array(numbers_of_leaves, dtype="<u4")
        nodes["word"] = [right << 2 | feature for right, feature in zip(rights, features, strict=True)]
    else:
        nodes["threshold"][:2] = np.array(at).view("<u8")
        nodes["threshold"][2:] = np.uint64(0x7FF8000000000000) | np.array(numbers_of_leaves, dtype="<u8")
        nodes["word"], nodes["right"] = features, rights
    return operation(
        Code.TREES if narrow else Code.TREES_F64, (0, 1), 2, 1, nodes, np.array([(0, 5, 2, 0)], dtype=TREE),
        [1.0, 2.0], np.zeros(0, dtype="<u4"), kind=1 if narrow else 0, width=1,
    )  # fmt: skip


@pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])
@pytest.mark.parametrize("value", [-7.0, 0.0], ids=["below the first split", "just at it"])
@pytest.mark.parametrize("position", range(4))
def test_the_other_columns_are_those_of_a_row_that_reaches_the_split(
    position: int, value: float, *, narrow: bool
) -> None:
    """The second split is looked at by rows on the left of the first only."""
    data = [[0.1, 1.0], [0.9, 1.0], [0.3, 1.0]]
    data.insert(position, [0.2, value])
    rows = made(program(2, [two_splits(narrow=narrow)]), transposed(data))
    crossing = [k for k, cell in enumerate(rows[0]) if np.float32(cell) == 0.5]
    assert crossing
    assert {rows[1][k] for k in crossing} == {value}


@pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])
def test_a_split_that_no_row_reaches_has_the_other_columns_of_any_row(*, narrow: bool) -> None:
    first, second = made(program(2, [two_splits(narrow=narrow)]), [[0.1], [1.0]])
    assert first.count(0.1) == second.count(1.0) == 2  # a pair of either split
    assert len(first) == 4


def test_no_more_pairs_are_made_than_the_limit() -> None:
    edges = [k / 10 for k in range(1, 10)]
    o = operation(Code.BINS, (0,), 1, 1, [0, 9], edges)
    for limit in (0, 4, 8):
        assert len(set(pairs(made(program(1, [o]), [[0.0, 1.0]], limit=limit)))) == limit
    assert len(pairs(made(program(1, [o]), [[0.0, 1.0]]))) == 9


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("inputs", "which", "own"),
    [((0, 1, 2, 3), 0, {0, 2}), ((0, 1, 2, 3), 1, {1, 3}), ((0, 1, 2), 0, {0, 2}), ((0, 1, 2), 1, {1, 2})],
    ids=["first of two", "second of two", "first and the one for all", "second and the one for all"],
)
def test_a_split_on_one_of_several_sums_is_crossed_by_one_of_its_own_columns(
    inputs: tuple[int, ...], which: int, own: set[int], seed: int
) -> None:
    count = len(inputs)
    added = operation(Code.COMBINE, inputs, count, 2, kind=Arithmetic.ADD)
    split = dataclasses.replace(forest(0.5, count + 2), inputs=(count + which,))
    built = program(count, [added, split])
    rows = neighbours(built, numbers(count), [[0.0, 0.25]] * count, 100, np.random.default_rng(seed))
    assert len(rows[0]) == 2
    assert {i for i, column in enumerate(rows) if column[0] != column[1]} <= own
    answers = Trace(built, [count + 2], [f"x{i}" for i in range(count)]).values(rows, 2)[:, 0]
    assert sorted(answers.tolist()) == [1.0, 2.0]


@pytest.mark.parametrize(
    ("before", "which", "crossing"),
    [
        (operation(Code.COMBINE, (0, 1, 2, 3), 4, 2, kind=Arithmetic.ADD), 0, {0, 2}),
        (operation(Code.COMBINE, (0, 1, 2, 3), 4, 2, kind=Arithmetic.ADD), 1, {1, 3}),
        (operation(Code.COMBINE, (0, 1, 3), 4, 2, kind=Arithmetic.ADD), 0, {0, 3}),
        (operation(Code.COMBINE, (0, 1, 3), 4, 2, kind=Arithmetic.ADD), 1, {1, 3}),
        (operation(Code.ARITHMETIC, (0, 1), 4, 2, [0.0, 0.0], kind=Arithmetic.ADD), 1, {1}),
        (operation(Code.UNARY, (0, 1), 4, 2, kind=Unary.NEGATE), 0, {0}),
        (operation(Code.MATRIX, (0, 1, 2), 4, 2, np.ones((2, 3)), np.zeros(0)), 1, {0, 1, 2}),
    ],
    ids=[
        "first sum",
        "second sum",
        "first of one for all",
        "second of one for all",
        "arithmetic",
        "unary",
        "matrix",
    ],
)
def test_any_column_that_a_slot_is_made_of_and_no_other_is_looked_along(
    before: Operation, which: int, crossing: set[int]
) -> None:
    built = program(4, [before, dataclasses.replace(forest(0.5, 6), inputs=(4 + which,))])
    met = set()
    for seed in range(32):
        rows = neighbours(built, numbers(4), [[0.0, 0.125]] * 4, 100, np.random.default_rng(seed))
        met |= {i for i, cells in enumerate(rows) if cells[0] != cells[1]}
    assert met == crossing


def test_a_choice_is_looked_along_its_own_condition_and_operands() -> None:
    """Where the condition is not 0 only the first operand crosses: one of three columns, not one of six."""
    chosen = operation(Code.SELECT, range(6), 6, 2)
    built = program(6, [chosen, dataclasses.replace(forest(0.5, 8), inputs=(7,))])
    made_of = [
        {i for i, cells in enumerate(rows) if len(set(cells)) > 1}
        for rows in (
            neighbours(built, numbers(6), [[0.125, 0.25]] * 6, 100, np.random.default_rng(seed))
            for seed in range(64)
        )
    ]
    assert [columns for columns in made_of if columns] == [{3}] * sum(map(bool, made_of))
    assert sum(map(bool, made_of)) > 64 / 4


def test_a_slot_that_trees_of_both_precisions_look_at_is_crossed_as_each_compares_it() -> None:
    narrow = dataclasses.replace(forest(0.1, 2), inputs=(0,))
    rows = made(program(1, [wide(0.1), narrow]), [[0.0, 1.0]])
    exact, rounded = sorted(pairs(rows), key=lambda pair: pair != (0.1, float(np.nextafter(0.1, 1.0))))
    assert exact == (0.1, float(np.nextafter(0.1, 1.0)))
    assert np.float32(rounded[0]) == np.float32(0.1) < np.float32(rounded[1])
    assert rounded[1] == np.nextafter(rounded[0], 1.0)


@pytest.mark.parametrize(
    ("data", "first", "last"),
    [
        ([-1.0, 1.0], -3.0, 3.0),
        ([10.0, 11.0], -1.0, 22.0),
        ([-11.0, -10.0], -22.0, 1.0),
        ([0.25, 0.5], -0.75, 1.5),
    ],
    ids=["around 0", "above", "below", "at least by 1"],
)
def test_a_column_is_looked_at_as_far_beyond_its_data_as_they_are_wide_or_large(
    data: list[float], first: float, last: float
) -> None:
    for border, found in ((first - 0.5, 0), (first + 0.5, 1), (last - 0.5, 1), (last + 0.5, 0)):
        assert len(pairs(made(program(1, [wide(border)]), [data]))) == found


@pytest.mark.parametrize(("border", "found"), [(-1.5, 0), (-0.5, 1), (0.5, 1), (1.5, 0)])
def test_a_column_without_values_is_looked_at_from_minus_one_to_one(border: float, found: int) -> None:
    missing = operation(Code.REPLACE, (0,), 1, 1, [0.0])
    assert len(pairs(made(program(1, [missing, forest(border, 2)]), [[None, None]]))) == found


def test_each_slot_of_a_comparison_is_crossed_at_a_constant_of_its_own() -> None:
    o = operation(Code.ARITHMETIC, (0, 1), 2, 2, [0.25, 0.75], kind=Arithmetic.LESS)
    rows = made(program(2, [o]), [[0.0, 1.0], [0.0, 1.0]])
    assert len(rows[0]) == 4
    assert 0.25 in rows[0]
    assert 0.75 in rows[1]


@pytest.mark.parametrize(
    ("operations", "data"),
    [
        ([operation(Code.MATRIX, (0,), 1, 1, [[1.0]], np.zeros(0))], [[0.0, 1.0]]),
        ([operation(Code.PAIRWISE, (0,), 1, 1, [[1.0]], kind=Pairwise.MANHATTAN)], [[0.0, 1.0]]),
        ([wide(0.3)], [[]]),
        ([wide(1.0, CATEGORICAL)], [[0.0, 1.0]]),
        *(
            ([operation(Code.ARITHMETIC, (0,), 1, 1, [0.5], kind=kind)], [[0.25, 1.0]])
            for kind in (Arithmetic.MINIMUM, Arithmetic.POWER)
        ),
        # Beyond what is looked at on either side of the data.
        ([wide(1e300)], [[0.0, 1.0]]),
        # A step before the split takes one value only, and refuses all between.
        (
            [
                operation(
                    Code.LOOKUP, (0,), 1, 1, [0.0, 1.0], [0.0, 1.0], [0.0, 0.0], flags=1, refusal="unknown"
                ),
                forest(0.5, 2),
            ],
            [[0.0, 1.0]],
        ),
    ],
    ids=[
        "matrix",
        "distances",
        "no rows",
        "categories",
        "minimum",
        "power",
        "out of reach",
        "refused on the way",
    ],
)
def test_where_no_neighbours_can_be_found_there_are_none(operations: list[Operation], data: Columns) -> None:
    assert made(program(1, operations), data) == [[]]


@pytest.mark.parametrize(
    "before",
    [
        operation(Code.COMBINE, (0, 1), 2, 1, kind=Arithmetic.ADD),
        operation(Code.MATRIX, (0, 1), 2, 1, [[1.0, 1.0]], np.zeros(0)),
        operation(Code.REDUCE, (0, 1), 2, 1, kind=Reduce.SUM),
    ],
    ids=["combine", "matrix", "reduce"],
)
def test_a_split_on_several_columns_is_crossed_by_one_of_them(before: Operation) -> None:
    built = program(2, [before, forest(0.5, 3)])
    rows = made(built, [[0.0, 1.0, 1.0], [0.0, 0.25, 0.5]])
    assert len(rows[0]) == 2
    assert sum(column[0] != column[1] for column in rows) == 1
    answers = Trace(built, [3], ["x0", "x1"]).values(rows, 2)[:, 0]
    assert sorted(answers.tolist()) == [1.0, 2.0]


def test_a_split_on_a_part_of_a_date_is_met_by_the_seconds_beside_it() -> None:
    built = dataclasses.replace(program(1, [wide(0.5)]), dense=(DenseInput(0, part="elapsed_days"),))
    schema = {"columns": [{"name": "x0", "kind": "date", "dtype": "str", "nullable": False}]}
    (found,) = made(built, [["1969-12-30", "1970-01-02T00:00Z"]], schema=schema)
    assert sorted(found) == ["1970-01-01T12:00:00", "1970-01-01T12:00:01"]
