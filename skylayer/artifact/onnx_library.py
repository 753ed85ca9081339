"""ONNX Runtime's shared library out of its wheel, which is all that the engine calls: no Python package, no numpy."""

from __future__ import annotations

import os
import shutil
from importlib import metadata
from typing import TYPE_CHECKING

from serving.engines.onnx import LIBRARY, library_in
from skylayer.packaging import requirements

if TYPE_CHECKING:
    from pathlib import Path

_PACKAGE = "onnxruntime"
# The licence asks that its text goes with the library, and with those that are in it.
_FILES = (
    f"{_PACKAGE}/capi/libonnxruntime.*",
    f"{_PACKAGE}/LICENSE",
    f"{_PACKAGE}/ThirdPartyNotices.txt",
)


def install(version: str, architecture: str, target: Path) -> None:
    """Install the library of a version into the layer `target`.

    Raises:
        UserError: There is no wheel of that version for the architecture.
    """
    shutil.copytree(_tree(version, architecture), target, dirs_exist_ok=True)


def use_onnx_library(version: str) -> None:
    """Let the ONNX engine of this process, and of those that it starts, find the library of a version.

    In the runtime layer it lies where the engine looks; in a clone the installed package has it, or it is fetched.

    Raises:
        UserError: There is no wheel of that version for this machine.
    """
    try:
        installed = metadata.distribution(_PACKAGE)
    except metadata.PackageNotFoundError:
        installed = None
    if installed is not None and installed.version == version:
        home = str(installed.locate_file(""))
    else:
        home = str(_tree(version, requirements.host_architecture()) / "python")
    found = library_in(home)
    if found is not None:
        os.environ[LIBRARY] = found


def _tree(version: str, architecture: str) -> Path:
    return requirements.extract(_PACKAGE, version, _FILES, architecture)
