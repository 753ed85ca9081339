"""Rows on either side of every split: the two neighbouring raw values that go left and right.

One ulp beside the threshold would not do: behind a scaler most raw neighbours fall onto the same side. So the raw
value is bisected, through the steps before the split as the kernel computes them, until two neighbouring doubles
(integers, seconds of a date) come out on different sides. The other columns are those of a training row that
reaches the split.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from serving.errors import RowError
from skylayer.compiler.program import Arithmetic, Code
from skylayer.compiler.tree_nodes import CATEGORICAL, FEATURE
from skylayer.proof.moments import bounds_of, seconds_of, text_of
from skylayer.proof.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from skylayer.compiler.program import Operation, Program

    Columns = list[list[Any]]

STEPS = 66  # halvings from one end of the doubles to the other
_COMPARISONS = range(Arithmetic.GREATER, Arithmetic.EQUAL + 1)
_ONE_TO_ONE = {Code.ROUND32, Code.REPLACE, Code.ARITHMETIC, Code.UNARY, Code.BINS, Code.PIECEWISE}
_ORDERED = ("number", "integer", "date")


@dataclass(frozen=True)
class Split:
    """A comparison in a program: `slot` against `threshold`, as a float32 if `narrow`.

    Attributes:
        base: The training row whose other columns lead to it.
    """

    slot: int
    threshold: float
    narrow: bool
    base: int


def neighbours(
    program: Program, schema: dict[str, Any], training: Columns, limit: int, random: np.random.Generator
) -> Columns:
    """Pairs of rows that the splits of a program tell apart by one neighbouring raw value, by column.

    Args:
        program: The compiled estimator.
        schema: The manifest's `input`.
        training: Values by column of rows that no step refuses.
        limit: At most so many pairs; where there are more splits, a random choice of them.
        random: What chooses.
    """
    columns = schema["columns"]
    rows = len(training[0])
    names = [column["name"] for column in columns]
    tested = sorted({slot for o in program.operations if _compares(o) for slot in o.inputs})
    if not tested or not rows:
        return [[] for _ in columns]
    values = Trace(program, tested, names).values(training, rows)
    position = {slot: k for k, slot in enumerate(tested)}
    splits = [s for o in program.operations for s in _splits(o, values, position, random)]
    if len(splits) > limit:
        splits = [splits[i] for i in np.sort(random.choice(len(splits), limit, replace=False))]
    made: Columns = [[] for _ in columns]
    sources = _sources(program)
    for slot in sorted({s.slot for s in splits}):
        raw = [i for i in sources.get(slot, ()) if columns[i]["kind"] in _ORDERED]
        own = [s for s in splits if s.slot == slot]
        for index in raw[:1] if len(raw) == 1 else random.permutation(raw).tolist()[:1]:
            trace = Trace(program, [slot], names)
            try:
                found = list(_bisect(trace, own, columns[index], training, index))
            except (
                RowError
            ):  # a step refuses values on the way, so there is no path to the split's neighbours
                continue
            for row in found:
                for cells, cell in zip(made, row, strict=True):
                    cells.append(cell)
    return made


def _compares(o: Operation) -> bool:
    """Whether an operation compares its inputs with constants."""
    return o.code in {Code.TREES, Code.TREES_F64, Code.BINS} or (
        o.code == Code.ARITHMETIC and o.kind in _COMPARISONS
    )


def _splits(
    o: Operation, values: NDArray[np.float64], position: dict[int, int], random: np.random.Generator
) -> Iterator[Split]:
    any_row = random.integers(len(values), size=1 << 16)
    if o.code in {Code.TREES, Code.TREES_F64}:
        x = values[:, [position[s] for s in o.inputs]]
        yield from _tree_splits(o, x, any_row)
    elif o.code == Code.BINS:
        starts, edges = o.arrays[0], o.arrays[1]
        for k, slot in enumerate(o.inputs):
            for edge in edges[starts[k] : starts[k + 1]].tolist():
                yield Split(slot, edge, narrow=False, base=int(any_row[k]))
    elif o.code == Code.ARITHMETIC and o.kind in _COMPARISONS:
        for k, slot in enumerate(o.inputs):
            constant = float(o.arrays[0][k])
            yield Split(slot, constant, narrow=False, base=int(any_row[k % len(any_row)]))


def _tree_splits(o: Operation, x: NDArray[np.float64], any_row: NDArray[np.int64]) -> Iterator[Split]:
    nodes, narrow = o.arrays[0], o.code == Code.TREES
    if narrow:
        x = x.astype(np.float32).astype(np.float64)
        right = (nodes["word"] >> np.uint32(o.kind + 1)).astype(np.int64)
        feature = (nodes["word"] & np.uint32((1 << o.kind) - 1)).astype(np.int64)
        threshold = np.ascontiguousarray(nodes["threshold"]).view(np.float32).astype(np.float64)
        ordered = right > 0
    else:
        right = nodes["right"].astype(np.int64)
        feature = (nodes["word"] & FEATURE).astype(np.int64)
        threshold = np.ascontiguousarray(nodes["threshold"]).view(np.float64)
        ordered = (right > 0) & ((nodes["word"] & CATEGORICAL) == 0)
    reached = np.full(len(nodes), -1, dtype=np.int64)
    rows = np.arange(len(x))
    for root in o.arrays[1]["root"].astype(np.int64):
        at = np.full(len(x), root)
        active = rows
        while len(active):
            reached[at[active]] = active
            active = active[right[at[active]] > 0]
            node = at[active]
            left = x[active, feature[node]] <= threshold[node]
            at[active] = node + np.where(left, 1, right[node])
    for node in np.flatnonzero(ordered).tolist():
        base = reached[node] if reached[node] >= 0 else any_row[node % len(any_row)]
        yield Split(o.inputs[feature[node]], float(threshold[node]), narrow, int(base))


def _sources(program: Program) -> dict[int, tuple[int, ...]]:
    """The columns of numbers that each slot depends on."""
    found: dict[int, tuple[int, ...]] = {
        slot: (d.column,) if d.encoding is None else () for slot, d in enumerate(program.dense)
    }
    for o in program.operations:
        for k in range(o.outputs):
            read = (c for s in _read_by(o, k) for c in found.get(s, ()))
            found[o.first + k] = tuple(dict.fromkeys(read))
    return found


def _read_by(o: Operation, k: int) -> tuple[int, ...]:
    """The inputs that output `k` of an operation is made of."""
    if o.code in _ONE_TO_ONE:
        return (o.inputs[k],)
    if o.code == Code.COMBINE:
        return (o.inputs[k], o.inputs[o.outputs + (k if len(o.inputs) == 2 * o.outputs else 0)])
    if o.code == Code.SELECT:
        return o.inputs[k :: o.outputs]
    return o.inputs


def _bisect(
    trace: Trace, splits: list[Split], column: dict[str, Any], training: Columns, index: int
) -> Iterator[list[Any]]:
    """Both neighbours of each split, found for all splits at once."""
    kind = column["kind"]
    bounds = bounds_of(column["dtype"]) if kind == "date" else (-(2**62), 2**62)
    base = np.array([s.base for s in splits])
    threshold = np.array([s.threshold for s in splits])
    narrow = np.array([s.narrow for s in splits])  # trees of either precision may look at a slot
    rows: Columns = [[cells[b] for b in base] for cells in training]
    seen = [v for v in training[index] if v is not None]
    numbers = list(map(seconds_of, seen)) if kind == "date" else seen
    low, high = (float(v) for v in (min(numbers, default=0), max(numbers, default=0)))
    margin = max(high - low, abs(high), abs(low), 1.0)
    first, last = (
        np.full(len(splits), _key(v, kind, bounds), dtype=np.int64) for v in (low - margin, high + margin)
    )

    def goes_left(keys: NDArray[np.int64]) -> NDArray[np.bool_]:
        rows[index] = _values(keys, kind)
        value = trace.values(rows, len(keys))[:, 0]
        with np.errstate(over="ignore"):
            value = np.where(narrow, value.astype(np.float32), value)
        return np.asarray(value <= threshold)

    left_end, right_end = goes_left(first), goes_left(last)
    for _ in range(STEPS):
        middle = (first >> 1) + (last >> 1) + (first & last & 1)  # their sum may overflow
        same = goes_left(middle) == left_end
        first, last = np.where(same, middle, first), np.where(same, last, middle)
    for keys in (first, last):
        rows[index] = _values(keys, kind)
        yield from ([cells[k] for cells in rows] for k in np.flatnonzero(left_end != right_end).tolist())


def _key(value: float, kind: str, bounds: tuple[int, int]) -> int:
    """A number's rank among the doubles, or the integer itself."""
    if kind != "number":
        return int(np.clip(value, *bounds))
    bits = int(np.float64(value).view(np.int64))
    return bits if bits >= 0 else -(2**63) - bits


def _values(keys: NDArray[np.int64], kind: str) -> list[Any]:
    if kind == "integer":
        return [int(key) for key in keys]
    if kind == "date":
        return [text_of(int(key)) for key in keys]
    bits = np.where(keys >= 0, keys, np.int64(-(2**63)) - keys)
    return [float(v) for v in bits.view(np.float64)]
