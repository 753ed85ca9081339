"""A method per kind of operation, and the compositions that every family uses."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from skylayer.compiler.errors import CannotCompile
from skylayer.compiler.program import Arithmetic, Code, LookupFlag, Operation, Pairwise, Reduce, Unary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from skylayer.compiler.prediction import Slots

_SAME_COLUMN = {
    Code.ROUND32,
    Code.REPLACE,
    Code.ARITHMETIC,
    Code.UNARY,
    Code.LOOKUP,
    Code.BINS,
    Code.PIECEWISE,
}
PAIRS = 8  # from so many terms on numpy adds a row in pairs
FIRST_OPERATION_SLOT = 1 << 32  # inputs are still being added while operations are


class Operations:
    """The operations of a program, in the order in which they are asked for."""

    def __init__(self, path: tuple[str, ...] = ()) -> None:
        self.path = path
        self._operations: list[Operation] = []
        self._next = FIRST_OPERATION_SLOT
        self._origins: dict[int, int] = {}

    def cannot(self, reason: str, parameter: str = "") -> NoReturn:
        """Refuse the current step; `parameter` as in `analyzer=<function>`."""
        path = (*self.path[:-1], f"{self.path[-1]}({parameter})") if parameter else self.path
        raise CannotCompile(path, reason)

    def emit(
        self,
        code: Code,
        inputs: Sequence[int],
        outputs: int,
        *arrays: ArrayLike,
        kind: int = 0,
        flags: int = 0,
        width: int = 0,
        refusal: str | None = None,
    ) -> Slots:
        """Append an operation; arrays of floats become float64, of integers uint32, records stay."""
        stored = tuple(_stored(a) for a in arrays)
        first = self._next
        self._next += outputs
        self._operations.append(
            Operation(
                code,
                tuple(inputs),
                first,
                outputs,
                kind,
                flags,
                width,
                stored,
                refusal,
                " → ".join(self.path),
            )
        )
        if code in _SAME_COLUMN and len(inputs) == outputs:
            for offset, slot in enumerate(inputs):
                if slot in self._origins:
                    self._origins[first + offset] = self._origins[slot]
        return tuple(range(first, first + outputs))

    def constant(self, values: ArrayLike) -> Slots:
        """The same numbers for every row."""
        array = np.asarray(values, dtype=np.float64).ravel()
        return self.emit(Code.CONSTANT, (), len(array), array)

    def replace(self, slots: Sequence[int], fills: ArrayLike, missing: float = math.nan) -> Slots:
        """Each slot, or its fill where it is `missing` (NaN or a number)."""
        values = np.asarray(fills, dtype=np.float64)
        if math.isnan(missing):
            return self.emit(Code.REPLACE, slots, len(slots), values)
        return self.emit(Code.REPLACE, slots, len(slots), values, [float(missing)], kind=1)

    def arithmetic(self, kind: Arithmetic, slots: Sequence[int], constants: ArrayLike) -> Slots:
        """Each slot with its constant (one constant serves all)."""
        values = np.broadcast_to(np.asarray(constants, dtype=np.float64), (len(slots),))
        return self.emit(Code.ARITHMETIC, slots, len(slots), values, kind=kind)

    def combine(self, kind: Arithmetic, left: Sequence[int], right: Sequence[int]) -> Slots:
        """Slot with slot; a single right slot serves all."""
        return self.emit(Code.COMBINE, (*left, *right), len(left), kind=kind)

    def unary(self, kind: Unary, slots: Sequence[int]) -> Slots:
        """A function of each slot."""
        return self.emit(Code.UNARY, slots, len(slots), kind=kind)

    def select(self, where: Sequence[int], then: Sequence[int], otherwise: Sequence[int]) -> Slots:
        """`then` where the condition isn't 0, else `otherwise`, slot by slot."""
        return self.emit(Code.SELECT, (*where, *then, *otherwise), len(then))

    def reduce(self, kind: Reduce, slots: Sequence[int]) -> int:
        """One number from many."""
        return self.emit(Code.REDUCE, slots, 1, kind=kind)[0]

    def weighted_median(self, slots: Sequence[int], weights: ArrayLike) -> int:
        """The first value, in ascending order, up to which at least half of the weight lies."""
        return self.emit(Code.WEIGHTED_MEDIAN, slots, 1, np.asarray(weights, dtype=np.float64))[0]

    def round32(self, slots: Sequence[int]) -> Slots:
        """Each slot rounded to float32."""
        return self.emit(Code.ROUND32, slots, len(slots))

    def round16(self, slots: Sequence[int]) -> Slots:
        """Each slot rounded to float16, as numpy converts a double.

        Normal numbers by Veltkamp's splitting (Dekker 1971, A floating-point technique for extending the available
        precision), numbers below 2**-14 by adding what makes the last bit worth 2**-24.
        """
        x = self.arithmetic(Arithmetic.MINIMUM, slots, 2.0**17)
        x = self.arithmetic(Arithmetic.MAXIMUM, x, -(2.0**17))
        wide = self.arithmetic(Arithmetic.MULTIPLY, x, 2.0**42 + 1)
        normal = self.combine(Arithmetic.SUBTRACT, wide, self.combine(Arithmetic.SUBTRACT, wide, x))
        shifted = self.arithmetic(Arithmetic.ADD, x, 1.5 * 2.0**28)
        small = self.arithmetic(Arithmetic.SUBTRACT, shifted, 1.5 * 2.0**28)
        tiny = self.arithmetic(Arithmetic.LESS, self.unary(Unary.ABSOLUTE, x), 2.0**-14)
        rounded = self.select(tiny, small, normal)
        largest = float(np.finfo(np.float16).max)
        for kind, border, infinity in (
            (Arithmetic.GREATER, largest, math.inf),
            (Arithmetic.LESS, -largest, -math.inf),
        ):
            beyond = self.arithmetic(kind, rounded, border)
            rounded = self.select(beyond, self.constant([infinity]) * len(slots), rounded)
        return rounded

    def gather(self, code: int, rows: ArrayLike, default: ArrayLike | None, detail: str = "") -> Slots:
        """Row `code` of a matrix; `default` (None: the row is refused) outside of it."""
        matrix = np.asarray(rows, dtype=np.float64)
        other: ArrayLike = [] if default is None else default
        refusal = detail if default is None else None
        empty = np.asarray(other, dtype=np.float64)
        return self.emit(Code.GATHER, (code,), matrix.shape[1], matrix, empty, refusal=refusal)

    def refuse(self, where: Sequence[int], detail: str) -> None:
        """Refuse the rows in which the slot isn't 0."""
        self.gather(where[0], [[0.0]], None, detail)

    def one_hot(self, code: int, width: int) -> Slots:
        """`width` indicators of the code 0, 1, …; none for any other code."""
        return self.emit(Code.ONE_HOT, (code,), width)

    def matrix(self, slots: Sequence[int], weights: ArrayLike, bias: ArrayLike | None = None) -> Slots:
        """Weights (outputs x inputs) times the row, plus the bias."""
        w = np.atleast_2d(np.asarray(weights, dtype=np.float64))
        b = np.zeros(0) if bias is None else np.broadcast_to(np.asarray(bias, dtype=np.float64), (len(w),))
        return self.emit(Code.MATRIX, slots, len(w), w, b)

    def pairwise(self, kind: Pairwise, slots: Sequence[int], rows: ArrayLike) -> Slots:
        """The row against each stored row (rows x inputs)."""
        stored = np.asarray(rows, dtype=np.float64)
        return self.emit(Code.PAIRWISE, slots, len(stored), stored, kind=kind)

    def sum_in_some_order(self, slots: Sequence[int], *, by_einsum: bool = False) -> int:
        """The sum along a row of what scikit-learn got, where numpy's order follows the layout of memory.

        A DataFrame's columns come one after the other and are added so; of an array, and of a single row in any
        case, each row is added in pairs. A product with ones has an error bound that holds for every order.

        Args:
            slots: Its terms.
            by_einsum: Whether einsum adds, whose order is another with every processor, however few the terms are.
        """
        if len(slots) < PAIRS and not by_einsum:
            return self.reduce(Reduce.SUM, slots)
        return self.matrix(slots, np.ones((1, len(slots))))[0]

    def products(self, slots: Sequence[int], factors: Sequence[Sequence[int]]) -> Slots:
        """For each list of input positions the product of those inputs, left to right; 1 for none."""
        return self.emit(Code.PRODUCTS, slots, len(factors), *_ragged(factors, np.uint32))

    def bins(self, slots: Sequence[int], edges: Sequence[Sequence[float]], *, left: bool = False) -> Slots:
        """numpy.searchsorted of each slot in its edges, side right (or left)."""
        return self.emit(Code.BINS, slots, len(slots), *_ragged(edges, np.float64), kind=int(left))

    def piecewise(
        self, slots: Sequence[int], xs: Sequence[Sequence[float]], ys: Sequence[Sequence[float]]
    ) -> Slots:
        """numpy.interp of each slot along its knots."""
        starts, x = _ragged(xs, np.float64)
        return self.emit(Code.PIECEWISE, slots, len(slots), starts, x, _ragged(ys, np.float64)[1])

    def neighbours(
        self,
        metric: Pairwise,
        slots: Sequence[int],
        tree: Sequence[ArrayLike],
        count: int,
        *,
        width: int = 1,
        flags: int = 0,
    ) -> Slots:
        """A query of a kd-tree: points (in the tree's order), values of each (points x width), bounds and nodes.

        `count` outputs: the distances to the nearest and their values; within a radius (the last of the
        bounds) how many there are, the sum of their weights and the weighted sums of their values.
        """
        return self.emit(Code.NEIGHBOURS, slots, count, *tree, kind=metric, flags=flags, width=width)

    def coupling(self, pairs: Sequence[int], classes: int) -> Slots:
        """Probabilities of classes from those of pairs (0, 1), (0, 2), … (1, 2), … for the first, as libsvm goes."""
        return self.emit(Code.COUPLING, pairs, classes)

    def lookup(
        self,
        slot: int,
        entries: tuple[tuple[Any, float], ...],
        nan_code: float | None,
        unknown: float | None,
        detail: str,
    ) -> int:
        """The code of each key, of NaN and of anything else; None refuses such rows with `detail`."""
        numeric = sorted((float(c), code) for c, code in entries if not isinstance(c, str))
        keys, codes = [c for c, _ in numeric], [code for _, code in numeric]
        flags = LookupFlag.REFUSE_OTHERS * (unknown is None) | LookupFlag.REFUSE_NAN * (nan_code is None)
        others = [0.0 if nan_code is None else nan_code, 0.0 if unknown is None else unknown]
        refusal = detail if flags else None
        arrays = [np.asarray(a, dtype=np.float64) for a in (keys, codes, others)]
        return self.emit(Code.LOOKUP, (slot,), 1, *arrays, flags=flags, refusal=refusal)[0]

    # --- compositions ----------------------------------------------------------------------------------

    def softmax(self, slots: Sequence[int]) -> Slots:
        """sklearn.utils.extmath.softmax of the row."""
        shifted = self.combine(Arithmetic.SUBTRACT, slots, (self.reduce(Reduce.MAXIMUM, slots),))
        powers = self.unary(Unary.EXP, shifted)
        return self.combine(Arithmetic.DIVIDE, powers, (self.reduce(Reduce.PAIRWISE_SUM, powers),))

    def normalise(self, slots: Sequence[int]) -> Slots:
        """Each slot over the row's sum; equal shares where the sum is 0."""
        total = (self.reduce(Reduce.PAIRWISE_SUM, slots),)
        empty = self.arithmetic(Arithmetic.EQUAL, total, 0.0)
        share = self.constant([1.0, len(slots)])
        ones = self.select(empty * len(slots), share[:1] * len(slots), slots)
        return self.combine(Arithmetic.DIVIDE, ones, self.select(empty, share[1:], total))

    def complement(self, slot: int) -> Slots:
        """(1 - p, p), the two probabilities of a binary classifier."""
        return (*self.arithmetic(Arithmetic.REVERSE_SUBTRACT, (slot,), 1.0), slot)


def _stored(array: ArrayLike) -> np.ndarray[Any, Any]:
    a = np.asarray(array)
    if a.dtype.names:
        return np.ascontiguousarray(a)
    return np.ascontiguousarray(a, dtype="<f8" if a.dtype.kind == "f" else "<u4")


def _ragged(rows: Sequence[Sequence[Any]], dtype: Any) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    starts = np.cumsum([0, *map(len, rows)], dtype=np.uint32)
    flat = np.concatenate([np.asarray(r, dtype=dtype) for r in rows] or [np.zeros(0, dtype=dtype)])
    return starts, flat
