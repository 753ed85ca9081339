"""From a program to the bytes of its table, docs/table-format.md."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from skylayer.compiler.program import Operation, Output, Program

MAGIC, VERSION, ENDIAN_MARK = b"SKYLAYER", 1, 0x01020304
HEADER = struct.Struct("<8sIIQIIIIIIQQQQQQ")
RECORD = struct.Struct("<HHIIIIIQ8Q")


@dataclass(frozen=True, eq=False)
class Record:
    """An operation as it is written: with physical slots, those of the scratch.

    Attributes:
        code: Which operation.
        kind: Which function, comparison or metric.
        flags: As docs/table-format.md has them.
        inputs: Slots that it reads, `<u4`.
        first: The first slot that it writes.
        outputs: How many it writes.
        width: Of a leaf's or neighbour's values.
        arrays: At most four, each of a type of the format.
    """

    code: int
    kind: int
    flags: int
    inputs: NDArray[np.uint32]
    first: int
    outputs: int
    width: int
    arrays: tuple[NDArray[Any], ...]


@dataclass(frozen=True, eq=False)
class Sections:
    """All that a table says, without its offsets.

    Attributes:
        dense: Inputs of one number per row.
        sparse: Slots that texts fill.
        slots: In all.
        workspace: Doubles of private scratch.
        records: The operations in order.
        outputs: Slots of the answers, `<u4`.
        metadata: JSON, which the engine in Python reads.
    """

    dense: int
    sparse: int
    slots: int
    workspace: int
    records: tuple[Record, ...]
    outputs: NDArray[np.uint32]
    metadata: bytes


def assemble(program: Program) -> bytes:
    """Drop what nothing reads, allocate the scratch, and write the table."""
    operations = eliminate_dead_operations(program)
    physical, slots = _allocate(program, operations)
    outputs = [physical[slot] for output in program.outputs for slot in output.slots]
    return serialize(
        Sections(
            len(program.dense),
            program.inputs - len(program.dense),
            slots,
            max((o.workspace for o in operations), default=0),
            tuple(_record(operation, physical) for operation in operations),
            np.asarray(outputs, dtype="<u4"),
            json.dumps(_metadata(program, operations), separators=(",", ":")).encode(),
        )
    )


def serialize(sections: Sections) -> bytes:
    """The table's bytes, the same for the same sections."""
    writer = _Writer(HEADER.size + RECORD.size * len(sections.records))
    records = b"".join(_pack(record, writer) for record in sections.records)
    outputs_at = writer.add(sections.outputs)
    metadata_at = writer.add(np.frombuffer(sections.metadata, dtype=np.uint8))
    header = HEADER.pack(
        MAGIC, VERSION, ENDIAN_MARK, writer.size, sections.dense, sections.sparse, sections.slots,
        sections.workspace, len(sections.records), len(sections.outputs), HEADER.size, outputs_at, metadata_at,
        len(sections.metadata), 0, 0,
    )  # fmt: skip
    return b"".join([header, records, *writer.parts])


def eliminate_dead_operations(program: Program) -> list[Operation]:
    """Operations that an output needs, and those that may refuse a row."""
    needed = {slot for output in program.outputs for slot in output.slots}
    kept = []
    for operation in reversed(program.operations):
        written = range(operation.first, operation.first + operation.outputs)
        if operation.refusal is not None or not needed.isdisjoint(written):
            needed.update(operation.inputs)
            kept.append(operation)
    return kept[::-1]


def _allocate(program: Program, operations: list[Operation]) -> tuple[dict[int, int], int]:
    """Each slot's physical slot, of the scratch; one is used again once its last reader has run."""
    last = dict.fromkeys(range(program.inputs), -1)
    for index, operation in enumerate(operations):
        last.update(dict.fromkeys(range(operation.first, operation.first + operation.outputs), index))
        last.update(dict.fromkeys(operation.inputs, index))
    last.update({slot: len(operations) for output in program.outputs for slot in output.slots})
    dying: list[list[int]] = [[] for _ in range(len(operations) + 1)]
    for slot, index in last.items():
        if index >= 0:
            dying[index].append(slot)
    physical = {slot: slot for slot in range(program.inputs)}
    free = _FreeList(program.inputs)
    for index, operation in enumerate(operations):
        first = free.take(operation.outputs)
        for offset in range(operation.outputs):
            physical[operation.first + offset] = first + offset
        free.give(physical[slot] for slot in dying[index])
    return physical, free.size


class _FreeList:
    """First-fit runs of free slots, grown at the end."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._runs: list[tuple[int, int]] = []  # (first, length), ascending, never touching

    def take(self, length: int) -> int:
        for index, (first, free) in enumerate(self._runs):
            if free >= length:
                self._runs[index : index + 1] = [(first + length, free - length)] if free > length else []
                return first
        first = self.size
        self.size += length
        return first

    def give(self, slots: Iterable[int]) -> None:
        merged: list[tuple[int, int]] = []
        for first, length in sorted([*self._runs, *((slot, 1) for slot in slots)]):
            if merged and sum(merged[-1]) == first:
                merged[-1] = (merged[-1][0], merged[-1][1] + length)
            else:
                merged.append((first, length))
        self._runs = merged


class _Writer:
    """Sections after the records, each at a multiple of 8."""

    def __init__(self, start: int) -> None:
        self.size = start
        self.parts: list[bytes] = []
        self._known: dict[bytes, int] = {}

    def add(self, array: np.ndarray[Any, Any]) -> int:
        data = array.tobytes()
        data += bytes(-len(data) % 8)
        if (at := self._known.get(data)) is None:
            at = self._known[data] = self.size
            self.parts.append(data)
            self.size += len(data)
        return at


def _record(operation: Operation, physical: dict[int, int]) -> Record:
    return Record(
        operation.code,
        operation.kind,
        operation.flags,
        np.asarray([physical[s] for s in operation.inputs], dtype="<u4"),
        physical[operation.first] if operation.outputs else 0,
        operation.outputs,
        operation.width,
        operation.arrays,
    )


def _pack(record: Record, writer: _Writer) -> bytes:
    inputs_at = writer.add(record.inputs)
    arrays = [value for array in record.arrays for value in (writer.add(array), array.size)]
    arrays += [0] * (8 - len(arrays))
    return RECORD.pack(
        record.code, record.kind, record.flags, len(record.inputs), record.first, record.outputs, record.width,
        inputs_at, *arrays,
    )  # fmt: skip


def _metadata(program: Program, operations: list[Operation]) -> dict[str, Any]:
    return {
        "dense": [[d.column, d.part or d.encoding] for d in program.dense],
        "sparse": [[s.column, s.width, dict(s.description)] for s in program.sparse],
        "encodings": [
            {
                "entries": [list(entry) for entry in e.entries],
                "missing": e.missing,
                "unknown": e.unknown,
                "rounded": e.rounded,
                "detail": e.detail,
            }
            for e in program.encodings
        ],
        "outputs": [_output(output) for output in program.outputs],
        "refusals": {
            str(i): [o.refusal, [program.origins.get(slot) for slot in o.inputs]]
            for i, o in enumerate(operations)
            if o.refusal is not None
        },
    }


def _output(output: Output) -> dict[str, Any]:
    return {
        "field": output.field,
        "count": len(output.slots),
        "shape": output.shape,
        "classes": None if output.classes is None else [list(c) for c in output.classes],
        "sizes": list(output.sizes),
        "integer": output.integer,
    }
