"""What every store offers to build time, and what a place must be able to write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from serving.stores.pointer import Pointer


VERSIONS, PUSHES = "versions", "pushes"  # kinds of records: of what is complete, and of what was begun


class Conflict(Exception):
    """Somebody else replaced the pointer in the meantime."""


@dataclass(frozen=True)
class Version:
    """A version in a store.

    Attributes:
        reference: `<name>/<version>`.
        created: When it was trained, ISO 8601.
        engine: What serves it.
        size: Bytes of all its files.
        pushed: When it came into the store, ISO 8601; orders versions of the same age.
    """

    reference: str
    created: str
    engine: str
    size: int
    pushed: str


class Store(Protocol):
    """A place for versions and one pointer."""

    uri: str

    def push(self, folder: Path, progress: Callable[[int], None]) -> bool:
        """Add a verified artifact; False if it is there already. `progress` hears of bytes written."""

    def versions(self) -> list[Version]:
        """All complete versions, the newest first."""

    def has(self, reference: str) -> bool:
        """Whether a version is there, complete."""

    def read_pointer(self) -> tuple[Pointer | None, str | None]:
        """The pointer and the token to replace it with; (None, None) if nothing was promoted yet."""

    def replace_pointer(self, pointer: Pointer, token: str | None) -> None:
        """Replace the pointer if it is still the one that came with the token. Raises Conflict if not."""

    def remove(self, reference: str) -> None:
        """Remove a version: first its record, so that nobody sees half of it."""

    def sweep(self, before: datetime) -> list[str]:
        """Remove what pushes left that began before this and never ended; the versions that they were of."""


class WritablePlace(Protocol):
    """A place as build time uses it: what `serving.stores.Place` reads, and what writes it."""

    def read_pointer(self, token: str | None) -> tuple[bytes | None, str | None] | None:
        """As in `serving.stores.Place`."""

    def chunks(self, key: str) -> Iterator[bytes]:
        """As in `serving.stores.Place`."""

    def write(self, key: str, path: Path) -> None:
        """Put a file's content under a key; a reader sees all of it or nothing."""

    def write_record(self, name: str, content: bytes, kind: str = VERSIONS) -> None:
        """Make a version visible, or note that it is being pushed."""

    def records(self, kind: str = VERSIONS) -> list[tuple[str, bytes]]:
        """Name and content of every record."""

    def read_record(self, name: str, kind: str = VERSIONS) -> bytes | None:
        """The content of a record, None if there is none."""

    def remove_record(self, name: str, kind: str = VERSIONS) -> None:
        """Make a version invisible, or end the note."""

    def remove_below(self, prefix: str, files: list[str]) -> None:
        """Remove the content under the keys `prefix + file`, and whatever else is under the prefix."""

    def replace_pointer(self, content: bytes, token: str | None) -> None:
        """Replace the pointer if its token is still this one. Raises Conflict if not."""
