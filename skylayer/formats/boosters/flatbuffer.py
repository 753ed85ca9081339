"""FlatBuffers (https://flatbuffers.dev/internals/) from untrusted bytes, as far as CatBoost's files need them.

Every place is checked, and all that is read together is at most eight times the file: two fields may point to one
vector, so that a small file could stand for a large one.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer.formats.boosters.errors import Damaged

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HEAD = 4  # bytes of a vtable before its entries
_TIMES = 8  # a field is looked up in its vtable each time, which tables of one kind share


class Buffer:
    """The bytes, and how many of them have been read."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._left = _TIMES * len(content)

    def root(self) -> Table:
        """The table that the buffer is for.

        Raises:
            Damaged: There is none.
        """
        return Table(self, self.at("<I", 0))

    def at(self, kind: str, place: int) -> int:
        """A whole number at a place.

        Raises:
            Damaged: The place is outside.
        """
        size = struct.calcsize(kind)
        return int(struct.unpack(kind, self.take(place, size))[0])

    def take(self, place: int, size: int) -> bytes:
        """So many bytes from a place.

        Raises:
            Damaged: They aren't there, or more has been read than the file holds.
        """
        self._left -= size
        if place < 0 or size < 0 or place + size > len(self._content) or self._left < 0:
            raise Damaged(f"it points to byte {place}, which isn't there, or to the same bytes too often")
        return self._content[place : place + size]


@dataclass(frozen=True)
class Table:
    """A table: fields by their numbers, in the order of the schema."""

    buffer: Buffer
    place: int

    def _field(self, number: int) -> int | None:
        """Where a field lies; None if the table has none."""
        layout = self.place - self.buffer.at("<i", self.place)
        entry = _HEAD + 2 * number
        if entry >= self.buffer.at("<H", layout):
            return None
        offset = self.buffer.at("<H", layout + entry)
        return self.place + offset if offset else None

    def number(self, number: int, kind: str, default: Any) -> Any:
        """A scalar of a numpy type."""
        place = self._field(number)
        if place is None:
            return default
        dtype = np.dtype(kind)
        return np.frombuffer(self.buffer.take(place, dtype.itemsize), dtype)[0].item()

    def _vector(self, number: int) -> tuple[int, int]:
        """Where a vector's items begin, and how many there are."""
        place = self._field(number)
        if place is None:
            return 0, 0
        start = place + self.buffer.at("<I", place)
        return start + 4, self.buffer.at("<I", start)

    def array(self, number: int, kind: str) -> NDArray[Any]:
        """A vector of numbers; empty if there is none."""
        dtype = np.dtype(kind)
        start, count = self._vector(number)
        return np.frombuffer(self.buffer.take(start, count * dtype.itemsize), dtype)

    def tables(self, number: int) -> list[Table]:
        """A vector of tables; empty if there is none."""
        start, count = self._vector(number)
        offsets = np.frombuffer(self.buffer.take(start, 4 * count), "<u4").tolist()
        return [Table(self.buffer, start + 4 * k + offset) for k, offset in enumerate(offsets)]

    def table(self, number: int) -> Table | None:
        """A table within this one."""
        place = self._field(number)
        return None if place is None else Table(self.buffer, place + self.buffer.at("<I", place))

    def text(self, number: int) -> str:
        """A text; empty if there is none.

        Raises:
            Damaged: It is no UTF-8.
        """
        start, count = self._vector(number)
        try:
            return self.buffer.take(start, count).decode()
        except UnicodeDecodeError:
            raise Damaged("a text in it is no UTF-8") from None
