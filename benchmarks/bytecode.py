"""Byte-compile each module once, however many variants carry it: bytecode is kept by path and content."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from importlib.util import cache_from_source
from pathlib import Path

INTERPRETER = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
MOUNTED = "/opt/python"


def compile_folder(folder: Path, store: Path) -> None:
    """Compile the modules of `folder` for an archive whose timestamps don't survive, from `store` where it can.

    The bytecode isn't checked against its source, and names it as Lambda mounts it. A file that isn't valid
    Python (some packages carry templates) is left without bytecode.
    """
    missing = []
    for source, kept in _places(folder, store).items():
        compiled = Path(cache_from_source(str(source)))
        compiled.parent.mkdir(exist_ok=True)
        try:
            shutil.copyfile(kept, compiled)
        except FileNotFoundError:
            missing.append(str(source))
    if missing:
        command = [str(INTERPRETER), "-m", "compileall", "-q", "-j", "0"]
        command += ["--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", MOUNTED, "-i", "-"]
        subprocess.run(command, input="\n".join(missing), text=True, capture_output=True, check=False)
        keep(folder, store)


def keep(folder: Path, store: Path) -> None:
    """Keep the bytecode of a folder that `compile_folder`, or the build of a layer, has compiled."""
    for source, kept in _places(folder, store).items():
        compiled = Path(cache_from_source(str(source)))
        if compiled.exists() and not kept.exists():
            draft = kept.with_suffix(f".{os.getpid()}")  # whole or not there, whoever looks
            shutil.copyfile(compiled, draft)
            draft.replace(kept)


def _places(folder: Path, store: Path) -> dict[Path, Path]:
    store.mkdir(parents=True, exist_ok=True)
    return {source: store / _key(source, folder) for source in sorted(folder.rglob("*.py"))}


def _key(source: Path, folder: Path) -> str:
    identity = [sys.version, str(source.relative_to(folder)), hashlib.sha256(source.read_bytes()).hexdigest()]
    return hashlib.sha256(repr(identity).encode()).hexdigest()
