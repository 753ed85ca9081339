"""NumPy's files (.npy) without NumPy: arrays of rows in, arrays of predictions out.

https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

from __future__ import annotations

import re
import struct
from math import prod

from serving import limits
from serving.errors import Problem, quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MEDIA_TYPE = "application/x-npy"

_MAGIC = b"\x93NUMPY"
_LENGTHS = {1: "<H", 2: "<I", 3: "<I"}
_MAX_HEADER = 1024
_HEADER = re.compile(
    r"\{'descr': '([<>|][a-zA-Z]\d{1,6})', 'fortran_order': (True|False), "
    r"'shape': \((?:(\d{1,9}),(?: (\d{1,9}))?)?\), \} *\n",
    re.ASCII,
)
_CODES = {
    "b1": "?", "i1": "b", "i2": "h", "i4": "i", "i8": "q", "u1": "B", "u2": "H", "u4": "I", "u8": "Q",
    "f2": "e", "f4": "f", "f8": "d",
}  # fmt: skip
_MAX_LETTERS = 100_000
_ALIGNMENT = 64


def read(body: bytes, columns: int, most: int) -> list[list[Any]]:
    """The rows of an array of numbers, booleans or texts.

    Args:
        body: A file of NumPy's format, version 1 to 3.
        columns: How many values a row has; where it is one, the array may have one dimension.
        most: How many rows are taken.

    Raises:
        Problem: 400: it is no such file, its values are of another type, or its shape isn't [rows, columns].
            413: too many rows.
    """
    kind, fortran, shape, start = _header(body)
    if len(shape) == 1 and columns == 1:
        shape = (shape[0], 1)
    if len(shape) != 2 or shape[1] != columns:  # noqa: PLR2004 - rows and columns
        raise Problem(400, f"The array must have the shape [rows, {columns}], not {quoted(list(shape))}.")
    rows = shape[0]
    if rows > most:
        raise limits.too_many_rows(rows, most)
    values = _values(body[start:], kind, prod(shape))
    if fortran:
        return [
            list(row)
            for row in zip(*(values[i * rows : (i + 1) * rows] for i in range(columns)), strict=True)
        ]
    return [values[row * columns : (row + 1) * columns] for row in range(rows)]


def rows_of(body: bytes) -> list[Any]:
    """The rows of an array that `write` has made: values, or lists of values where it has two dimensions.

    Raises:
        Problem: 400: it is no such file.
    """
    _, _, shape, _ = _header(body)
    if len(shape) == 1:
        return [row[0] for row in read(body, 1, shape[0])]
    return read(body, shape[1], shape[0])


def _header(body: bytes) -> tuple[str, bool, tuple[int, ...], int]:
    """Type of the values, whether columns come one after the other, shape, and where the values start."""
    if not body.startswith(_MAGIC):
        raise Problem(
            400,
            f"The body is no file of NumPy's: it must begin with \\x93NUMPY. A gateway that doesn't know "
            f"{MEDIA_TYPE} for binary spoils it.",
        )
    form = _LENGTHS.get(body[len(_MAGIC)]) if len(body) > len(_MAGIC) else None
    start = len(_MAGIC) + 2
    if form is None or len(body) < start + struct.calcsize(form):
        raise Problem(400, "The body is a file of NumPy's in a version other than 1, 2 or 3.")
    (length,) = struct.unpack_from(form, body, start)
    start += struct.calcsize(form)
    found = _HEADER.fullmatch(body[start : start + min(length, _MAX_HEADER)].decode("latin-1"))
    if found is None:
        raise Problem(400, "The array's header is not one of numbers or texts in one or two dimensions.")
    kind, fortran, *sizes = found.groups()
    return kind, fortran == "True", tuple(int(size) for size in sizes if size is not None), start + length


def _values(data: bytes, kind: str, count: int) -> list[Any]:
    order, name = kind[0], kind[1:]
    if name[0] == "U":
        return _texts(data, order, int(name[1:]), count)
    code = _CODES.get(name)
    if code is None:
        raise Problem(400, f"An array of the type {quoted(kind)} can't be read: send numbers or texts.")
    form = f"{'>' if order == '>' else '<'}{count}{code}"
    if len(data) != struct.calcsize(form):
        raise _wrong_length(data, struct.calcsize(form))
    values = struct.unpack(form, data)
    # A NaN is what NumPy has for a missing value.
    return [None if value != value else value for value in values] if name[0] == "f" else list(values)  # noqa: PLR0124


def _texts(data: bytes, order: str, letters: int, count: int) -> list[Any]:
    size = 4 * letters
    if letters > _MAX_LETTERS or len(data) != size * count:
        raise _wrong_length(data, size * count)
    coding = "utf-32-be" if order == ">" else "utf-32-le"
    try:
        return [data[i * size : (i + 1) * size].decode(coding).rstrip("\0") for i in range(count)]
    except UnicodeDecodeError:
        raise Problem(400, "The array holds what is no character.") from None


def _wrong_length(data: bytes, expected: int) -> Problem:
    return Problem(400, f"The array's header promises {expected} bytes of values, and {len(data)} came.")


def write(rows: list[Any]) -> bytes:
    """Predictions as an array: one value for each row, or a list of values.

    Integers, numbers (NaN for what has none) or booleans are of 64 or 8 bits; everything else comes as texts.
    """
    nested = isinstance(rows[0], list)
    values = [value for row in rows for value in row] if nested else rows
    shape = f"({len(rows)}, {len(rows[0])})" if nested else f"({len(rows)},)"
    types = {type(value) for value in values}
    if types == {bool}:
        kind, data = "|b1", struct.pack(f"<{len(values)}?", *values)
    elif types == {int} and all(-(2**63) <= value < 2**63 for value in values):
        kind, data = "<i8", struct.pack(f"<{len(values)}q", *values)
    elif types <= {int, float, type(None)}:
        numbers = [float("nan") if value is None else value for value in values]
        kind, data = "<f8", struct.pack(f"<{len(numbers)}d", *numbers)
    else:
        texts = ["" if value is None else str(value) for value in values]
        width = max(map(len, texts)) or 1
        kind = f"<U{width}"
        data = b"".join(text.encode("utf-32-le").ljust(4 * width, b"\0") for text in texts)
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}"
    room = len(_MAGIC) + 4
    header = header.ljust(-(-(room + len(header) + 1) // _ALIGNMENT) * _ALIGNMENT - room - 1) + "\n"
    return _MAGIC + b"\x01\x00" + struct.pack("<H", len(header)) + header.encode("latin-1") + data
