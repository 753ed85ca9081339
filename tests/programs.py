"""Programs and estimators of a few lines, for tests of the proof that need to know every number in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer.compiler.program import DenseInput, Operation, Output, Program

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from skylayer.compiler.program import Code


def numbers(count: int) -> dict[str, Any]:
    """The schema of an array of so many columns of doubles, named x0, x1 and so on."""
    columns = [
        {"name": f"x{i}", "kind": "number", "dtype": "float64", "nullable": True} for i in range(count)
    ]
    return {"container": "array", "dtype": "float64", "columns": columns}


def operation(
    code: Code, inputs: Sequence[int], first: int, outputs: int, *arrays: Any, **fields: Any
) -> Operation:
    """An operation with its arrays as the table stores them."""
    stored = tuple(
        a if a.dtype.names else np.ascontiguousarray(a, "<f8" if a.dtype.kind == "f" else "<u4")
        for a in map(np.asarray, arrays)
    )
    return Operation(code, tuple(inputs), first, outputs, arrays=stored, **fields)


def program(inputs: int, operations: Sequence[Operation], *outputs: Output) -> Program:
    """A program over columns of numbers; without `outputs` it answers what the last operation writes."""
    last = operations[-1]
    slots = tuple(range(last.first, last.first + last.outputs))
    return Program(
        tuple(DenseInput(column) for column in range(inputs)),
        (),
        (),
        tuple(operations),
        outputs or (Output("predictions", slots, "scalar"),),
    )


class Estimator:
    """What scikit-learn's part is played by: `predict` is any function of the rows, shape (rows, columns)."""

    def __init__(self, predict: Callable[[Any], Any]) -> None:
        self.predict = predict


def transposed(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Rows as columns."""
    return [list(cells) for cells in zip(*rows, strict=True)]
