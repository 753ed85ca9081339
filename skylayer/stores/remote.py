"""A store in a directory, an S3 bucket or a DynamoDB table: one order of writes over each, so the same promises."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from serving import artifact
from serving.stores import StoreError, artifact_key
from serving.stores import pointer as pointers
from skylayer.errors import UserError
from skylayer.stores.interface import PUSHES, Version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from serving.stores.pointer import Pointer
    from skylayer.stores.interface import WritablePlace


class RemoteStore:
    """Versions and a pointer in a place."""

    def __init__(self, uri: str, place: WritablePlace) -> None:
        self.uri = uri
        self.place = place

    def push(self, folder: Path, progress: Callable[[int], None]) -> bool:
        """Note what will be written, write the files, the manifest, then the record that makes them a version.

        Two that push the same version at once write the same bytes to the same keys. What a push leaves that never
        ends is found by its note.
        """
        with _told():
            manifest = artifact.verify(folder)
            reference = f"{manifest['name']}/{manifest['version']}"
            if self.place.read_record(reference) is not None:
                return False
            files = [*manifest["files"], artifact.MANIFEST]
            note = {"files": files, "began": _now()}
            self.place.write_record(reference, json.dumps(note).encode(), PUSHES)
            for name, entry in manifest["files"].items():
                self.place.write(artifact_key(reference, name), folder / name)
                progress(entry["size"])
            self.place.write(artifact_key(reference, artifact.MANIFEST), folder / artifact.MANIFEST)
            record = {
                "format": 1,
                "created": manifest["created"],
                "engine": manifest["engine"],
                "files": files,
                "size": sum(entry["size"] for entry in manifest["files"].values()),
                "pushed": _now(),
            }
            if self.place.read_record(reference, PUSHES) is None:
                if self.place.read_record(reference) is not None:
                    return False
                raise UserError(
                    f"{reference} was swept away by make prune while it was pushed: push it again."
                )
            self.place.write_record(reference, json.dumps(record).encode())
            self.place.remove_record(reference, PUSHES)
        return True

    def sweep(self, before: datetime) -> list[str]:
        """Remove what pushes left that began before this and never ended; the versions that they were of."""
        swept = []
        with _told():
            for reference, content in self.place.records(PUSHES):
                note = _note(reference, content)
                if datetime.fromisoformat(note["began"]) >= before:
                    continue
                self.place.remove_record(reference, PUSHES)
                if self.place.read_record(reference) is None:
                    self.place.remove_below(artifact_key(reference, ""), note["files"])
                    swept.append(reference)
        return swept

    def versions(self) -> list[Version]:
        """All complete versions, the newest first."""
        with _told():
            found = [_version(name, content) for name, content in self.place.records()]
        return sorted(found, key=lambda version: (version.created, version.pushed), reverse=True)

    def has(self, reference: str) -> bool:
        """Whether a version is there, complete."""
        with _told():
            return self.place.read_record(reference) is not None

    def read_pointer(self) -> tuple[Pointer | None, str | None]:
        """The pointer and the token to replace it with."""
        with _told():
            found = self.place.read_pointer(None)
            content, token = found if found is not None else (None, None)
            return (None if content is None else pointers.parse(content)), token

    def replace_pointer(self, pointer: Pointer, token: str | None) -> None:
        """Replace the pointer if it is still the one that came with the token."""
        with _told():
            self.place.replace_pointer(pointers.write(pointer), token)

    def remove(self, reference: str) -> None:
        """Remove a version, unless it is given a part at this very moment."""
        with _told():
            content = self.place.read_record(reference)
            if content is None:
                return
            self.place.remove_record(reference)
            pointer, _ = self.read_pointer()
            if pointer is not None and reference in pointer.references:
                self.place.write_record(reference, content)
                return
            self.place.remove_below(artifact_key(reference, ""), _record(reference, content)["files"])


def _version(reference: str, content: bytes) -> Version:
    record = _record(reference, content)
    return Version(reference, record["created"], record["engine"], record["size"], record["pushed"])


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _note(reference: str, content: bytes) -> dict[str, Any]:
    try:
        note: dict[str, Any] = json.loads(content)
        if {"files", "began"} <= note.keys():
            return note
    except (ValueError, AttributeError):
        pass
    raise StoreError(f"The store's note of the push of {reference} is damaged.")


def _record(reference: str, content: bytes) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads(content)
        if {"created", "engine", "size", "pushed", "files"} <= record.keys():
            return record
    except (ValueError, AttributeError):
        pass
    raise StoreError(f"The store's record of {reference} is damaged.")


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (StoreError, artifact.ArtifactError) as error:
        raise UserError(f"{error}") from error
