"""What `sam build --cached` keeps: its key is a source folder, which says nothing of what our layers are made from.

`layers/model` holds a Makefile only, so after another `make train` the model before it would ship. A function with a
makefile is always built, and before the layers: its build drops what is cached, so that the layers are built, too.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from serving import artifact
from skylayer.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path


def drop(cache: Path) -> None:
    """Empty SAM's cache folder; nothing happens where there is none."""
    if cache.is_dir():
        for entry in cache.iterdir():
            shutil.rmtree(entry, ignore_errors=True)


def check_model(build: Path, champion: Path) -> None:
    """Refuse a build whose model layer isn't the champion.

    Raises:
        UserError: Names both versions.
    """
    built = artifact.read_manifest(build / "ModelLayer" / "python" / "model_artifact")
    chosen = artifact.read_manifest(champion)
    if built["version"] != chosen["version"]:
        raise UserError(
            f"The model layer in {build.name} holds {built['name']} {built['version']}, and the champion is "
            f"{chosen['name']} {chosen['version']}: it comes from a cache. Build with sam build --no-cached."
        )
