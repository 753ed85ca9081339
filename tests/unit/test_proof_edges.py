"""Each rule's exact bound at its edges: knots, poles, ends of a range, sums of several rows, borders of a check."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from programs import operation, program

from skylayer.compiler.program import (
    Arithmetic,
    CheckFlag,
    Code,
    NeighbourFlag,
    Pairwise,
    Reduce,
    TreeFlag,
    Unary,
)
from skylayer.compiler.tree_nodes import NODE_F64, TREE, ZERO_IS_MISSING
from skylayer.proof import bounds
from skylayer.proof.bounds import undecided_checks
from skylayer.proof.rounding import EPSILON, FLOAT32_EPSILON, SMALLEST
from skylayer.proof.rules import RULES, nearest
from skylayer.proof.rules.comparisons import candidates, shifted
from skylayer.proof.rules.trees import ALMOST_ZERO, thresholds, trees

if TYPE_CHECKING:
    from skylayer.compiler.program import Operation

INF = np.inf


def bound(o: Operation, x: Any, r: Any, y: Any) -> list[float]:
    """The bounds of one row."""
    with np.errstate(all="ignore"):
        found = RULES[o.code](o, *(np.array([row], dtype=np.float64) for row in (x, r, y)))
    return np.broadcast_to(found, (1, o.outputs))[0].tolist()  # type: ignore[no-any-return]


def of_slots(kind: Arithmetic) -> Operation:
    return operation(Code.COMBINE, (0, 1), 2, 1, kind=kind)


def function(kind: Unary) -> Operation:
    return operation(Code.UNARY, (0,), 1, 1, kind=kind)


# --- arithmetic -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("o", "x", "r", "y", "wanted"),
    [
        # How far the operands move it.
        (of_slots(Arithmetic.ADD), (8.0, 2.0), (0.5, 0.25), 10.0, 0.75),
        (of_slots(Arithmetic.SUBTRACT), (8.0, 2.0), (0.5, 0.0), 6.0, 0.5),
        (of_slots(Arithmetic.MULTIPLY), (-8.0, 2.0), (0.5, 0.0), -16.0, 1.0),
        (of_slots(Arithmetic.MULTIPLY), (8.0, -2.0), (0.0, 0.25), -16.0, 2.0),
        (of_slots(Arithmetic.MULTIPLY), (8.0, 2.0), (0.5, 0.25), 16.0, 3.125),
        (of_slots(Arithmetic.DIVIDE), (-8.0, 2.0), (0.5, 0.0), -4.0, 0.25),
        (of_slots(Arithmetic.DIVIDE), (8.0, -2.0), (0.0, 1.0), -4.0, 4.0),
        (of_slots(Arithmetic.DIVIDE), (8.0, 2.0), (0.0, 2.0), 4.0, INF),
        (of_slots(Arithmetic.REVERSE_DIVIDE), (2.0, 8.0), (1.0, 0.5), 4.0, 4.5),
        (of_slots(Arithmetic.MAXIMUM), (8.0, 2.0), (0.5, 7.0), 8.0, 1.0),
        (of_slots(Arithmetic.MAXIMUM), (8.0, 2.0), (0.5, 0.0), 8.0, 0.5),
        (of_slots(Arithmetic.MINIMUM), (8.0, 2.0), (7.0, 0.5), 2.0, 1.0),
        (of_slots(Arithmetic.MAXIMUM), (np.nan, 2.0), (0.5, 0.25), np.nan, 0.5),
        (of_slots(Arithmetic.MINIMUM), (8.0, np.nan), (0.25, 0.5), np.nan, 0.5),
        # How it rounds: of a size that the operands' bounds are nothing beside.
        (of_slots(Arithmetic.ADD), (2.0**70, 0.0), (1.0, 0.0), 2.0**70, 2.0**18),
        (of_slots(Arithmetic.MULTIPLY), (2.0**70, 1.0), (1e-9, 0.0), 2.0**70, 2.0**18),
        (of_slots(Arithmetic.DIVIDE), (2.0**70, 1.0), (1e-9, 0.0), 2.0**70, 2.0**18),
        (of_slots(Arithmetic.ADD), (2.0**70, -(2.0**70)), (1e-9, 0.0), 0.0, 1e-9),
        # Below the normal numbers.
        (of_slots(Arithmetic.MULTIPLY), (1.0, 0.0), (SMALLEST, 0.0), 0.0, SMALLEST),
    ],
    ids=lambda value: f"{Arithmetic(value.kind).name.lower()}" if hasattr(value, "code") else "",
)
def test_arithmetic_moves_by_its_operands_and_rounds_by_its_size(
    o: Operation, x: Any, r: Any, y: float, wanted: float
) -> None:
    assert bound(o, x, r, [y])[0] == pytest.approx(wanted, rel=1e-5, abs=0.0)


@pytest.mark.parametrize(
    ("x", "r", "wanted"),
    [((0.0, 5.0), (1.0, 0.0), [1.0]), ((0.0, 5.0), (0.0, 0.0), [0.0]), ((np.nan, 5.0), (0.5, 0.0), [1.0])],
    ids=["apart", "exact", "missing"],
)
def test_a_comparison_is_exact_where_its_operands_are(x: Any, r: Any, wanted: list[float]) -> None:
    x = (x[0], x[1] if np.isnan(x[0]) else r[0])  # just as far apart as the bound
    assert bound(of_slots(Arithmetic.GREATER), x, r, [0.0]) == wanted


@pytest.mark.parametrize(
    ("kind", "x", "r", "y", "wanted"),
    [
        (Unary.SQUARE, -3.0, 0.5, 9.0, 3.25),
        (Unary.SQUARE, 2.0**35, 2.0**-60, 2.0**70, 2.0**18),
        (Unary.SQUARE_ROOT, 4.0, 3.0, 2.0, 1.0),
        (Unary.SQUARE_ROOT, 0.0, 0.25, 0.0, 0.5),
        (Unary.SQUARE_ROOT, 0.25, 0.25, 0.5, 0.5),
        (Unary.SQUARE_ROOT, 2.0**140, 1e-30, 2.0**70, 2.0**18),
        (Unary.RECIPROCAL, -4.0, 2.0, -0.25, 0.25),
        (Unary.RECIPROCAL, 4.0, 4.0, 0.25, INF),
        (Unary.NEGATE, 4.0, 0.5, -4.0, 0.5),
        (Unary.ABSOLUTE, -4.0, 0.5, 4.0, 0.5),
        (Unary.RECTIFY, -0.25, 1.0, 0.0, 0.75),
        (Unary.SIGN, 0.5, 0.5, 1.0, 1.0),
        (Unary.SIGN, 0.5, 1.0, 1.0, 2.0),
        (Unary.ROUND, 2.0, 0.5, 2.0, 0.0),
        (Unary.ROUND, 1.0, 0.5, 1.0, 2.0),
        (Unary.FLOOR, 1.0, 0.5, 1.0, 1.0),
        (Unary.TRUNCATE, 0.0, 0.75, 0.0, 0.0),
    ],
    ids=lambda value: value.name.lower() if isinstance(value, Unary) else "",
)
def test_a_function_moves_by_its_argument_and_rounds_by_its_size(
    kind: Unary, x: float, r: float, y: float, wanted: float
) -> None:
    assert bound(function(kind), [x], [r], [y])[0] == pytest.approx(wanted, rel=1e-5, abs=0.0)


@pytest.mark.parametrize(
    ("kind", "x"), [(Unary.LOG, 0.5), (Unary.LOG2, 0.5), (Unary.LOG10, 0.5), (Unary.LOG1P, -0.5)]
)
@pytest.mark.parametrize("r", [0.5, 0.75, 9.0])
def test_a_logarithm_whose_argument_may_be_its_pole_or_beyond_is_undecided(
    kind: Unary, x: float, r: float
) -> None:
    assert bound(function(kind), [x], [r], [-0.7]) == [INF]


def test_a_root_of_what_may_be_negative_is_bounded_by_the_largest_it_may_be() -> None:
    """Below 0 it is missing, which is compared by itself."""
    found = bound(of_slots(Arithmetic.POWER), (0.25, 0.5), (1.0, 0.0), [0.5])[0]
    assert found == pytest.approx(np.sqrt(1.25) + 0.5)


def test_numbers_in_single_precision_round_by_four_of_its_ulps() -> None:
    o = operation(Code.ROUND32, (0, 1, 2), 3, 3)
    found = bound(o, (-8.0, 0.0, 8.0), (1e-12, 0.5, 0.0), (-8.0, 0.0, 8.0))
    assert found[0] == pytest.approx(4 * FLOAT32_EPSILON * 8.0, rel=1e-5)
    assert found[1] == pytest.approx(0.5 + 4 * FLOAT32_EPSILON * 0.5, rel=1e-12)
    assert found[2] == 0.0


KNOTS, HEIGHTS = [0.0, 1.0, 1.0, 3.0], [1e3, 1.0, -1e6, 10.0]


@pytest.mark.parametrize(
    ("x", "size"),
    [(-2.0, 1e3), (0.0, 1e3), (0.5, 1e3), (2.0, 1e6), (3.0, 1e6), (5.0, 10.0)],
    ids=["below", "at the first", "between", "behind a jump", "at the last", "above"],
)
def test_interpolation_rounds_by_the_larger_of_the_heights_beside_it(x: float, size: float) -> None:
    o = operation(Code.PIECEWISE, (0,), 1, 1, [0, 4], KNOTS, HEIGHTS)
    at = bound(o, [x], [1e-300], [0.0])[0]
    assert at == pytest.approx(2 * EPSILON * size, rel=1e-9)
    assert bound(o, [x], [0.0], [0.0]) == [0.0]


@pytest.mark.parametrize(
    ("x", "r", "slope"),
    [
        (0.5, 0.25, 999.0),
        (2.0, 0.5, 500005.0),
        (-2.0, 0.5, 0.0),
        (-0.5, 0.5, 999.0),
        (5.0, 1.0, 0.0),
        (5.0, 2.0, 500005.0),
    ],
    ids=["a piece", "another", "below", "up to the first knot", "above", "down to the last knot"],
)
def test_interpolation_moves_by_the_steepest_piece_within_the_bound(x: float, r: float, slope: float) -> None:
    o = operation(Code.PIECEWISE, (0,), 1, 1, [0, 4], KNOTS, HEIGHTS)
    assert bound(o, [x], [r], [0.0])[0] == pytest.approx(r * slope, rel=1e-9, abs=1e-9)


def test_interpolation_across_a_jump_is_undecided() -> None:
    o = operation(Code.PIECEWISE, (0,), 1, 1, [0, 4], KNOTS, HEIGHTS)
    assert bound(o, [0.75], [0.25], [0.0]) == bound(o, [1.25], [0.25], [0.0]) == [INF]


def test_each_slot_is_interpolated_between_knots_of_its_own() -> None:
    o = operation(Code.PIECEWISE, (0, 1), 2, 2, [0, 2, 4], [0.0, 1.0, 0.0, 1.0], [0.0, 1.0, 0.0, 8.0])
    assert bound(o, (0.5, 0.5), (0.25, 0.25), (0.5, 4.0)) == pytest.approx([0.25, 2.0])


def test_each_slot_is_binned_by_edges_of_its_own() -> None:
    o = operation(Code.BINS, (0, 1), 2, 2, [0, 1, 3], [0.5, 0.25, 0.5])
    assert bound(o, (0.5, 0.5), (0.25, 0.25), (1, 2)) == [1.0, 2.0]
    assert bound(o, (0.5, 0.5), (0.0, 0.125), (1, 2)) == [0.0, 1.0]


# --- many slots -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "x", "r", "y", "wanted"),
    [
        (Reduce.SUM, (1.0, -2.0, 4.0), (0.5, 0.0, 0.25), 3.0, 0.75),
        (Reduce.SUM, (2.0**70, -(2.0**70), 0.0), (0.0, 0.0, 1e-9), 0.0, 3 * 2.0**19),
        (Reduce.MAXIMUM, (1.0, -2.0, 4.0), (5.0, 0.0, 0.25), 4.0, 2.0),
        (Reduce.MAXIMUM, (1.0, -2.0, 4.0), (0.5, 0.0, 0.25), 4.0, 0.25),
        (Reduce.MAXIMUM, (1.0, 3.0, 4.0), (0.5, 0.0, 2.0), 4.0, 2.0),
        (Reduce.MINIMUM, (1.0, -2.0, 4.0), (5.0, 0.5, 0.25), -2.0, 2.0),
        (Reduce.MINIMUM, (1.0, -2.0, 4.0), (0.0, 1.0, 9.0), -2.0, 3.0),
        (Reduce.MAXIMUM, (1.0, np.nan, 4.0), (0.5, 0.0, 0.25), np.nan, 0.5),
        (Reduce.ARGMAX, (1.0, 3.0, 4.0), (0.0, 0.5, 0.5), 2.0, INF),
        (Reduce.ARGMAX, (1.0, 3.0, 4.0), (0.0, 0.25, 0.5), 2.0, 0.0),
        (Reduce.ARGMAX, (4.0, 3.0, 4.0), (0.0, 0.25, 0.0), 0.0, 0.0),
        (Reduce.ARGMIN, (1.0, 3.0, 4.0), (0.0, 2.0, 0.5), 0.0, INF),
        (Reduce.ARGMIN, (1.0, 3.0, 4.0), (0.0, 1.75, 0.5), 0.0, 0.0),
    ],
    ids=lambda value: value.name.lower() if isinstance(value, Reduce) else "",
)  # fmt: skip
def test_a_reduction_moves_as_its_terms_may(kind: Reduce, x: Any, r: Any, y: float, wanted: float) -> None:
    o = operation(Code.REDUCE, (0, 1, 2), 3, 1, kind=kind)
    assert bound(o, x, r, [y])[0] == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize(
    ("x", "r", "possible"),
    [
        ((1.0, 3.0, 4.0), (0.0, 0.5, 0.5), [False, True, True]),
        ((1.0, 3.0, 4.0), (0.0, 0.5, 0.25), [False, False, True]),
        ((1.0, np.nan, 4.0), (0.0, 0.0, 0.5), [False, True, False]),
        ((1.0, 3.0, 4.0), (INF, 0.0, 0.0), [True, False, True]),
        ((1.0, 3.0, INF), (0.0, 0.0, INF), [False, True, True]),
        ((1e308, 1.7e308, 0.0), (1.7e308, 0.0, 0.0), [True, True, False]),
    ],
    ids=["meet", "apart", "missing", "anything", "infinite", "overflows"],
)
def test_a_slot_may_be_the_largest_if_its_bound_meets_the_largest_lower_end(
    x: Any, r: Any, possible: list[bool]
) -> None:
    rows = (np.array([x]), np.array([r]))
    assert candidates(*rows)[0].tolist() == possible
    assert candidates(-rows[0], rows[1], largest=False)[0].tolist() == possible


@pytest.mark.parametrize(
    ("x", "r", "wanted"),
    [
        ((1.0, 3.0, 8.0), (0.5, 0.0, 0.25), [0.75, 0.25, 0.0]),
        ((1.0, 8.0, 8.0), (0.5, 0.125, 0.25), [0.75, 0.375, 0.5]),
        ((1.0, 3.0, 8.0), (0.0, 0.0, 0.0), [0.0, 0.0, 0.0]),
        ((1.0, 8.0, 8.0), (0.0, 0.0, 0.0), [0.0, 0.0, 0.0]),
    ],
    ids=["one largest", "two", "exact", "exact ties"],
)
def test_less_the_largest_each_moves_by_both_and_the_largest_not_at_all(
    x: Any, r: Any, wanted: list[float]
) -> None:
    o = operation(Code.COMBINE, (0, 1, 2, 3), 4, 3, kind=Arithmetic.SUBTRACT)
    values, around = np.array([[*x, max(x)]]), np.array([[*r, 0.0]])
    found = shifted(o, values, around, values[:, :3] - max(x))
    assert found[0].tolist() == pytest.approx(wanted, rel=1e-9, abs=0.0)


def test_an_infinite_largest_less_itself_is_not_known() -> None:
    o = operation(Code.COMBINE, (0, 1, 2), 3, 2, kind=Arithmetic.SUBTRACT)
    with np.errstate(invalid="ignore"):
        found = shifted(o, *(np.array([row]) for row in ((0.0, INF, INF), (0.0, 0.5, 0.0), (-INF, np.nan))))
    assert not (found == 0.0).any()


def test_less_the_largest_rounds_by_its_size() -> None:
    o = operation(Code.COMBINE, (0, 1, 2), 3, 2, kind=Arithmetic.SUBTRACT)
    found = shifted(
        o, *(np.array([row]) for row in ((0.0, 2.0**70, 2.0**70), (1e-9, 0.0, 0.0), (-(2.0**70), 0.0)))
    )
    assert found[0].tolist() == [pytest.approx(2.0**18, rel=1e-9), 0.0]


def test_less_the_largest_a_bound_below_the_normal_numbers_has_room_for_one_rounding() -> None:
    o = operation(Code.COMBINE, (0, 1, 2), 3, 2, kind=Arithmetic.SUBTRACT)
    found = shifted(o, *(np.array([row]) for row in ((1.0, 1.0, 1.0), (SMALLEST, 0.0, 0.0), (0.0, 0.0))))
    assert found[0].tolist() == [3 * SMALLEST, 2 * SMALLEST]


MATRIX = operation(Code.MATRIX, (0, 1), 2, 2, [[1.0, -2.0], [0.0, 4.0]], [0.0, 8.0])
PLAIN = operation(Code.MATRIX, (0, 1), 2, 1, [[1.0, -2.0]], np.zeros(0))


@pytest.mark.parametrize(
    ("o", "x", "r", "wanted"),
    [
        (MATRIX, (3.0, -5.0), (0.5, 0.25), [1.0, 1.0]),
        (MATRIX, (2.0**70, 0.0), (0.0, 0.0), [1e-14 * 2.0**70, 8e-14]),
        (MATRIX, (0.0, -(2.0**70)), (0.0, 0.0), [2e-14 * 2.0**70, 4e-14 * 2.0**70]),
        (MATRIX, (0.0, 0.0), (0.0, 2.0**70), [2.0**71, 2.0**72]),
        (PLAIN, (3.0, -5.0), (0.0, 0.0), [13e-14]),
        (PLAIN, (0.0, 0.0), (0.0, 0.0), [3 * SMALLEST]),
    ],
    ids=["bounds", "first", "second", "wide", "no intercept", "nothing"],
)
def test_a_product_moves_by_its_weights_and_rounds_by_its_terms(
    o: Operation, x: Any, r: Any, wanted: list[float]
) -> None:
    assert bound(o, x, r, [0.0] * o.outputs) == pytest.approx(wanted, rel=1e-10, abs=0.0)


@pytest.mark.parametrize(
    ("kind", "x", "r", "y", "wanted"),
    [
        (Pairwise.SQUARED_EUCLIDEAN, (2.0, 0.0), (0.5, 0.0), (5.0, 1.0), [2.25, 1.25]),
        (Pairwise.SQUARED_EUCLIDEAN, (2.0, 0.0), (0.5, 0.25), (5.0, 1.0), [2.8125, 1.3125]),
        (Pairwise.SQUARED_EUCLIDEAN, (2.0, 0.0), (0.0, 0.0), (5.0, 1.0), [5e-14, 5e-14]),
        (Pairwise.MANHATTAN, (2.0, 0.0), (0.5, 0.25), (3.0, 1.0), [0.75, 0.75]),
        (Pairwise.MANHATTAN, (2.0, 0.0), (0.0, 0.0), (3.0, 1.0), [3e-14, 1e-14]),
        (Pairwise.CHEBYSHEV, (2.0, 0.0), (0.5, 0.25), (2.0, 1.0), [0.5, 0.5]),
        (Pairwise.CHEBYSHEV, (2.0, 0.0), (0.0, 1.5), (2.0, 1.0), [0.5, 0.5]),
        (Pairwise.CHEBYSHEV, (2.0, 0.0), (0.0, 0.0), (2.0, 1.0), [2e-14, 1e-14]),
        (Pairwise.DOT, (2.0, 0.0), (0.5, 0.25), (0.0, 2.0), [0.25, 0.5]),
    ],
    ids=lambda value: value.name.lower() if isinstance(value, Pairwise) else "",
)
def test_a_distance_moves_by_its_metric_and_rounds_by_its_size(
    kind: Pairwise, x: Any, r: Any, y: Any, wanted: list[float]
) -> None:
    o = operation(Code.PAIRWISE, (0, 1), 2, 2, [[0.0, 1.0], [1.0, 0.0]], kind=kind)
    assert bound(o, x, r, y) == pytest.approx(wanted, rel=1e-9, abs=0.0)


@pytest.mark.parametrize(
    ("x", "r", "y", "wanted"),
    [
        ((3.0, -2.0), (0.5, 0.0), (-6.0, -2.0), [1.0, 0.0]),
        ((3.0, -2.0), (0.5, 0.25), (-6.0, -2.0), [1.875, 0.25]),
        ((2.0**70, 1.0), (0.0, 1e-300), (2.0**70, 1.0), [2.0**19, EPSILON]),
        ((3.0, -2.0), (0.0, 0.0), (-6.0, -2.0), [0.0, 0.0]),
    ],
    ids=["one factor", "both", "rounding", "exact"],
)
def test_a_product_of_slots_moves_by_each_factor(x: Any, r: Any, y: Any, wanted: list[float]) -> None:
    o = operation(Code.PRODUCTS, (0, 1), 2, 2, [0, 2, 3], [0, 1, 1])
    assert bound(o, x, r, y) == pytest.approx(wanted, rel=1e-9, abs=0.0)


@pytest.mark.parametrize(
    ("x", "r", "wanted"),
    [
        ((1.0, 5.0, 9.0), (0.0, 0.5, 0.0), 0.5),
        ((1.0, 5.0, 9.0), (5.0, 0.0, 0.0), 1.0),
        ((1.0, 5.0, 9.0), (0.0, 0.0, 9.0), 4.0),
        ((1.0, 5.0, 9.0), (0.5, 0.0, 0.0), 5.0 * EPSILON),
        ((1.0, 5.0, 9.0), (0.0, 0.0, 0.0), 0.0),
    ],
    ids=["itself", "from below", "from above", "another", "exact"],
)
def test_a_weighted_median_moves_between_those_of_both_ends(x: Any, r: Any, wanted: float) -> None:
    o = operation(Code.WEIGHTED_MEDIAN, (0, 1, 2), 3, 1, [1.0, 1.0, 1.0])
    assert bound(o, x, r, [5.0])[0] == pytest.approx(wanted, rel=1e-9, abs=0.0)


def test_a_weighted_median_is_the_first_up_to_which_half_of_the_weight_lies() -> None:
    """Exactly half lies up to 1, unless the second value falls below it."""
    o = operation(Code.WEIGHTED_MEDIAN, (0, 1, 2), 3, 1, [2.0, 1.0, 1.0])
    assert bound(o, (1.0, 2.0, 3.0), (0.0, 0.5, 0.0), [1.0])[0] == pytest.approx(EPSILON)
    assert bound(o, (1.0, 2.0, 3.0), (0.0, 1.5, 0.0), [1.0])[0] == pytest.approx(EPSILON)
    assert bound(o, (2.0, 1.0, 3.0), (0.0, 1.5, 0.0), [2.0])[0] == pytest.approx(2 * EPSILON)


LARGE = 2.0**70
ALONE = [[0.0, 0.0]]


@pytest.mark.parametrize(
    ("o", "x", "r", "units"),
    [
        (of_slots(Arithmetic.ADD), (0.0, 0.0), (LARGE, 0.0), EPSILON),
        (of_slots(Arithmetic.MULTIPLY), (0.0, 1.0), (LARGE, 0.0), EPSILON),
        (of_slots(Arithmetic.DIVIDE), (0.0, 1.0), (LARGE, 0.0), EPSILON),
        (function(Unary.SQUARE), (0.0,), (2.0**35,), EPSILON),
        (function(Unary.SQUARE_ROOT), (0.0,), (2.0**140,), EPSILON),
        (operation(Code.ROUND32, (0,), 1, 1), (0.0,), (LARGE,), 4 * FLOAT32_EPSILON),
        (
            operation(Code.REDUCE, (0, 1, 2), 3, 1, kind=Reduce.SUM),
            (0.0,) * 3,
            (LARGE, 0.0, 0.0),
            3 * EPSILON,
        ),
        (PLAIN, (0.0, 0.0), (LARGE, 0.0), 1e-14),
        (
            operation(Code.PAIRWISE, (0, 1), 2, 1, ALONE, kind=Pairwise.MANHATTAN),
            (0.0, 0.0),
            (LARGE, 0.0),
            1e-14,
        ),
        (
            operation(Code.PAIRWISE, (0, 1), 2, 1, ALONE, kind=Pairwise.CHEBYSHEV),
            (0.0, 0.0),
            (LARGE, 0.0),
            1e-14,
        ),
        (
            operation(Code.PAIRWISE, (0, 1), 2, 1, ALONE, kind=Pairwise.SQUARED_EUCLIDEAN),
            (0.0, 0.0),
            (2.0**35, 0.0),
            1e-14,
        ),
        (operation(Code.PRODUCTS, (0, 1), 2, 1, [0, 1], [0]), (0.0, 1.0), (LARGE, 0.0), EPSILON),
        (operation(Code.PRODUCTS, (0, 1), 2, 1, [0, 2], [0, 1]), (0.0, 1.0), (LARGE, 0.0), 2 * EPSILON),
        (operation(Code.SELECT, (0, 1, 2), 3, 1), (0.0, 0.0, 0.0), (1.0, LARGE, 0.0), 2 * EPSILON),
    ],
    ids=lambda value: f"{value.code.name.lower()} {value.kind}" if hasattr(value, "code") else "",
)
def test_a_bound_leaves_room_for_its_own_rounding(o: Operation, x: Any, r: Any, units: float) -> None:
    found = bound(o, x, r, [0.0])[0]
    assert (found - LARGE) / LARGE == pytest.approx(units, rel=0.3)


# --- neighbours -------------------------------------------------------------------------------------------------------

POINTS = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 8.0], [20.0, 20.0]])


def neighbours(ranks: int, kind: Pairwise, flags: int = 0) -> Operation:
    edges = np.append(np.stack([POINTS.min(axis=0), POINTS.max(axis=0)]).ravel(), 0.0)
    return operation(
        Code.NEIGHBOURS, (0, 1), 2, 2 * ranks, POINTS, np.arange(4.0)[:, None], edges,
        np.array([[0, 4, 1]], dtype="<u4"), kind=kind, width=1, flags=flags,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "x", "r", "wanted"),
    [
        (Pairwise.MANHATTAN, (1.0, 1.0), (0.25, 0.125), [0.375, 0.375, 0.0, 0.0]),
        (Pairwise.MANHATTAN, (1.0, 1.0), (0.25, 0.25), [0.5, 0.5, INF, INF]),
        (Pairwise.CHEBYSHEV, (1.0, 0.5), (0.25, 0.0), [0.25, 0.25, 0.0, 0.0]),
        (Pairwise.CHEBYSHEV, (1.0, 0.5), (0.0, 0.25), [0.0, 0.0, 0.0, 0.0]),
        (Pairwise.CHEBYSHEV, (1.0, 0.5), (0.0, 0.75), [0.25, 0.0, 0.0, 0.0]),
        (Pairwise.SQUARED_EUCLIDEAN, (1.0, 0.0), (0.25, 0.0), [0.33856, 0.28608, 0.0, 0.0]),
    ],
    ids=["manhattan", "manhattan, tied", "chebyshev", "chebyshev, the other", "chebyshev, both", "euclidean"],
)
def test_a_distance_of_a_rank_moves_by_its_metric(
    kind: Pairwise, x: Any, r: Any, wanted: list[float]
) -> None:
    assert bound(neighbours(2, kind), x, r, [0.0] * 4) == pytest.approx(wanted, rel=1e-4, abs=1e-12)


def test_each_row_has_ranks_of_its_own_however_many_are_looked_at_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    o = neighbours(2, Pairwise.MANHATTAN)
    x = np.array([[1.0, 1.0], [1.0, 1.0], [1.5, 1.0], [1.0, 1.0], [9.0, 9.0]])
    r = np.array([[0.25, 0.125], [0.0, 0.0], [0.0, 0.125], [0.0, 0.5], [0.5, 0.0]])
    y = np.zeros((5, 4))
    alone = [RULES[Code.NEIGHBOURS](o, x[k : k + 1], r[k : k + 1], y[:1])[0].tolist() for k in range(5)]
    assert alone[1] == [0.0] * 4
    assert [np.isinf(row[3]) for row in alone] == [False, False, True, True, False]
    for cells in (4_000_000, 16, 8, 1):
        monkeypatch.setattr(nearest, "_CELLS", cells)
        assert RULES[Code.NEIGHBOURS](o, x, r, y).tolist() == alone


def test_sums_within_a_radius_are_undecided_in_rows_whose_distance_may_meet_it_alone() -> None:
    o = dataclasses.replace(neighbours(2, Pairwise.MANHATTAN, NeighbourFlag.WITHIN_RADIUS), outputs=3)
    x, r = np.zeros((3, 2)), np.array([[0.0, 0.0], [0.0, 0.5], [0.5, 0.5]])  # a radius of 0 around a point
    assert RULES[Code.NEIGHBOURS](o, x, r, np.zeros((3, 3))).tolist() == [[0.0] * 3, [INF] * 3, [INF] * 3]
    assert RULES[Code.NEIGHBOURS](o, x + 1.0, r / 2, np.zeros((3, 3))).tolist() == [[0.0] * 3] * 3


# --- trees ------------------------------------------------------------------------------------------------------------


def stump(
    threshold: float, leaves: Any = (1.0, 2.0), *, word: int = 0, flags: int = 0, count: int = 1
) -> Operation:
    """Equal wide trees of one split on input 0, which start from input 1."""
    nodes = np.zeros(3 * count, dtype=NODE_F64)
    for k in range(count):
        nodes["threshold"][3 * k] = np.float64(threshold).view(np.uint64)
        nodes["threshold"][3 * k + 1 : 3 * k + 3] = np.uint64(0x7FF8000000000000) | np.arange(2, dtype="<u8")
        nodes["word"][3 * k], nodes["right"][3 * k] = word, 2
    roots = np.array([(3 * k, 3, 1, 0) for k in range(count)], dtype=TREE)
    return operation(
        Code.TREES_F64, (0, 1), 2, 1, nodes, roots, list(leaves), np.zeros(0, dtype="<u4"), width=1,
        flags=flags | TreeFlag.START_GIVEN,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("o", "start", "by", "wanted"),
    [
        (stump(0.5, (0.0, -(2.0**70))), 0.0, 1e-9, 2 * 2.0**18),
        (stump(0.5, (2.0**70, 1.0)), 0.0, 1e-9, 2 * 2.0**18),
        (stump(0.5, (2.0**70, 1.0), count=3), 0.0, 1e-9, 4 * 3 * 2.0**18),
        (stump(0.5), -(2.0**70), 1e-9, 2 * 2.0**18),
        (stump(0.5, flags=TreeFlag.FLOAT32_SUMS), 2.0**70, 1e-9, 2 * 2.0**47),
        (stump(0.5), 0.0, 0.5, 0.5),
        (stump(0.5), 2.0**70, 0.0, 0.0),
    ],
    ids=["a negative leaf", "a leaf", "three trees", "a start", "in float32", "its bound", "exact"],
)
def test_sums_of_trees_round_by_what_they_add(o: Operation, start: float, by: float, wanted: float) -> None:
    assert bound(o, (0.0, start), (0.0, by), [1.0])[0] == pytest.approx(wanted, rel=1e-9)


def test_what_counts_as_zero_ends_at_the_last_number_that_does() -> None:
    o = stump(-5.0, word=ZERO_IS_MISSING | (1 << 31), flags=TreeFlag.SPECIAL_RULES)
    assert thresholds(o, 0).tolist() == [-5.0, float(np.nextafter(-ALMOST_ZERO, -INF)), ALMOST_ZERO]
    assert thresholds(o, 1).tolist() == []


@pytest.mark.parametrize(
    ("x", "r", "wanted"),
    [(0.5, 0.25, INF), (0.75, 0.25, INF), (0.25, 0.25, 0.0), (1.0, 0.25, 0.0)],
    ids=["across", "down to it", "up to it", "beyond"],
)
def test_a_split_is_crossed_by_what_is_larger_than_its_threshold(x: float, r: float, wanted: float) -> None:
    assert bound(stump(0.5), (x, 0.0), (r, 0.0), [1.0]) == [wanted]
    both = trees(
        stump(0.5), np.array([[x, 0.0], [9.0, 0.0]]), np.array([[r, 0.0], [r, 0.0]]), np.ones((2, 1))
    )
    assert both[:, 0].tolist() == [wanted, 0.0]


# --- checks -----------------------------------------------------------------------------------------------------------

LARGEST = bounds.FLOAT32_LIMIT


@pytest.mark.parametrize(
    ("flags", "x", "r", "wanted"),
    [
        (CheckFlag.NOT_NEGATIVE, -0.5, 0.5, True),
        (CheckFlag.NOT_NEGATIVE, -0.5, 0.25, False),
        (CheckFlag.NOT_NEGATIVE, 0.5, 0.5, False),
        (CheckFlag.NOT_NEGATIVE, 0.5, 0.75, True),
        (0, -0.5, 0.5, False),
        (CheckFlag.FLOAT32_RANGE, LARGEST / 2, LARGEST / 2, True),
        (CheckFlag.FLOAT32_RANGE, -LARGEST / 2, LARGEST / 2, True),
        (CheckFlag.FLOAT32_RANGE, LARGEST / 2, LARGEST / 4, False),
        (CheckFlag.FLOAT32_RANGE, 2 * LARGEST, LARGEST, False),
        (CheckFlag.FLOAT32_RANGE, -2 * LARGEST, LARGEST, False),
        (CheckFlag.FLOAT32_RANGE, 2 * LARGEST, 1.5 * LARGEST, True),
        (0, 2 * LARGEST, 1.5 * LARGEST, False),
        (0, 1.7e308, 1.7e308, True),
        (0, 1.0, INF, True),
        (CheckFlag.NOT_NEGATIVE | CheckFlag.FLOAT32_RANGE, 1.0, INF, True),
    ],
    ids=str,
)
def test_a_check_is_undecided_where_its_limit_lies_within_the_bound(
    flags: int, x: float, r: float, wanted: bool
) -> None:
    check = operation(Code.CHECK, (0, 1), 2, 0, flags=flags, refusal="no")
    other = operation(Code.CHECK, (0,), 2, 0, refusal="no")
    values = {0: np.array([1.0, 1.0]), 1: np.array([1.0, x])}
    around = {1: np.array([0.0, r])}
    for made in (program(2, [check]), program(2, [other, check]), program(2, [check, other])):
        assert undecided_checks(made, values, around).tolist() == [False, wanted]
    assert undecided_checks(program(2, [other]), values, around).tolist() == [False, False]


def test_an_operation_that_is_no_check_refuses_nothing() -> None:
    o = dataclasses.replace(function(Unary.EXP), flags=CheckFlag.NOT_NEGATIVE)
    values = {0: np.zeros(1), 1: np.ones(1)}
    assert undecided_checks(program(1, [o]), values, {0: np.full(1, INF)}).tolist() == [False]
