"""Numbers and arrays one after the other, each array behind its length, from untrusted bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer.formats.boosters.errors import Damaged

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Reader:
    """A place in the bytes, which every reading moves on."""

    def __init__(self, content: bytes) -> None:
        self._content, self._place = content, 0

    def take(self, count: int) -> bytes:
        """So many bytes.

        Raises:
            Damaged: There are fewer.
        """
        if not 0 <= count <= len(self._content) - self._place:
            raise Damaged(f"it ends early, or a length before byte {self._place} is wrong")
        self._place += count
        return self._content[self._place - count : self._place]

    def number(self, kind: str) -> Any:
        """One number of a numpy type."""
        dtype = np.dtype(kind).newbyteorder("<")
        return np.frombuffer(self.take(dtype.itemsize), dtype)[0].item()

    def array(self, kind: Any) -> NDArray[Any]:
        """A length and so many numbers."""
        dtype = np.dtype(kind).newbyteorder("<")
        count = self.number("u8")
        return np.frombuffer(self.take(count * dtype.itemsize), dtype)

    def text(self) -> str:
        """A length and so many bytes of UTF-8."""
        try:
            return self.take(self.number("u8")).decode()
        except UnicodeDecodeError:
            raise Damaged("a text in it is no UTF-8") from None

    @property
    def ended(self) -> bool:
        """Whether nothing is left."""
        return self._place == len(self._content)
