"""`function`: what the makefiles in functions/ call."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from skylayer import project
from skylayer.aws import sam
from skylayer.commands.variables import Variable, one_of
from skylayer.packaging import build_cache, layers, stack_settings, unzipped_size

if TYPE_CHECKING:
    from skylayer.commands.variables import Options

KNOWN = [path.parent.name for path in sorted((project.ROOT / "functions").glob("*/Makefile"))]
VARIABLES = (
    Variable("NAME", "folder of the function in functions/", one_of(*KNOWN), required=True),
    Variable("FOLDER", "folder to write", Path, required=True),
)


def run(options: Options) -> None:
    """Build the function, after a look at the settings, and check the size of all that is built so far."""
    stack_settings.check()
    build_cache.drop(sam.CACHE)
    folder = options.folder.resolve()
    layers.function(options.name, folder)
    unzipped_size.check_size(folder.parent)
