"""Third-party packages for the runtime layer: fetched for the target platform, stripped, byte-compiled, cached."""

from __future__ import annotations

import hashlib
import json
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from skylayer import project
from skylayer.errors import UserError
from skylayer.packaging import libraries, tree

if TYPE_CHECKING:
    from collections.abc import Callable

# glibc 2.34 is Amazon Linux 2023's, on which Lambda's Python runs.
PLATFORMS = {"x86_64": "x86_64-manylinux_2_34", "arm64": "aarch64-manylinux_2_34"}
HOST = "host"
STRIPPED_FOLDERS = {"tests", "test", "include", "bin", "__pycache__"}
STRIPPED_SUFFIXES = {
    ".pyi",
    ".pxd",
    ".pyx",
    ".pxi",
    ".c",
    ".h",
    ".cpp",
    ".hpp",
    ".tp",
    ".in",
    ".build",
    ".src",
}
# Whole parts that no predict method comes near; a test imports and uses what remains.
STRIPPED_PARTS = (
    "numpy/_pyinstaller",
    "scipy/datasets",
    "sklearn/datasets/data",
    "sklearn/datasets/descr",
    "sklearn/datasets/images",
)
KEPT_METADATA = {"METADATA", "WHEEL"}
STRIPPER = 4  # raise it when what is stripped or brought along changes, so that cached trees are made anew


def install(requirements: dict[str, str], architecture: str, target: Path) -> None:
    """Install exactly these packages, and what they need at uv.lock's versions, into `python` in the layer `target`.

    Libraries that they expect of the system and Lambda has not are copied into `lib`.
    Parameters: `requirements` maps a package to its version; `architecture` is x86_64, arm64, or host, for a local
    deployment on another kind of machine. Raises UserError where a package has no wheel for the platform.
    """

    def make(layer: Path) -> None:
        packages = layer / "python"
        _fetch(requirements, architecture, packages)
        _strip(packages)
        if architecture != HOST:
            libraries.complete(layer)
        tree.byte_compile(packages, "/opt/python")

    shutil.copytree(_cached(_key(requirements, architecture), make), target, dirs_exist_ok=True)


def extract(package: str, version: str, patterns: tuple[str, ...], architecture: str) -> Path:
    """A folder `python` with just these files of a package, and nothing of what it requires; made once and cached.

    Parameters: `patterns` are paths in the package's wheel, as `Path.glob` takes them. Raises UserError where it has
    no wheel for the platform, or the wheel lacks such a file.
    """

    def make(layer: Path) -> None:
        wheel = layer.parent / "wheel"
        _fetch({package: version}, architecture, wheel, "--no-deps")
        for pattern in patterns:
            found = sorted(wheel.glob(pattern))
            if not found:
                raise UserError(f"{package} {version} has no {pattern} for {architecture}.")
            for file in found:
                place = layer / "python" / file.relative_to(wheel)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, place)
        if architecture != HOST:
            libraries.complete(layer)

    return _cached(_key({package: version}, architecture, patterns), make)


def _cached(key: str, make: Callable[[Path], None]) -> Path:
    """A tree that is made once and cached, whole or not at all."""
    cached = project.STATE / "cache" / "runtime" / key
    if not cached.is_dir():
        cached.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cached.parent) as scratch:
            layer = Path(scratch) / "layer"
            make(layer)
            tree.normalise(layer)
            try:
                layer.rename(cached)
            except OSError:  # another build was first
                if not cached.is_dir():
                    raise
    return cached


def host_architecture() -> str:
    """The target whose wheels run on this machine: x86_64 or arm64 on Linux, host elsewhere (macOS)."""
    if sys.platform != "linux":
        return HOST
    return {"x86_64": "x86_64", "aarch64": "arm64"}.get(platform.machine(), HOST)


def _key(requirements: dict[str, str], architecture: str, patterns: tuple[str, ...] = ()) -> str:
    lock = (project.ROOT / "uv.lock").read_bytes()
    content = [
        sorted(requirements.items()),
        architecture,
        sys.version,
        STRIPPER,
        hashlib.sha256(lock).hexdigest(),
        *patterns,
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


def _fetch(requirements: dict[str, str], architecture: str, target: Path, *options: str) -> None:
    constraints = target.parents[1] / "constraints.txt"
    constraints.write_text(_locked(set(map(_canonical, requirements))), encoding="utf-8")
    command = [project.uv(), "pip", "install", "--quiet", "--no-progress", "--target", str(target)]
    command += ["--only-binary", ":all:", "--link-mode", "copy", "--constraint", str(constraints)]
    if architecture == HOST:
        command += ["--python", sys.executable]
    else:
        command += [
            "--python-version",
            project.python_version(),
            "--python-platform",
            PLATFORMS[architecture],
        ]
    command += [*options, *(f"{name}=={version}" for name, version in sorted(requirements.items()))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=project.ROOT)  # noqa: S603
    if done.returncode:
        reason = " ".join(done.stderr.split())
        raise UserError(f"The runtime layer's packages can't be had for {architecture}: {reason}")


def _locked(named: set[str]) -> str:
    """The versions of uv.lock as constraints, but for the packages that the manifest itself names."""
    command = [
        project.uv(),
        "export",
        "--quiet",
        "--frozen",
        "--all-groups",
        "--no-hashes",
        "--no-emit-project",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=project.ROOT)  # noqa: S603
    lines = [line for line in done.stdout.splitlines() if line and not line.startswith((" ", "#", "-"))]
    return "\n".join(line for line in lines if _canonical(line.split("==")[0]) not in named) + "\n"


def _canonical(name: str) -> str:
    """A package's name as PEP 503 normalises it, so that scikit_learn and Scikit-Learn are one."""
    return re.sub(r"[-_.]+", "-", name).lower().strip()


def _strip(packages: Path) -> None:
    (packages / ".lock").unlink(missing_ok=True)
    for part in STRIPPED_PARTS:
        shutil.rmtree(packages / part, ignore_errors=True)
    for folder in sorted(packages.rglob("*"), reverse=True):
        if folder.is_dir() and not folder.is_symlink():
            if folder.name in STRIPPED_FOLDERS:
                shutil.rmtree(folder)
            elif folder.name.endswith(".dist-info"):
                _strip_metadata(folder)
        elif folder.suffix in STRIPPED_SUFFIXES:
            folder.unlink()


def _strip_metadata(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        elif entry.name not in KEPT_METADATA:
            entry.unlink()
