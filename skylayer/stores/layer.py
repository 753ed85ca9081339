"""The default store: versions in model_artifacts, the champion in git, live with the next deployment."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from serving import artifact
from serving.stores import LAYER
from serving.stores.pointer import MAX_PREVIOUS, Pointer
from skylayer import project
from skylayer.artifact.drafts import DRAFT, REMOVED, sweep_drafts
from skylayer.errors import UserError
from skylayer.stores.interface import Conflict, Version

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


class LayerStore:
    """The clone's own model_artifacts; what answered before is remembered in this clone only."""

    uri = LAYER

    def __init__(self, directory: Path = project.ARTIFACTS) -> None:
        self.directory = directory

    def push(self, folder: Path, progress: Callable[[int], None]) -> bool:
        """Copy an artifact into model_artifacts; one that is trained or imported here is there already."""
        try:
            manifest = artifact.verify(folder)
        except artifact.ArtifactError as error:
            raise UserError(f"{error}") from error
        place = self.directory / manifest["name"] / manifest["version"]
        if place.exists():
            return False
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=DRAFT, dir=place.parent) as draft:
            copy = Path(draft, "artifact")
            shutil.copytree(folder, copy)
            copy.rename(place)
        progress(sum(entry["size"] for entry in manifest["files"].values()))
        return True

    def versions(self) -> list[Version]:
        """All versions in model_artifacts, the newest first."""
        found = []
        for path in self.directory.glob(f"*/*/{artifact.MANIFEST}"):
            if path.parent.name.startswith("."):
                continue
            try:
                manifest = artifact.read_manifest(path.parent)
            except artifact.ArtifactError as error:
                raise UserError(f"{error}") from error
            size = sum(entry["size"] for entry in manifest["files"].values())
            reference = f"{manifest['name']}/{manifest['version']}"
            created = manifest["created"]
            found.append(Version(reference, created, manifest["engine"], size, created))
        return sorted(found, key=lambda version: (version.created, version.reference), reverse=True)

    def has(self, reference: str) -> bool:
        """Whether a version is there."""
        return (self.directory / reference / artifact.MANIFEST).is_file()

    def read_pointer(self) -> tuple[Pointer | None, str | None]:
        """The champion and what this clone remembers of earlier ones; the token is the champion itself."""
        try:
            champion = (self.directory / project.CHAMPION.name).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None, None
        return Pointer(champion, previous=tuple(self._previous())), champion

    def replace_pointer(self, pointer: Pointer, token: str | None) -> None:
        """Make another version the champion."""
        if pointer.challenger or pointer.shadow:
            raise UserError(
                "The store layer ships one model: push to file://, s3:// or dynamodb:// for a challenger or shadow."
            )
        if self.read_pointer()[1] != token:
            raise Conflict
        project.set_champion(self.directory / pointer.champion)
        lines = "".join(f"{reference}\n" for reference in pointer.previous[-MAX_PREVIOUS:])
        project.write_at_once(self.directory / project.PREVIOUS, lines)

    def remove(self, reference: str) -> None:
        """Delete a version's folder, out of sight first."""
        folder = self.directory / reference
        with tempfile.TemporaryDirectory(prefix=REMOVED, dir=folder.parent) as bin_:
            folder.rename(Path(bin_, folder.name))

    def sweep(self, before: datetime) -> list[str]:
        """Delete drafts that a training, an import or a push left which never ended."""
        homes = sorted(path for path in self.directory.glob("*") if path.is_dir())
        return [f"{home.name}/{name}" for home in homes for name in sweep_drafts(home, before)]

    def _previous(self) -> list[str]:
        try:
            return (self.directory / project.PREVIOUS).read_text(encoding="utf-8").split()
        except FileNotFoundError:
            return []
