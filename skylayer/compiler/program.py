"""The intermediate form between the lowerings and the table: inputs, operations and outputs over slots.

A slot is one double per row, numbered in the order of creation and written once. Inputs come first, then
each operation writes `outputs` consecutive slots from `first`. The assembler numbers them anew.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


LANES = 16  # rows for which workspace is counted
NEIGHBOUR_STACK = 256  # doubles that a walk down a kd-tree, a sort and a sum may need
PAIRWISE_BLOCK = 128  # up to so many terms REDUCE adds in numpy's pairwise order, more of them one by one


class Code(enum.IntEnum):
    """Operations of the kernel; docs/table-format.md says what each reads and writes."""

    CHECK = 1
    ROUND32 = 2
    CONSTANT = 3
    REPLACE = 4
    ARITHMETIC = 5
    COMBINE = 6
    UNARY = 7
    SELECT = 8
    REDUCE = 9
    LOOKUP = 10
    GATHER = 11
    ONE_HOT = 12
    MATRIX = 13
    PAIRWISE = 14
    PRODUCTS = 15
    BINS = 16
    PIECEWISE = 17
    TREES = 18
    TREES_F64 = 19
    WEIGHTED_MEDIAN = 20
    NEIGHBOURS = 21
    COUPLING = 22


class Arithmetic(enum.IntEnum):
    """How ARITHMETIC (slot with constant) and COMBINE (slot with slot) join a left and a right operand."""

    ADD = 0
    SUBTRACT = 1
    MULTIPLY = 2
    DIVIDE = 3
    REVERSE_SUBTRACT = 4
    REVERSE_DIVIDE = 5
    MAXIMUM = 6
    MINIMUM = 7
    GREATER = 8
    GREATER_EQUAL = 9
    LESS = 10
    LESS_EQUAL = 11
    EQUAL = 12
    POWER = 13


class Unary(enum.IntEnum):
    """Functions of one slot; `EXPIT` is 1 / (1 + exp(-x)), `RECTIFY` max(x, 0), `PROBIT` the normal quantile."""

    IS_NAN = 0
    NEGATE = 1
    ABSOLUTE = 2
    SIGN = 3
    SQUARE = 4
    SQUARE_ROOT = 5
    RECIPROCAL = 6
    FLOOR = 7
    CEIL = 8
    TRUNCATE = 9
    RECTIFY = 10
    EXP = 11
    LOG = 12
    EXPM1 = 13
    LOG1P = 14
    TANH = 15
    EXPIT = 16
    SIN = 17
    COS = 18
    ERF = 19
    NORMAL_CDF = 20
    PROBIT = 21
    LOG2 = 22
    LOG10 = 23
    EXP2 = 24
    CBRT = 25
    ROUND = 26


class Reduce(enum.IntEnum):
    """Functions from many slots to one; PAIRWISE_SUM adds in numpy's order, ARGMAX takes the first."""

    SUM = 0
    PAIRWISE_SUM = 1
    MAXIMUM = 2
    MINIMUM = 3
    ARGMAX = 4
    ARGMIN = 5


class Pairwise(enum.IntEnum):
    """A row against stored rows."""

    DOT = 0
    SQUARED_EUCLIDEAN = 1
    MANHATTAN = 2
    CHEBYSHEV = 3


class CheckFlag(enum.IntFlag):
    """What CHECK lets pass or refuses beyond infinity and NaN; FLOAT32_RANGE: what would be infinite as a float32."""

    NAN_ALLOWED = 1
    FLOAT32_RANGE = 2
    NOT_NEGATIVE = 4


class LookupFlag(enum.IntFlag):
    """Which rows LOOKUP refuses: keys that it doesn't know, NaN."""

    REFUSE_OTHERS = 1
    REFUSE_NAN = 2


class TreeFlag(enum.IntFlag):
    """Of TREES and TREES_F64; all but the first of the latter only.

    START_GIVEN: the last inputs, one per output, are what the sums start from. SPECIAL_RULES: some split is
    categorical or treats NaN or 0 in a way of its own. FLOAT32_SUMS: sums are rounded to float32 at each step.
    """

    START_GIVEN = 1
    SPECIAL_RULES = 2
    FLOAT32_SUMS = 4


class NeighbourFlag(enum.IntFlag):
    """Of NEIGHBOURS: all points within the radius instead of the nearest ones; weighted by 1 / distance.

    ANY_ORDER is for the proof, which the kernel leaves alone: scikit-learn didn't walk this tree, so that of equally
    near points it may have found others.
    """

    WITHIN_RADIUS = 1
    WEIGHTED = 2
    ANY_ORDER = 4


@dataclass(frozen=True)
class DenseInput:
    """One value per row from one column: a number, the code of a category, or a part of a date.

    `encoding` is the index of the categories' encoding, `part` is one of `serving.dates.PARTS`.
    """

    column: int
    encoding: int | None = None
    part: str | None = None


@dataclass(frozen=True)
class Encoding:
    """Categories and their codes, for the engine's dictionary. None as a code refuses the row.

    `rounded`: the column is float64, so a long integer is rounded before it is looked up.
    """

    entries: tuple[tuple[str | int | float | bool, float], ...]
    missing: float | None
    unknown: float | None
    rounded: bool
    detail: str


@dataclass(frozen=True)
class SparseInput:
    """`width` slots that the engine fills for one column from `description`, zero unless it says otherwise."""

    column: int
    width: int
    description: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Operation:
    """One step of the program. `refusal` says what a refused row did wrong, `path` which step asked."""

    code: Code
    inputs: tuple[int, ...]
    first: int
    outputs: int
    kind: int = 0
    flags: int = 0
    width: int = 0
    arrays: tuple[NDArray[Any], ...] = ()
    refusal: str | None = None
    path: str = ""

    @property
    def workspace(self) -> int:
        """Doubles of private scratch that the kernel needs for it, for LANES rows."""
        if self.code == Code.TREES:
            return (len(self.inputs) * LANES + 1) // 2
        if self.code == Code.NEIGHBOURS:
            found = (
                self.arrays[1].size // self.width
                if self.flags & NeighbourFlag.WITHIN_RADIUS
                else self.outputs // 2
            )
            return len(self.inputs) + 3 * found + NEIGHBOUR_STACK
        if self.code == Code.COUPLING:
            return self.outputs * (self.outputs + 2)
        return len(self.inputs) * LANES if self.code == Code.TREES_F64 else 0


@dataclass(frozen=True)
class Output:
    """A field of the answer: `slots` per row; with `classes`, each value is an index into its classes."""

    field: str
    slots: tuple[int, ...]
    shape: str  # "scalar": one value; "vector": a list; "nested": one list per entry of `sizes`
    classes: tuple[tuple[Any, ...], ...] | None = None
    sizes: tuple[int, ...] = ()
    integer: bool = False


@dataclass(frozen=True)
class Program:
    """A whole compiled estimator."""

    dense: tuple[DenseInput, ...]
    sparse: tuple[SparseInput, ...]
    encodings: tuple[Encoding, ...]
    operations: tuple[Operation, ...]
    outputs: tuple[Output, ...]
    origins: Mapping[int, int] = field(default_factory=dict)  # slot → the column it was made from, if one

    @property
    def inputs(self) -> int:
        """How many slots the host fills."""
        return len(self.dense) + sum(s.width for s in self.sparse)
