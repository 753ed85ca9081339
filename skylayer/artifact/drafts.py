"""Folders that a process writes beside their place; what a killed one left is swept."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

DRAFT = ".draft-"
REMOVED = ".removed-"
UNFINISHED = timedelta(hours=1)  # what nobody has touched for so long belongs to a process that was killed


def sweep_drafts(home: Path, before: datetime) -> list[str]:
    """Delete what a training, an import or a push of a model began before a time and never ended.

    Args:
        home: Where the versions of this model are kept.
        before: Drafts that changed later may belong to a process that still runs, and stay.

    Returns:
        The names of the deleted folders.
    """
    swept = []
    for path in sorted(home.glob(".*")):
        if not path.name.startswith((DRAFT, REMOVED)) or not path.is_dir():
            continue
        try:
            stale = datetime.fromtimestamp(path.stat().st_mtime, UTC) < before
        except FileNotFoundError:  # its process has just ended
            continue
        if stale:
            shutil.rmtree(path, ignore_errors=True)
            swept.append(path.name)
    return swept
