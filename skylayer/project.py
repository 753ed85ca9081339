"""Where things are in a clone, and the programs that belong to it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from skylayer.errors import UserError

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".skylayer"
ARTIFACTS = ROOT / "model_artifacts"
CHAMPION = ARTIFACTS / "champion"
PREVIOUS = ".previous"


def uv() -> str:
    """The uv to call: the one that `make` found or fetched (variable UV), or the one on PATH."""
    found = shutil.which(os.environ.get("UV") or "uv") or shutil.which(STATE / "uv" / "bin" / "uv")
    if not found:
        raise UserError("uv is not on PATH: use `make`, which fetches it, or see docs.astral.sh/uv.")
    return found


def program(name: str) -> str:
    """A program of the project's own environment, such as sam."""
    path = Path(sys.prefix) / "bin" / name
    if not path.exists():
        raise UserError(f"{name} is not in the project's environment: run `make sync`.")
    return str(path)


def python_version() -> str:
    """The version of Python, such as 3.13, of the functions and of what trains for them."""
    return (ROOT / ".python-version").read_text(encoding="utf-8").strip()


def champion() -> Path:
    """The folder of the artifact that `model_artifacts/champion` points to."""
    if not CHAMPION.is_file():
        raise UserError("There is no champion in model_artifacts: run `make train`.")
    name = CHAMPION.read_text(encoding="utf-8").strip()
    folder = ARTIFACTS / name
    if not folder.is_dir():
        raise UserError(f"model_artifacts/champion names {name}, which is not there: run `make train`.")
    return folder


def set_champion(folder: Path) -> None:
    """Make an artifact the champion, at once: a reader sees the old pointer or the new one.

    The champion before it is noted in this clone, so that `make rollback` can return to it.
    """
    home = folder.parent.parent
    pointer = home / CHAMPION.name
    reference = f"{folder.parent.name}/{folder.name}"
    if pointer.is_file() and (before := pointer.read_text(encoding="utf-8").strip()) != reference:
        with (home / PREVIOUS).open("a", encoding="utf-8") as file:
            file.write(f"{before}\n")
    write_at_once(pointer, f"{reference}\n")


def write_at_once(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old content or the new one, and no part of it."""
    draft = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
