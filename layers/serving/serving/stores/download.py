"""A version from a store to a folder, every byte checked against its digest on the way."""

from __future__ import annotations

import os
import shutil
import tempfile
from time import monotonic

from serving import artifact
from serving.stores import StoreError, artifact_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from serving.stores import Place


def download(
    place: Place, reference: str, home: str, seconds: float | None = None, only: tuple[str, ...] | None = None
) -> str:
    """Fetch the files of a version that its chosen engine needs into `<home>/<name>-<version>`, unless it is there.

    Args:
        place: The store.
        reference: `<name>/<version>`.
        home: Where such folders are kept.
        seconds: How long all of it may take.
        only: Names of the files to fetch beside the manifest, in place of all that the engine needs.

    Returns:
        The folder. It appears in one step, complete.

    Raises:
        StoreError: Not there, too slow, or no room on the disk.
        ArtifactError: What came is not what the version's name promises.
    """
    folder = os.path.join(home, reference.replace("/", "-"))
    if os.path.isdir(folder):
        return folder
    deadline = None if seconds is None else monotonic() + seconds
    try:
        os.makedirs(home, exist_ok=True)
        draft = tempfile.mkdtemp(prefix=".draft-", dir=home)
        try:
            _fill(place, reference, draft, deadline, only)
            os.rename(draft, folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise StoreError(f"{reference} can't be written to {home}: {error.strerror or error}.") from error
    return folder


def _fill(
    place: Place, reference: str, draft: str, deadline: float | None, only: tuple[str, ...] | None
) -> None:
    path = os.path.join(draft, artifact.MANIFEST)
    _copy(place, reference, artifact.MANIFEST, path, artifact.MAX_MANIFEST_BYTES, deadline)
    manifest = artifact.read_manifest(draft)
    found = f"{manifest['name']}/{artifact.version_of(manifest)}"
    if found != reference or manifest["version"] != reference.split("/")[1]:
        raise artifact.ArtifactError(
            f"{reference} was altered in the store: its manifest is that of {found}."
        )
    names = artifact.layer_files(manifest) if only is None else only
    needed = sum(manifest["files"][name]["size"] for name in names)
    if needed > shutil.disk_usage(draft).free:
        raise StoreError(f"{reference} needs {needed} bytes, which {os.path.dirname(draft)} hasn't.")
    for name in names:
        target = os.path.join(draft, *name.split("/"))
        os.makedirs(os.path.dirname(target), exist_ok=True)
        entry: dict[str, Any] = manifest["files"][name]
        digest = _copy(place, reference, name, target, entry["size"], deadline)
        if digest != entry["sha256"]:
            raise artifact.ArtifactError(f"{reference} is corrupt in the store: {name} was altered.")


def _copy(  # noqa: PLR0917
    place: Place, reference: str, name: str, target: str, limit: int, deadline: float | None
) -> str:
    """Write a file of a version to `target`; its SHA-256."""
    from hashlib import sha256

    digest, size = sha256(), 0
    with open(target, "wb") as file:
        for chunk in _timely(place.chunks(artifact_key(reference, name)), reference, deadline):
            size += len(chunk)
            if size > limit:
                raise artifact.ArtifactError(f"{reference} is corrupt in the store: {name} is too long.")
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()


def _timely(chunks: Iterator[bytes], reference: str, deadline: float | None) -> Iterator[bytes]:
    for chunk in chunks:
        if deadline is not None and monotonic() > deadline:
            raise StoreError(f"{reference} takes too long to download: the store is slow.")
        yield chunk
