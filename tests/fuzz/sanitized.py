"""The kernel under AddressSanitizer and UndefinedBehaviorSanitizer, and Python made to let them see its memory."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from skylayer.compiler.kernel_build import SOURCES

ROOT = Path(__file__).parents[2]
FLAGS = [
    "-std=c11", "-O1", "-g", "-fPIC", "-shared", "-ffp-contract=off", "-fno-omit-frame-pointer",
    "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-sanitize=float-divide-by-zero",
]  # fmt: skip


class NoSanitizer(Exception):
    """There is no compiler here whose sanitizers can be loaded into a running Python; the message says why."""


def build(folder: Path) -> dict[str, str]:
    """Compile the kernel with sanitizers into a folder; return the variables to run Python with.

    With PYTHONMALLOC=malloc each bytearray is an allocation of its own, so that a byte beyond it is seen.
    """
    compiler = shutil.which("gcc") or shutil.which("clang")
    if sys.platform != "linux" or compiler is None:
        raise NoSanitizer("needs gcc or clang on Linux")
    library = folder / "kernel-sanitized.so"
    command = [compiler, *FLAGS, *(str(p) for p in sorted(SOURCES.glob("*.c"))), "-o", str(library)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoSanitizer(f"{compiler} can't build it: {done.stderr.strip()[:300]}")
    found = subprocess.run(
        [compiler, "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    )
    runtime = found.stdout.strip()
    if not Path(runtime).is_absolute():
        raise NoSanitizer(f"{compiler} has no libasan.so")
    return {
        **os.environ,
        "LD_PRELOAD": runtime,
        "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=0:exitcode=99:allocator_may_return_null=1",
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "PYTHONMALLOC": "malloc",
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "tests", ROOT / "layers" / "serving"))),
        "SKYLAYER_FUZZ_KERNEL": str(library),
    }
