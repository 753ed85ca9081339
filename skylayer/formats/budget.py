"""What a look at a foreign file may take: time, memory, and bytes that its compressed parts become."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1024**2
# The proof and the packaging compute with what was read, on every row of a proof.
_AFTER_READING = 10


@dataclass(frozen=True)
class Budget:
    """The limits of one import.

    Attributes:
        seconds: Wall-clock time until the file is read.
        memory: Bytes that the process may allocate.
        expansion: Bytes that the file, or what is compressed in it, may have.
    """

    seconds: int = 60
    memory: int = 8192 * MEGABYTE
    expansion: int = 1024 * MEGABYTE

    @property
    def total_seconds(self) -> int:
        """Wall-clock time until the model is proven and packaged."""
        return self.seconds * _AFTER_READING


DEFAULT = Budget()
