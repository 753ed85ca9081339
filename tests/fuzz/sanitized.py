"""The kernel and the runtime loop under AddressSanitizer and UndefinedBehaviorSanitizer.

Python is made to let them see its memory.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from skylayer.compiler.kernel_build import SOURCES
from skylayer.packaging import fast_start

ROOT = Path(__file__).parents[2]
FLAGS = [
    "-std=c11", "-O1", "-g", "-fPIC", "-ffp-contract=off", "-fno-omit-frame-pointer",
    "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-sanitize=float-divide-by-zero",
]  # fmt: skip


class NoSanitizer(Exception):
    """There is no compiler here whose sanitizers can be loaded into a running Python; the message says why."""


def build(folder: Path) -> dict[str, str]:
    """Compile both with sanitizers into a folder; return the variables to run Python with.

    With PYTHONMALLOC=malloc each bytearray is an allocation of its own, so that a byte beyond it is seen.
    """
    compiler = shutil.which("gcc") or shutil.which("clang")
    if sys.platform != "linux" or compiler is None:
        raise NoSanitizer("needs gcc or clang on Linux")
    library, program = folder / "kernel-sanitized.so", folder / "start-sanitized"
    kernel = sorted(SOURCES.glob("*.c"))
    # With a C library, whose own start the sanitizers need.
    loop = [path for path in sorted(fast_start.SOURCES.glob("*.c")) if path.name != "start.c"]
    _compile(compiler, ["-shared"], kernel, library)
    _compile(compiler, ["-DFAST_START_HOSTED", f"-I{SOURCES}"], [*kernel, *loop], program)
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
        "SKYLAYER_FUZZ_START": str(program),
    }


def _compile(compiler: str, flags: list[str], sources: list[Path], output: Path) -> None:
    command = [compiler, *FLAGS, *flags, *map(str, sources), "-o", str(output), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoSanitizer(f"{compiler} can't build it: {done.stderr.strip()[:300]}")
