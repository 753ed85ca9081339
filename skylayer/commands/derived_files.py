"""Files of a clone that are made from its champion: they change with it, and are committed with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skylayer.commands import openapi

if TYPE_CHECKING:
    from pathlib import Path

EVENTS = "events"


def write(artifact: Path, home: Path) -> None:
    """Write the document and the example requests of an artifact anew, where a clone has their folders.

    Args:
        artifact: Folder of the champion.
        home: The clone.
    """
    from skylayer.artifact.examples import write_examples

    committed = home / "docs" / openapi.DEFAULT.name
    if committed.is_file():
        committed.write_text(openapi.document_of(artifact), encoding="utf-8")
    if (home / EVENTS).is_dir():
        write_examples(artifact, home / EVENTS)
