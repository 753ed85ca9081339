"""Install each variant's packages into a clean folder of its own, at the versions that uv.lock pins."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from functools import cached_property
from typing import TYPE_CHECKING

from benchmarks import bytecode
from skylayer import project

if TYPE_CHECKING:
    from pathlib import Path


class UnreachableError(Exception):
    """A package couldn't be installed; the message says what the installer answered."""


class Installer:
    """Installs sets of packages below `folder`, each once for one lock file; pipelines and runs share them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._bytecode = folder / "bytecode"
        self._unreachable: dict[tuple[str, ...], str] = {}

    def install(self, packages: tuple[str, ...], *, compiled: bool = True) -> Path:
        """Install `packages` and what they need, and byte-compile them.

        Without `compiled`, the folder holds sources only, as `pip install --target --no-compile` leaves it.
        Raises `UnreachableError`, and from then on at once for the same packages.
        """
        if packages in self._unreachable:
            raise UnreachableError(self._unreachable[packages])
        content = (packages, compiled, self._constraints, sys.version)
        key = hashlib.sha256(repr(content).encode()).hexdigest()[:12]
        target = self._folder / f"{'-'.join(packages) or 'nothing'}{'' if compiled else '-source'}-{key}"
        if target.is_dir():
            return target
        partial = target.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        if packages:
            self._fetch(partial, packages)
        if compiled:
            self.compile(partial)
        partial.rename(target)
        return target

    def compile(self, folder: Path) -> None:
        """Byte-compile a folder; a module that another folder has at the same place is compiled once."""
        bytecode.compile_folder(folder, self._bytecode)

    def remember(self, folder: Path) -> None:
        """Take the bytecode of a folder that is compiled already, for other folders with the same modules."""
        bytecode.keep(folder, self._bytecode)

    @cached_property
    def _constraints(self) -> str:
        export = ["export", "--frozen", "--quiet", "--all-groups", "--no-hashes", "--no-emit-project"]
        done = subprocess.run(
            [project.uv(), *export], cwd=project.ROOT, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise UnreachableError(done.stderr.strip())
        return done.stdout

    def _fetch(self, target: Path, packages: tuple[str, ...]) -> None:
        pins = target.with_suffix(".constraints")
        pins.write_text(self._constraints)
        command = [
            project.uv(),
            "pip",
            "install",
            "--quiet",
            "--target",
            str(target),
            "--constraint",
            str(pins),
        ]
        command += ["--python", str(bytecode.INTERPRETER), "--only-binary", ":all:", *packages]
        # What is in uv's cache needs no network, and no time.
        for source in (["--offline"], []):
            done = subprocess.run(
                [*command, *source], cwd=project.ROOT, capture_output=True, text=True, check=False
            )
            if not done.returncode:
                break
        pins.unlink()
        if done.returncode:
            shutil.rmtree(target, ignore_errors=True)
            reason = self._unreachable[packages] = " ".join(done.stderr.split()).removeprefix("error: ")
            raise UnreachableError(reason)
        (target / ".lock").unlink(missing_ok=True)
