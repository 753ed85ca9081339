"""A store in a directory: on this machine, or on EFS mounted into the function."""

from __future__ import annotations

import os

from serving.stores import POINTER, Missing, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK_BYTES = 1024 * 1024


class FilePlace:
    """A directory; a key is a path below it."""

    def __init__(self, directory: str) -> None:
        self.directory = os.path.abspath(os.path.expanduser(directory))

    def read_pointer(self, token: str | None) -> tuple[bytes | None, str | None] | None:
        """The pointer and its token; (None, None) if there is none; None if the token is still its own.

        A pointer is replaced by another file, so its inode, time and size tell whether it has changed.
        """
        if not os.path.isdir(self.directory):
            raise StoreError(f"There is no directory {self.directory}.")
        try:
            with open(self.path(POINTER), "rb") as file:
                status = os.fstat(file.fileno())
                found = f"{status.st_ino}-{status.st_mtime_ns}-{status.st_size}"
                return None if found == token else (file.read(), found)
        except FileNotFoundError:
            return None, None
        except OSError as error:
            raise StoreError(f"{self.path(POINTER)} can't be read: {error.strerror}.") from error

    def chunks(self, key: str) -> Iterator[bytes]:
        """The content under a key, piece by piece."""
        try:
            with open(self.path(key), "rb") as file:
                while chunk := file.read(CHUNK_BYTES):
                    yield chunk
        except FileNotFoundError:
            raise Missing(f"{self.path(key)} is not there.") from None
        except OSError as error:
            raise StoreError(f"{self.path(key)} can't be read: {error.strerror}.") from error

    def path(self, key: str) -> str:
        """Where a key's content is."""
        return os.path.join(self.directory, *key.split("/"))
