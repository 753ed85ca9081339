"""Where a run keeps what it makes, between runs too: packages, functions, builds and sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from benchmarks.packages import Installer
from benchmarks.sizes import Sizes

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Workspace:
    """A folder for the state of runs, the installer of packages there, and the sizes known."""

    folder: Path
    installer: Installer
    sizes: Sizes

    @classmethod
    def at(cls, folder: Path, shared: Path | None = None) -> Self:
        """Use `folder`; packages and sizes may be `shared` with another workspace."""
        kept = shared or folder
        return cls(folder, Installer(kept / "packages"), Sizes(kept / "deflated.json"))
