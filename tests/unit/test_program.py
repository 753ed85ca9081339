"""What a program says of itself: its inputs, and the scratch that the kernel needs for an operation."""

from __future__ import annotations

import numpy as np
import pytest

from skylayer.compiler.program import (
    Code,
    DenseInput,
    NeighbourFlag,
    Operation,
    Program,
    SparseInput,
)


def operation(
    code: Code, inputs: int, outputs: int, *, width: int = 0, flags: int = 0, values: int = 0
) -> Operation:
    arrays = (np.zeros(0), np.zeros(values))
    return Operation(code, tuple(range(inputs)), inputs, outputs, flags=flags, width=width, arrays=arrays)


@pytest.mark.parametrize(
    ("step", "doubles"),
    [
        (operation(Code.UNARY, 5, 5), 0),
        (operation(Code.TREES, 5, 3), 40),  # 16 rows of 5 float32
        (operation(Code.TREES, 1, 1), 8),
        (operation(Code.TREES_F64, 5, 3), 80),  # 16 rows of 5 doubles
        (operation(Code.COUPLING, 6, 4), 24),
        (operation(Code.NEIGHBOURS, 3, 10, width=1, values=100), 3 + 3 * 5 + 256),  # the 5 nearest
        (
            operation(Code.NEIGHBOURS, 3, 4, width=2, flags=NeighbourFlag.WITHIN_RADIUS, values=100),
            3 + 3 * 50 + 256,
        ),
    ],
    ids=["none", "trees", "one-input", "trees-f64", "coupling", "nearest", "within-radius"],
)
def test_scratch_of_an_operation(step: Operation, doubles: int) -> None:
    assert step.workspace == doubles


def test_inputs_are_numbers_and_the_slots_of_texts() -> None:
    texts = (SparseInput(1, 7, {}), SparseInput(2, 30, {}))
    assert Program((DenseInput(0), DenseInput(3)), texts, (), (), ()).inputs == 39
    assert Program((), (), (), (), ()).inputs == 0
