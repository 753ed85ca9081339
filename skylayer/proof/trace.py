"""Look inside a compiled program: the kernel's own value of any slot, not only of the outputs."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from serving.engines.native import open_kernel, open_table
from skylayer.compiler.assembler import assemble
from skylayer.compiler.kernel_build import host_kernel
from skylayer.compiler.program import Output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from serving.engines.native import NativeEngine
    from skylayer.compiler.program import Program

TRACE = "trace"


def open_program(table: bytes, names: list[str], fields: list[str]) -> NativeEngine:
    """The engine of a table that lies in memory.

    Args:
        table: What `compile_estimator` gave.
        names: The schema's columns.
        fields: Which of the table's outputs to decode.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "tables.bin")
        path.write_bytes(table)
        # The map outlives its file.
        return open_table(str(path), open_kernel(str(host_kernel())), names, fields)


class Trace:
    """A program whose outputs are some of its slots."""

    def __init__(self, program: Program, slots: Sequence[int], names: list[str]) -> None:
        self.slots = tuple(slots)
        self._width = len(self.slots)
        inner = dataclasses.replace(program, outputs=(Output(TRACE, self.slots, "vector"),))
        self._engine = open_program(assemble(inner), names, [TRACE])

    def values(self, columns: list[list[Any]], rows: int) -> NDArray[np.float64]:
        """Value of each slot for each row, shape (rows, slots).

        Raises:
            serving.errors.RowError: A row is refused on the way.
        """
        return as_matrix(self._engine.evaluate(columns, rows), rows)


def as_matrix(answers: Any, rows: int) -> NDArray[np.float64]:
    """What `NativeEngine.evaluate` gave, shape (rows, outputs)."""
    return np.frombuffer(answers, dtype=np.float64).reshape(rows, -1)
