"""Universal Binary JSON, draft 12 (https://ubjson.org), as far as XGBoost writes it, from untrusted bytes.

What a value takes in memory is bounded by what it takes in the file: every count is compared with the bytes that are
left, and types without a payload can't be counted.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skylayer.formats.boosters.errors import Damaged

MAXIMUM_DEPTH = 64
_NUMBERS: dict[bytes, np.dtype[Any]] = {
    b"i": np.dtype(">i1"),
    b"U": np.dtype(">u1"),
    b"I": np.dtype(">i2"),
    b"l": np.dtype(">i4"),
    b"L": np.dtype(">i8"),
    b"d": np.dtype(">f4"),
    b"D": np.dtype(">f8"),
}
_INTEGERS = b"iUIlL"
_CONSTANTS = {b"Z": None, b"T": True, b"F": False}


def starts_as_ubjson(content: bytes) -> bool:
    """Whether a file begins as an object whose first key has a length, or which has a count."""
    return content[:1] == b"{" and content[1:2] in {*(bytes([code]) for code in _INTEGERS), b"#", b"$"}


def parse(content: bytes) -> Any:
    """A document as the objects of `json.loads`.

    Raises:
        Damaged: It isn't UBJSON, ends early, is nested deeper than `MAXIMUM_DEPTH`, or has more behind its end.
    """
    reader = _Reader(content)
    value = reader.value(0)
    if reader.place != len(content):
        raise Damaged(f"{len(content) - reader.place} bytes follow its end")
    return value


class _Reader:
    def __init__(self, content: bytes) -> None:
        self.content = content
        self.place = 0

    def value(self, depth: int) -> Any:
        return self._of(self._take(1), depth)

    def _take(self, count: int) -> bytes:
        if not 0 <= count <= len(self.content) - self.place:
            raise Damaged(f"it ends early, or byte {self.place} is wrong")
        self.place += count
        return self.content[self.place - count : self.place]

    def _peek(self) -> bytes:
        return self.content[self.place : self.place + 1]

    def _of(self, marker: bytes, depth: int) -> Any:
        if marker in _NUMBERS:
            kind = _NUMBERS[marker]
            return np.frombuffer(self._take(kind.itemsize), kind)[0].item()
        if marker in _CONSTANTS:
            return _CONSTANTS[marker]
        if marker == b"S":
            return self._text()
        if marker == b"C":
            return chr(self._take(1)[0])
        if marker not in {b"[", b"{"}:
            raise Damaged(f"byte {self.place - 1} is no type")
        if depth == MAXIMUM_DEPTH:
            raise Damaged(f"it is nested more than {MAXIMUM_DEPTH} times")
        return self._array(depth + 1) if marker == b"[" else self._object(depth + 1)

    def _length(self) -> int:
        marker = self._take(1)
        if marker not in {bytes([code]) for code in _INTEGERS}:
            raise Damaged(f"byte {self.place - 1} is no length")
        return int(self._of(marker, 0))

    def _text(self) -> str:
        try:
            return self._take(self._length()).decode()
        except UnicodeDecodeError:
            raise Damaged(f"the text before byte {self.place} is no UTF-8") from None

    def _head(self) -> tuple[bytes | None, int | None]:
        """The type and count in front of a container's values, where it has them."""
        kind = None
        if self._peek() == b"$":
            self._take(1)
            kind = self._take(1)
            if self._peek() != b"#":
                raise Damaged(f"byte {self.place} is no count")
        if self._peek() != b"#":
            return None, None
        self._take(1)
        count = self._length()
        if not 0 <= count <= len(self.content) - self.place:
            raise Damaged(f"the count before byte {self.place} is larger than the file")
        return kind, count

    def _array(self, depth: int) -> list[Any]:
        kind, count = self._head()
        if kind is not None and count is not None:
            if kind not in _NUMBERS:
                raise Damaged(f"byte {self.place} begins an array of no numbers")
            numbers = self._take(count * _NUMBERS[kind].itemsize)
            found: list[Any] = np.frombuffer(numbers, _NUMBERS[kind]).tolist()
            return found
        values: list[Any] = []
        while self._more(len(values), count, b"]"):
            values.append(self.value(depth))
        return values

    def _object(self, depth: int) -> dict[str, Any]:
        kind, count = self._head()
        if kind is not None:
            raise Damaged(f"byte {self.place} begins an object of one type")
        found: dict[str, Any] = {}
        read = 0
        while self._more(read, count, b"}"):
            key = self._text()
            if key in found:
                raise Damaged(f"the key {key[:40]!r} stands twice")
            found[key] = self.value(depth)
            read += 1
        return found

    def _more(self, read: int, count: int | None, end: bytes) -> bool:
        if count is not None:
            return read < count
        if self._peek() == end:
            self._take(1)
            return False
        return True
