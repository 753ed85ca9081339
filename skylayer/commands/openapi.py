"""`openapi`: write the champion's OpenAPI document, as GET /openapi.json serves it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from serving.artifact import GOLDEN, read_manifest
from serving.openapi import document
from skylayer import project
from skylayer.commands.variables import Variable

if TYPE_CHECKING:
    from skylayer.commands.variables import Options

DEFAULT = project.ROOT / "docs" / "openapi.json"
VARIABLES = (Variable("FILE", "where to write it (default docs/openapi.json)", Path, DEFAULT),)
EXAMPLES = ("make openapi",)


def run(options: Options) -> None:
    """Write the document."""
    path: Path = options.file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document_of(project.champion()), encoding="utf-8")
    print(f"Wrote {path}.")


def document_of(folder: Path) -> str:
    """The document of an artifact's API, indented, so that a change of it can be read."""
    golden = json.loads((folder / GOLDEN).read_text(encoding="utf-8"))
    return json.dumps(document(read_manifest(folder), golden), indent=2, ensure_ascii=False) + "\n"
