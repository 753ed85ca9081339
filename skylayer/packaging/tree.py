"""One normal form for every tree that is shipped, whatever the umask, the clock and the order of the disk."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from skylayer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FOLDER_MODE = 0o755
FILE_MODE = 0o644
PROGRAM_MODE = 0o755
TIMESTAMP = 315_619_200  # 1980-01-02: the first day that a zip file can name in every time zone
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.py[cod]", "py.typed", "Makefile", ".*")


def copy(source: Path, target: Path) -> None:
    """Copy a folder of sources into `target`, without caches, makefiles, hidden files and type checkers' markers."""
    shutil.copytree(source, target, ignore=LEFT_OUT, dirs_exist_ok=True, copy_function=shutil.copyfile)


def byte_compile(folder: Path, runtime_path: str) -> None:
    """Compile every module of `folder`, which Lambda will mount at `runtime_path`.

    /opt and /var/task are read-only, so a module without its `.pyc` would be compiled at every cold start; and
    SAM rewrites timestamps, so a `.pyc` must not be checked against them (PEP 552, unchecked hash).
    """
    command = [sys.executable, "-m", "compileall", "-q", "-f", "-j", str(os.cpu_count() or 1)]
    command += ["--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", runtime_path, str(folder)]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)  # noqa: S603
    if done.returncode:
        raise UserError(f"A module does not compile: {(done.stdout + done.stderr).strip()}")


def normalise(folder: Path) -> None:
    """Give every entry of `folder` its fixed mode and time."""
    for parent, _, files in os.walk(folder, topdown=False):
        for name in files:
            path = os.path.join(parent, name)  # noqa: PTH118 - tens of thousands of files
            os.chmod(path, FILE_MODE)  # noqa: PTH101
            os.utime(path, (TIMESTAMP, TIMESTAMP))
        os.chmod(parent, FOLDER_MODE)  # noqa: PTH101
        os.utime(parent, (TIMESTAMP, TIMESTAMP))


def size(folder: Path) -> int:
    """Bytes of all files below `folder`."""
    return sum(
        os.path.getsize(os.path.join(parent, name))  # noqa: PTH118, PTH202
        for parent, _, files in os.walk(folder)
        for name in files
    )


def largest(folders: Iterable[Path], count: int = 5) -> list[tuple[str, int]]:
    """Names and bytes of the largest entries of the folders, largest first."""
    entries = [entry for folder in folders if folder.is_dir() for entry in folder.iterdir()]
    sizes = [(entry.name, size(entry) if entry.is_dir() else entry.stat().st_size) for entry in entries]
    return sorted(sizes, key=lambda entry: (-entry[1], entry[0]))[:count]
