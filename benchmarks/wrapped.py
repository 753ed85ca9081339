"""What Lambda starts in place of the interpreter: Skylayer's runtime loop, and a loop that answers a constant."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.variants import CLIENT, PEERS, Deployment
from skylayer.compiler import kernel_build
from skylayer.packaging import fast_start, requirements

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.workspace import Workspace

CONSTANT = "bare, in C"
# What the constant loop shares with ours.
_SHARED = ("buffer.c", "http.c", "runtime_api.c", "start.c", "system.c")
_KERNELS = ("decimal.c",)


def with_runtime_loop(native: Deployment) -> Deployment | None:
    """The deployment of the native engine under the runtime loop in C; None where the loop can't answer for it."""
    folder = native.opt.parent / fast_start.FOLDER
    if not (folder / fast_start.FORM).exists():
        return None
    program = folder / f"start-{requirements.host_architecture()}"
    return replace(native, variant=f"{native.variant}, runtime loop", wrapper=program)


def constant(workspace: Workspace) -> Deployment:
    """A loop in C that answers a constant: what is left of a cold start without a handler and its language."""
    client = workspace.installer.install(CLIENT)
    function = workspace.folder / "functions" / "constant"
    function.mkdir(parents=True, exist_ok=True)
    program = function / "constant"
    program.unlink(missing_ok=True)
    program.hardlink_to(_compiled())
    return Deployment(
        CONSTANT, function, function, client, frozenset(), predicts=False, wrapper=program, interpreted=False
    )


def _compiled() -> Path:
    shared = [fast_start.SOURCES / name for name in _SHARED] + [
        kernel_build.SOURCES / name for name in _KERNELS
    ]
    headers = [*fast_start.SOURCES.glob("*.h"), *kernel_build.SOURCES.glob("*.h")]
    flags = fast_start.flags(requirements.host_architecture())
    return kernel_build.compiled("constant", flags, [PEERS / "constant.c", *shared, *headers])
