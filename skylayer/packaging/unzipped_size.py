"""The unzipped size of a function and its layers, held against what Lambda takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skylayer.aws import quotas
from skylayer.errors import UserError
from skylayer.packaging import tree

if TYPE_CHECKING:
    from pathlib import Path

UNZIPPED_LIMIT = quotas.UNZIPPED.maximum
PARTS = ("PredictFunction", "ServingLayer", "RuntimeLayer", "ModelLayer")


def check_size(build: Path) -> int:
    """Bytes of a function and its layers together, refused beyond what Lambda takes.

    The parts are built one by one, perhaps at once, and each calls this when it is done: the last one sees them all.
    """
    total = sum(tree.size(build / part) for part in PARTS if (build / part).is_dir())
    if total > UNZIPPED_LIMIT:
        folders = [build / part / "python" for part in PARTS]
        packages = ", ".join(f"{name} {_megabytes(bytes_)}" for name, bytes_ in tree.largest(folders))
        raise UserError(
            f"Function and layers are {_megabytes(total)} unzipped and Lambda takes {_megabytes(UNZIPPED_LIMIT)}. "
            f"Largest: {packages}. Use fewer packages, or an estimator that the native engine can compile."
        )
    return total


def _megabytes(count: int) -> str:
    return f"{count / 2**20:.1f} MB"
