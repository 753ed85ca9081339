"""`layer NAME FOLDER`: what the makefiles in layers/ call."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from skylayer.packaging import layers, unzipped_size

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the layer and the folder."""
    parser.add_argument("name", choices=sorted(layers.LAYERS))
    parser.add_argument("folder", type=Path)


def run(options: argparse.Namespace) -> None:
    """Build the layer and check the size of all that is built so far."""
    folder = options.folder.resolve()
    layers.LAYERS[options.name](folder)
    unzipped_size.check_size(folder.parent)
