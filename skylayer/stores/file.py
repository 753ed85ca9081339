"""Writing to a store in a directory."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from serving.stores import POINTER, StoreError
from serving.stores.file import FilePlace
from skylayer.stores.interface import VERSIONS, Conflict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO


class WritableFilePlace(FilePlace):
    """A directory that this process may write to."""

    def __init__(self, directory: str, *, create: bool = False) -> None:
        super().__init__(directory)
        self.root = Path(self.directory)
        if create:
            self.root.mkdir(parents=True, exist_ok=True)
        if not self.root.is_dir():
            raise StoreError(f"There is no directory {self.directory}: push a version to make it.")

    def write(self, key: str, path: Path) -> None:
        """Copy a file to its place in one step."""
        with path.open("rb") as source:
            self._place(key, lambda file: shutil.copyfileobj(source, file))

    def write_record(self, name: str, content: bytes, kind: str = VERSIONS) -> None:
        """Make a version visible, or note that it is being pushed."""
        self._place(f"{kind}/{name}", lambda file: file.write(content))

    def records(self, kind: str = VERSIONS) -> list[tuple[str, bytes]]:
        """Name and content of every record."""
        found = sorted((self.root / kind).glob("*/*"))
        return [
            (f"{path.parent.name}/{path.name}", path.read_bytes())
            for path in found
            if not path.name.startswith(".")
        ]

    def read_record(self, name: str, kind: str = VERSIONS) -> bytes | None:
        """The content of a record, None if there is none."""
        try:
            return Path(self.path(f"{kind}/{name}")).read_bytes()
        except FileNotFoundError:
            return None

    def remove_record(self, name: str, kind: str = VERSIONS) -> None:
        """Make a version invisible, or end the note."""
        Path(self.path(f"{kind}/{name}")).unlink(missing_ok=True)

    def remove_below(self, prefix: str, files: list[str]) -> None:  # noqa: ARG002 (a directory knows its files)
        """Remove a version's content."""
        shutil.rmtree(self.path(prefix.rstrip("/")), ignore_errors=True)

    def replace_pointer(self, content: bytes, token: str | None) -> None:
        """Replace the pointer under a lock, which EFS honours too, if nobody else has."""
        with self._alone():
            found = self.read_pointer(None)
            if found is None or found[1] != token:
                raise Conflict
            self._place(POINTER, lambda file: file.write(content))

    def _place(self, key: str, fill: Callable[[BinaryIO], object]) -> None:
        """Write beside the place, then rename: a reader sees the old content, or the new, or none."""
        target = Path(self.path(key))
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            handle, draft = tempfile.mkstemp(prefix=".draft-", dir=target.parent)
            try:
                with os.fdopen(handle, "wb") as file:
                    fill(file)
                    file.flush()
                    os.fsync(file.fileno())
                Path(draft).chmod(0o644)
                Path(draft).replace(target)
            finally:
                Path(draft).unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"{target} can't be written: {error.strerror}.") from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with (self.root / ".lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
