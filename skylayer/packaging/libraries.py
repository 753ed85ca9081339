"""Shared libraries that packages expect of the system: those that Lambda has not are brought along, or refused.

Wheels may rely on what `manylinux` lists (PEP 600). Lambda's python3.13 has less than that list, and some wheels
rely on more: LightGBM's on the system's OpenMP, `libgomp.so.1`.
"""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from elftools.common.exceptions import ELFError
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile

from skylayer.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

# glibc's, the compilers' and zlib: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html (AL2023).
_OF_LAMBDA = re.compile(
    r"(lib(c|m|dl|rt|util|pthread|resolv|nsl|anl|gcc_s|stdc\+\+|z)|ld-linux-(x86-64|aarch64))\.so\.\d+"
)
# A library of that name in a wheel carries a digest in its own: libgomp-e985bcbb.so.1.0.0 is a libgomp.so.1.
_VENDORED = "{stem}-*.so.{version}*"


def complete(layer: Path) -> None:
    """Copy into `lib`, where Lambda looks (/opt/lib), each library that packages need and one of them carries.

    Parameters: `layer` holds the packages in `python`. Raises UserError, naming package and library, where a library
    is neither Lambda's nor any package's.
    """
    packages = layer / "python"
    binaries = sorted(path for path in packages.rglob("*.so*") if path.is_file())
    carried = {path.name for path in binaries}
    for binary in binaries:
        for library in needed_by(binary):
            if library in carried or _OF_LAMBDA.fullmatch(library):
                continue
            stem, _, version = library.partition(".so.")
            vendored = sorted(packages.glob(f"*.libs/{_VENDORED.format(stem=stem, version=version)}"))
            if not vendored:
                raise UserError(
                    f"{binary.relative_to(packages).parts[0]} needs the system's {library}, which Lambda has not and "
                    "no package brings along. Choose an estimator that does without it."
                )
            (layer / "lib").mkdir(exist_ok=True)
            shutil.copyfile(vendored[0], layer / "lib" / library)
            carried.add(library)


def needed_by(binary: Path) -> list[str]:
    """The libraries that a shared library names as needed (ELF's DT_NEEDED); none for what is no ELF file."""
    with binary.open("rb") as file:
        try:
            section = ELFFile(file).get_section_by_name(".dynamic")
        except ELFError:
            return []
        if not isinstance(section, DynamicSection):
            return []
        return [str(tag.needed) for tag in section.iter_tags("DT_NEEDED")]  # type: ignore[attr-defined]
