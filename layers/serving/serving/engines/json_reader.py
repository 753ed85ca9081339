"""The short cut from a JSON body to the inputs of a table: the schema, as the kernel's reader needs it.

The reader takes the usual, and leaves everything else (an escape, an unknown column, a number of twenty digits) to
`serving.json_body` and `serving.instances`, which alone report what is wrong.
"""

from __future__ import annotations

import ctypes
import struct

from serving import limits
from serving.schema import Column

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SCHEMA = struct.Struct("<6I")
_COLUMN = struct.Struct("<6I2d")
_TARGET = struct.Struct("<2I")
_ENCODING = struct.Struct("<4I2d")
_ENTRY = struct.Struct("<2IQd")
_KINDS = {"number": 0, "integer": 1, "boolean": 2, "category": 3}
_NO_ENCODING = 0xFFFFFFFF


def pointer_to(buffer: bytearray) -> Any:
    """Where a buffer lies, for the kernel; ctypes' own arrays would make a type for each length."""
    return ctypes.byref(ctypes.c_char.from_buffer(buffer))


class JsonReader:
    """Reads bodies into dense inputs, or says that it can't; `schema` is the kernel's, `width` counts the inputs."""

    def __init__(self, kernel: Any, schema: bytes, columns: int, width: int) -> None:
        self._read = kernel.skylayer_read_json
        self.schema = ctypes.create_string_buffer(schema, len(schema))
        self._order = (ctypes.c_uint32 * columns)()
        self.width = width
        self.least_row = 2 * columns + 1  # bytes: brackets, and a digit and a comma for each column

    def read(self, body: bytes) -> tuple[bytearray, int] | None:
        """The dense inputs of a body, as doubles one input after the other, and its number of rows."""
        rows = body.count(b"{") - 1 or body.count(b"[") - 1
        if not 1 <= rows <= min(limits.MAX_ROWS, len(body) // self.least_row):
            return None
        dense = bytearray(8 * rows * self.width)
        if self._read(self.schema, body, len(body), rows, pointer_to(dense), self._order):
            return None
        return dense, rows


def reader_of(kernel: Any, columns: list[dict[str, Any]], metadata: dict[str, Any]) -> JsonReader | None:
    """A reader for a table's inputs; None where a column is of a kind that only Python reads.

    Args:
        kernel: The opened library.
        columns: The manifest's `input.columns`.
        metadata: The table's.
    """
    if metadata["sparse"] or not metadata["dense"]:
        return None
    strings = bytearray()
    targets: list[list[bytes]] = [[] for _ in columns]
    for index, (column, encoding) in enumerate(metadata["dense"]):
        kind = columns[column]["kind"]
        if kind not in _KINDS or (encoding is None) == (kind == "category"):
            return None
        targets[column].append(_TARGET.pack(index, _NO_ENCODING if encoding is None else encoding))
    start = _SCHEMA.size
    encodings: list[tuple[Any, ...]] = []
    entries: list[tuple[int, bytes, float]] = []
    for encoding in metadata["encodings"]:
        known = sorted((len(key), key, code) for key, code in _texts(encoding["entries"]))
        missing, unknown = encoding["missing"], encoding["unknown"]
        if any(code is None for _, _, code in known):
            return None
        encodings.append((len(entries), len(known), missing is not None, unknown is not None,
                          missing or 0.0, unknown or 0.0))  # fmt: skip
        entries += known
    sizes = (_COLUMN.size * len(columns), _TARGET.size * len(metadata["dense"]), _ENCODING.size * len(encodings),
             _ENTRY.size * len(entries))  # fmt: skip
    offsets = [start]
    for size in sizes:
        offsets.append(offsets[-1] + size)
    records = []
    first = 0
    for description, own in zip(columns, targets, strict=True):
        column = Column(description)
        if description["kind"] not in _KINDS or (column.kind == "category" and str not in column.types):
            return None
        name = column.name.encode()
        low, high = column.bounds
        records.append(_COLUMN.pack(offsets[4] + len(strings), len(name), _KINDS[column.kind],
                                    column.nullable, first, len(own), low, high))  # fmt: skip
        strings += name
        first += len(own)
    packed = []
    for length, key, code in entries:
        start = int.from_bytes(key[:8].ljust(8, b"\0"), "big")
        packed.append(_ENTRY.pack(offsets[4] + len(strings), length, start, code))
        strings += key
    schema = b"".join([
        _SCHEMA.pack(len(columns), len(metadata["dense"]), *offsets[:4]),
        *records,
        *(target for own in targets for target in own),
        *(_ENCODING.pack(*each) for each in encodings),
        *packed,
        strings,
    ])  # fmt: skip
    return JsonReader(kernel, schema, len(columns), len(metadata["dense"]))


def _texts(entries: list[Any]) -> list[tuple[bytes, Any]]:
    return [(key.encode(), code) for key, code in entries if type(key) is str]
