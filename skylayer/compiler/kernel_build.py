"""Build the native engine's kernel: one small shared library per target.

The cross-compiler is `ziglang` from PyPI, so that a Mac builds what Lambda runs. Neither libc nor libm is
linked: the library needs nothing but itself. Lambda's two are the same bytes at every build.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from skylayer import project

KERNEL = "SKYLAYER_KERNEL"  # the variable that serving.engines.native reads
SOURCES = project.ROOT / "layers" / "serving" / "kernel"
CACHE = project.STATE / "kernel"
TARGETS = {
    "x86_64-linux": ("x86_64-linux-gnu.2.26", "x86_64_v2", ".so"),
    "aarch64-linux": ("aarch64-linux-gnu.2.26", "generic", ".so"),
    "x86_64-macos": ("x86_64-macos", "x86_64_v2", ".dylib"),
    "aarch64-macos": ("aarch64-macos", "apple_m1", ".dylib"),
}
FLAGS = [
    "-std=c11",
    "-O3",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-ffp-contract=off",
    "-fno-fast-math",
    "-fno-math-errno",
    "-fno-builtin",
    "-fno-sanitize=all",
    "-fno-stack-protector",
    "-fvisibility=hidden",
    "-fPIC",
    "-shared",
    "-nostdlib",
    "-g0",
]


class KernelError(Exception):
    """The kernel can't be built here; the message says why and what to do."""


def host_target() -> str:
    """This machine's entry in TARGETS.

    Raises:
        KernelError: for an operating system or processor that we don't build for.
    """
    machine = {"AMD64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
    system = {"linux": "linux", "darwin": "macos"}.get(sys.platform, sys.platform)
    if (target := f"{machine}-{system}") not in TARGETS:
        raise KernelError(f"the native engine isn't built for {target}; use the sklearn engine here")
    return target


def kernel_name(target: str) -> str:
    """File name of a target's library, as `serving.engines.native` looks for it: kernel-x86_64.so."""
    return f"kernel-{target.split('-', maxsplit=1)[0]}{TARGETS[target][2]}"


def build_kernel(target: str, destination: Path) -> Path:
    """Put a target's kernel into the folder `destination`; return the library's path.

    Compiled once per source digest and kept under .skylayer/kernel.

    Raises:
        KernelError: when the compiler is missing or refuses a source.
    """
    if target not in TARGETS:
        raise KernelError(f"unknown target {target!r}: one of {', '.join(TARGETS)}")
    destination.mkdir(parents=True, exist_ok=True)
    library = destination / kernel_name(target)
    staged = library.with_name(f".{library.name}.{os.getpid()}")
    shutil.copyfile(_cached(target), staged)
    staged.replace(library)
    return library


def host_kernel() -> Path:
    """This machine's kernel, built if it must be."""
    return _cached(host_target())


def use_host_kernel() -> None:
    """Let the native engine of this process, and of those that it starts, find this machine's kernel.

    In the serving layer it lies beside the engine; in a clone it is built on first use.
    """
    if not os.environ.get(KERNEL):
        os.environ[KERNEL] = str(host_kernel())


def _cached(target: str) -> Path:
    triple, processor, _ = TARGETS[target]
    stripped = ["-s"] if "linux" in target else []
    flags = ["-target", triple, f"-mcpu={processor}", *FLAGS, *stripped]
    return compiled(kernel_name(target), flags, sorted(SOURCES.glob("*.[ch]")))


def compiled(name: str, flags: list[str], sources: list[Path]) -> Path:
    """What the C files among `sources` make, in a file of this name; compiled once for their content and the flags.

    Raises:
        KernelError: when the compiler is missing or refuses a source.
    """
    digest = hashlib.sha256(" ".join(flags).encode())
    for source in sources:
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    output = CACHE / digest.hexdigest()[:16] / name
    if not output.exists():
        _compile(flags, sources, output)
    return output


def _compile(flags: list[str], sources: list[Path], output: Path) -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent) as scratch:
        # Relative names, of the output too, keep this machine's paths out of it.
        for source in sources:
            shutil.copyfile(source, Path(scratch, source.name))
        names = [source.name for source in sources if source.suffix == ".c"]
        command = [sys.executable, "-m", "ziglang", "cc", *flags, *names, "-o", output.name]
        result = subprocess.run(command, cwd=scratch, capture_output=True, text=True, check=False)  # noqa: S603
        if result.returncode:
            reason = "install it with `uv sync`" if "No module named" in result.stderr else result.stderr
            raise KernelError(f"{output.name} doesn't compile: {reason.strip()}")
        Path(scratch, output.name).replace(output)
