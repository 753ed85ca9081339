"""`export`: export a version of model_artifacts to a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from skylayer.commands.variables import Variable, one_of
from skylayer.commands.version_option import VERSION, artifact_of
from skylayer.errors import UserError
from skylayer.formats.exporting import FORMATS, export

if TYPE_CHECKING:
    from skylayer.commands.variables import Options

VARIABLES = (
    Variable("FORMAT", ", ".join(FORMATS), one_of(*FORMATS), required=True),
    VERSION,
    Variable("FILE", "file to write (default: <name>-<version> here)", Path),
)
EXAMPLES = (
    "make export FORMAT=joblib FILE=model.joblib",
    "make export FORMAT=skops VERSION=0123abcd",
    "make export FORMAT=onnx FILE=model.onnx",
)


def run(options: Options) -> None:
    """Write, read back, ask for the golden rows, then say where it is."""
    from skylayer.formats.other_version import OtherVersion, run_with, runs_with_it

    folder = artifact_of(options)
    path = options.file or Path(f"{folder.parent.name}-{folder.name}{FORMATS[options.format].ending}")
    try:
        export(folder, options.format, path)
    except OtherVersion as other:
        if runs_with_it():
            raise UserError(f"{folder.name} was {other}.") from None
        run_with(other.written, "export", options.given)
        return
    print(f"{path}: read back, it answers the golden rows as {folder.name} does.")
