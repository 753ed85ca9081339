"""`function NAME FOLDER`: what the makefiles in functions/ call."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from skylayer import project
from skylayer.aws import sam
from skylayer.packaging import build_cache, layers, unzipped_size

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the function and the folder."""
    known = [path.parent.name for path in sorted((project.ROOT / "functions").glob("*/Makefile"))]
    parser.add_argument("name", choices=known)
    parser.add_argument("folder", type=Path)


def run(options: argparse.Namespace) -> None:
    """Build the function and check the size of all that is built so far."""
    build_cache.drop(sam.CACHE)
    folder = options.folder.resolve()
    layers.function(options.name, folder)
    unzipped_size.check_size(folder.parent)
