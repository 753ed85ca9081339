"""Install each variant's packages into a clean folder of its own, at the versions that uv.lock pins."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
INTERPRETER = Path(getattr(sys, "_base_executable", sys.executable)).resolve()


class UnreachableError(Exception):
    """A package couldn't be installed; the message says what the installer answered."""


def install(folder: Path, packages: tuple[str, ...], *, compiled: bool = True) -> Path:
    """Install `packages` and what they need, and byte-compile them; done once for one lock file.

    Without `compiled`, the folder holds sources only, as `pip install --target --no-compile` leaves it.
    Raises `UnreachableError`.
    """
    constraints = locked_versions()
    key = hashlib.sha256(repr((packages, compiled, constraints, sys.version)).encode()).hexdigest()[:12]
    target = folder / f"{'-'.join(packages) or 'nothing'}{'' if compiled else '-source'}-{key}"
    if target.is_dir():
        return target
    partial = target.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    if packages:
        _install(partial, packages, constraints)
    if compiled:
        compile_bytecode(partial)
    partial.rename(target)
    return target


def uv() -> str:
    """Find uv: the one that started us, as `uv run` tells, or the one on the path."""
    found = os.environ.get("UV") or shutil.which("uv")
    if not found:
        raise SystemExit("error: uv isn't on the path\n  run: make bench")
    return found


def locked_versions() -> str:
    """Give every version in uv.lock as lines of constraints."""
    export = [uv(), "export", "--frozen", "--quiet", "--all-groups", "--no-hashes", "--no-emit-project"]
    done = subprocess.run(export, cwd=PROJECT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UnreachableError(done.stderr.strip())
    return done.stdout


def compile_bytecode(folder: Path) -> None:
    """Compile for an archive whose timestamps don't survive: bytecode that isn't checked against them."""
    command = [str(INTERPRETER), "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(folder), "-p", "/opt/python", str(folder)]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def _install(target: Path, packages: tuple[str, ...], constraints: str) -> None:
    pins = target.with_suffix(".constraints")
    pins.write_text(constraints)
    install_command = [uv(), "pip", "install", "--quiet", "--target", str(target), "--constraint", str(pins)]
    install_command += ["--python", str(INTERPRETER), "--only-binary", ":all:", *packages]
    done = subprocess.run(install_command, cwd=PROJECT, capture_output=True, text=True, check=False)
    pins.unlink()
    if done.returncode:
        shutil.rmtree(target, ignore_errors=True)
        raise UnreachableError(done.stderr.strip().replace("\n", " "))
    (target / ".lock").unlink(missing_ok=True)
