"""`layer`: what the makefiles in layers/ call."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from skylayer.commands.variables import Variable, one_of
from skylayer.packaging import layers, unzipped_size

if TYPE_CHECKING:
    from skylayer.commands.variables import Options

VARIABLES = (
    Variable("NAME", "folder of the layer in layers/", one_of(*sorted(layers.LAYERS)), required=True),
    Variable("FOLDER", "folder to write", Path, required=True),
)


def run(options: Options) -> None:
    """Build the layer and check the size of all that is built so far."""
    folder = options.folder.resolve()
    layers.LAYERS[options.name](folder)
    unzipped_size.check_size(folder.parent)
