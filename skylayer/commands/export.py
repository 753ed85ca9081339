"""`export`: a version of model_artifacts as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from skylayer import project
from skylayer.errors import UserError
from skylayer.stores.layer import LayerStore
from skylayer.stores.rollouts import resolve

if TYPE_CHECKING:
    import argparse

EXAMPLES = (
    "make export FORMAT=joblib FILE=model.joblib",
    "make export FORMAT=skops VERSION=0123abcd",
    "make export FORMAT=onnx FILE=model.onnx",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the version, the format and the file."""
    parser.add_argument("format", help="joblib, pickle, skops, hdf5 or onnx")
    parser.add_argument("--in-its-environment", action="store_true", help="set by export itself")
    parser.add_argument("--version", help="version in model_artifacts (default: the champion)")
    parser.add_argument("--file", type=Path, help="where to (default: <name>-<version> here)")


def run(options: argparse.Namespace) -> None:
    """Write, read back, ask for the golden rows, then say where it is."""
    from skylayer.formats.exporting import FORMATS, export
    from skylayer.formats.other_version import run_with
    from skylayer.formats.reading import OtherVersion

    if options.format not in FORMATS:
        raise UserError(f"FORMAT is {options.format!r}; it must be one of {', '.join(FORMATS)}.")
    if options.version:
        folder = project.ARTIFACTS / resolve(options.version, LayerStore().versions())
    else:
        folder = project.champion()
    path = options.file or Path(f"{folder.parent.name}-{folder.name}{FORMATS[options.format].ending}")
    try:
        export(folder, options.format, path)
    except OtherVersion as other:
        if options.in_its_environment:
            raise UserError(f"{folder.name} was {other}.") from None
        run_with(other.written, "export")
        return
    print(f"{path}: read back, it answers the golden rows as {folder.name} does.")
