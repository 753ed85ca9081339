"""Install what package-lock.json says into .skylayer, once for each content of it."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from skylayer import project
from skylayer.errors import UserError

HERE = Path(__file__).parent
FILES = ("package.json", "package-lock.json")
INSTALLED = project.STATE / "node"
# None of them tells its makers that it ran, and npm runs no script of a package.
ENVIRONMENT = {
    "REDOCLY_TELEMETRY": "off",
    "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
    "NO_UPDATE_NOTIFIER": "1",
}
_INSTALL = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


def available() -> bool:
    """Whether this machine has Node.js and its package manager."""
    return shutil.which("node") is not None and shutil.which("npm") is not None


def command(program: str, *arguments: str) -> list[str]:
    """The command line of a program, installed if it must be.

    Raises:
        UserError: There is no Node.js, or npm could not install what the lock file names.
    """
    return [str(_installed() / "node_modules" / ".bin" / program), *arguments]


def _installed() -> Path:
    content = b"".join((HERE / name).read_bytes() for name in FILES)
    folder = INSTALLED / hashlib.sha256(content).hexdigest()[:16]
    if not folder.is_dir():
        _install(folder)
    return folder


def _install(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None or not available():
        raise UserError("npm is not on PATH: install Node.js, which has it.")
    INSTALLED.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=INSTALLED))
    try:
        for name in FILES:
            shutil.copyfile(HERE / name, scratch / name)
        done = subprocess.run(  # noqa: S603 - what package-lock.json names, by its digest
            [npm, *_INSTALL],
            cwd=scratch,
            env={**os.environ, **ENVIRONMENT},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise UserError(f"npm could not install {HERE.name}/{FILES[1]}: {done.stderr.strip()[-500:]}")
        if not folder.is_dir():  # another process may have been faster
            scratch.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
