"""The short cut of the native engine: rows of CSV that are plainly right become their own scored lines in C."""

from __future__ import annotations

import ctypes
import struct
from array import array
from typing import TYPE_CHECKING, Any

from serving import csv_body
from serving.engines.json_reader import pointer_to
from serving.engines.native import NativeEngine
from serving.errors import RowError
from skylayer.batch.answers import csv_cell

if TYPE_CHECKING:
    from serving.model import Model
    from skylayer.batch.rows import Block

_NO_COLUMN = 0xFFFFFFFF
_LAYOUT = struct.Struct("<5I4s")
_CELL = struct.Struct("<4I")
_LABEL = struct.Struct("<2I")
_NUMBER, _INTEGER, _TEXT = 0, 1, 2
_LONGEST_NUMBER = 24


class NativeRows:
    """Answers the rows of blocks below one header, as far as nothing is unusual in them."""

    def __init__(
        self, engine: NativeEngine, columns: list[int], fields: list[str], line_break: bytes
    ) -> None:
        """`columns` has the schema's column of each cell of a row; `line_break` is for a last row that has none."""
        self._engine = engine
        self._columns = (ctypes.c_uint32 * len(columns))(*columns)
        self._layout, self._longest = _layout(engine, fields, line_break)
        kernel, pointer, number = engine.kernel, ctypes.c_void_p, ctypes.c_uint64
        self._read, self._write = kernel.skylayer_read_csv, kernel.skylayer_write_csv
        self._read.restype = number
        self._read.argtypes = (
            pointer, ctypes.c_char_p, pointer, number, pointer, ctypes.c_uint32, pointer, pointer,
        )  # fmt: skip
        self._write.restype = ctypes.c_int64
        self._write.argtypes = (
            pointer, ctypes.c_char_p, pointer, number, pointer, pointer, ctypes.c_char_p, pointer, pointer, number,
        )  # fmt: skip

    def answers(self, block: Block) -> tuple[bytearray, bytearray] | None:
        """Which rows are answered, a byte each, and the doubles of their answers; None if the estimator refuses one."""
        engine, rows = self._engine, len(block.ends)
        dense = bytearray(8 * rows * engine.reader.width)  # type: ignore[union-attr]
        taken = bytearray(rows)
        good = self._read(
            engine.reader.schema, block.text, block.ends.buffer_info()[0], rows,  # type: ignore[union-attr]
            self._columns, len(self._columns), pointer_to(dense), pointer_to(taken),
        )  # fmt: skip
        if not good:
            return None
        try:
            return taken, engine.run(pointer_to(dense), good)
        except RowError:
            return None

    def lines(self, block: Block, taken: bytearray, answers: bytearray, others: list[bytes]) -> bytes:
        """The scored lines of a block, in which `others` stand for the rows that weren't answered here."""
        text = b"".join(others)
        ends, end = array("Q"), 0
        for other in others:
            end += len(other)
            ends.append(end)
        size = len(block.text) + len(block.ends) * self._longest + len(text)
        written = bytearray(size)
        length = self._write(
            self._layout, block.text, block.ends.buffer_info()[0], len(block.ends), pointer_to(taken),
            pointer_to(answers), text, ends.buffer_info()[0], pointer_to(written), size,
        )  # fmt: skip
        if length < 0:
            raise RuntimeError("the table answers a class that there isn't")
        return bytes(memoryview(written)[:length])


def native_rows(model: Model, places: list[int | None], width: int, line_break: bytes) -> NativeRows | None:
    """The short cut for rows of `width` cells; None where the model has none.

    Args:
        model: What answers.
        places: By column of its schema, which cell has it.
        width: How many cells a row has.
        line_break: For a last row without one.
    """
    engine = model.engine
    if not isinstance(engine, NativeEngine) or engine.reader is None or _may_look_missing(engine):
        return None
    columns = [_NO_COLUMN] * width
    for column, place in enumerate(places):
        if place is not None:
            columns[place] = column
    return NativeRows(engine, columns, model.fields, line_break)


def _may_look_missing(engine: NativeEngine) -> bool:
    """Whether the table knows a text that stands for a missing value in CSV: which of both it is, C doesn't decide."""
    return any(
        type(key) is str and key.strip() in csv_body.MISSING
        for encoding in engine.metadata["encodings"]
        for key, _ in encoding["entries"]
    )


def _layout(engine: NativeEngine, fields: list[str], line_break: bytes) -> tuple[Any, int]:
    """The kernel's description of a row's cells, and the most bytes that they add to a row."""
    first, found = 0, {}
    for output in engine.metadata["outputs"]:
        found[output["field"]] = first, output
        first += output["count"]
    cells, labels, texts = bytearray(), bytearray(), bytearray()
    longest = 1 + len(line_break)
    for name in fields:
        start, output = found[name]
        for k in range(output["count"]):
            classes = output["classes"][k] if output["classes"] is not None else []
            written = [csv_cell(label).encode() for label in classes]
            kind = _TEXT if output["classes"] is not None else _INTEGER if output["integer"] else _NUMBER
            cells += _CELL.pack(start + k, kind, len(labels) // _LABEL.size, len(written))
            for text in written:
                labels += _LABEL.pack(len(texts), len(text))
                texts += text
            longest += 1 + max([_LONGEST_NUMBER + 1, *map(len, written)])
    labels_at = _LAYOUT.size + len(cells)
    head = _LAYOUT.pack(
        len(cells) // _CELL.size, first, labels_at, labels_at + len(labels), len(line_break), line_break
    )
    layout = head + cells + labels + texts
    return ctypes.create_string_buffer(layout, len(layout)), longest
