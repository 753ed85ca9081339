"""The machine and the versions that a run stands for."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from importlib import metadata
from pathlib import Path

from benchmarks.bytecode import INTERPRETER
from skylayer import project

STATED = (
    "aws-sam-cli",
    "awslambdaric",
    "aws-lambda-powertools",
    "scikit-learn",
    "numpy",
    "scipy",
    "pandas",
    "joblib",
    "onnxruntime",
    "skl2onnx",
)


def describe() -> dict[str, object]:
    """State processor, cores, memory, system, interpreter, commit, load and package versions."""
    version = subprocess.run([INTERPRETER, "-V"], capture_output=True, text=True, check=True).stdout
    libc = " ".join(platform.libc_ver())
    return {
        "processor": _first(r"model name\s*:\s*(.+)", "/proc/cpuinfo") or platform.processor(),
        "cores": os.process_cpu_count(),
        "memory_bytes": int(_first(r"MemTotal:\s*(\d+)", "/proc/meminfo") or 0) * 1024,
        "system": f"{platform.system()} {platform.release()} {platform.machine()}, {libc}",
        "python": version.split()[1],
        "load": os.getloadavg()[0],
        "commit": _commit(),
        "versions": {name: _version(name) for name in STATED},
    }


def _first(pattern: str, file: str) -> str | None:
    try:
        found = re.search(pattern, Path(file).read_text())
    except OSError:
        return None
    return found[1].strip() if found else None


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    done = subprocess.run(command, cwd=project.ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
