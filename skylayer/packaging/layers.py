"""The three layers and the functions: what goes into each."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

from serving import artifact
from skylayer import project
from skylayer.artifact import onnx_library
from skylayer.aws import sam
from skylayer.compiler import kernel_build
from skylayer.errors import UserError
from skylayer.packaging import fast_start, requirements, stack_settings, tree

ARCHITECTURES = (*requirements.PLATFORMS, requirements.HOST)
LAMBDA_KERNELS = ("x86_64-linux", "aarch64-linux")
STAMP = "runtime.json"
SETTINGS = "settings.sha256"


def serving_layer(target: Path) -> None:
    """Write our run-time package, `python/serving`, with the native engine's kernel for both architectures.

    Each is a few kB, so one layer serves either; a machine of another kind gets a kernel of its own as well. So does
    `fast-start/start-<architecture>`, Lambda's runtime loop in C.
    """
    package = target / "python" / "serving"
    tree.copy(project.ROOT / "layers" / "serving" / "serving", package)
    for kernel in sorted({*LAMBDA_KERNELS, kernel_build.host_target()}):
        try:
            kernel_build.build_kernel(kernel, package)
        except kernel_build.KernelError as error:
            raise UserError(str(error)) from error
    programs = fast_start_programs(target / fast_start.FOLDER)
    _finish(target, "/opt")
    for program in programs:
        program.chmod(tree.PROGRAM_MODE)


def fast_start_programs(folder: Path) -> list[Path]:
    """Put the runtime loop for each architecture into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        built = [fast_start.program(architecture) for architecture in fast_start.TARGETS]
    except kernel_build.KernelError as error:
        raise UserError(str(error)) from error
    return [Path(shutil.copyfile(program, folder / program.name)) for program in built]


def runtime_layer(target: Path, folder: Path | None = None) -> None:
    """Install the packages that the engine of the champion, or of the artifact in `folder`, needs.

    `runtime.json` says what they are. An engine that needs none leaves that file alone: a layer can't be empty.
    """
    manifest = _manifest(folder or project.champion())
    engine = manifest["engines"][manifest["engine"]]
    architecture = chosen_architecture()
    needed: dict[str, str] = engine.get("requirements", {})
    target.mkdir(parents=True, exist_ok=True)
    if needed:
        if engine.get("python", project.python_version()) != project.python_version():
            raise UserError(
                f"The champion was trained on Python {engine['python']} and Lambda runs {project.python_version()}: "
                "run `make train`."
            )
        if manifest["engine"] == "onnx":
            onnx_library.install(needed["onnxruntime"], architecture, target)
        else:
            requirements.install(needed, architecture, target)
    stamp = {
        "engine": manifest["engine"],
        "architecture": architecture if needed else "any",
        "requirements": needed,
    }
    (target / STAMP).write_text(json.dumps(stamp, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    tree.normalise(target)


def model_layer(target: Path, folder: Path | None = None) -> None:
    """Copy the champion, or the artifact in `folder`, verified, with the files of its chosen engine alone.

    Beside it goes the form that the runtime loop in C answers from, if there is one.
    """
    folder = folder or project.champion()
    manifest = _manifest(folder)
    try:
        artifact.verify(folder)
    except artifact.ArtifactError as error:
        raise UserError(str(error)) from error
    for name in [artifact.MANIFEST, *artifact.layer_files(manifest)]:
        place = target / "python" / "model_artifact" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / name, place)
    if form := fast_start.form_of(folder):
        (target / fast_start.FOLDER).mkdir()
        (target / fast_start.FOLDER / fast_start.FORM).write_bytes(form)
    tree.normalise(target)


def function(name: str, target: Path) -> None:
    """Copy the handler of one function, and the digest of the settings that it is deployed with.

    SAM publishes a version when the text of a function's properties changes, or its code, but not when the value
    of a parameter does: without the digest, the alias would stay on a version with the settings of before.
    """
    tree.copy(project.ROOT / "functions" / name, target)
    (target / SETTINGS).write_text(settings_digest() + "\n", encoding="ascii")
    _finish(target, "/var/task")


def settings_digest() -> str:
    """The SHA-256 of the template's parameters and of the values that samconfig.toml gives them anywhere."""
    given = {name: sam.overrides(name) for name in sam.environments()}
    return hashlib.sha256(json.dumps([stack_settings.declared(), given], sort_keys=True).encode()).hexdigest()


def chosen_architecture() -> str:
    """The architecture to build for, from the environment's ARCHITECTURE; x86_64 without it."""
    chosen = os.environ.get("ARCHITECTURE") or "x86_64"
    if chosen not in ARCHITECTURES:
        raise UserError(f"ARCHITECTURE is {chosen}; it must be one of {', '.join(ARCHITECTURES)}.")
    return chosen


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        return artifact.read_manifest(folder)
    except artifact.ArtifactError as error:
        raise UserError(str(error)) from error


def _finish(target: Path, runtime_path: str) -> None:
    tree.byte_compile(target, runtime_path)
    tree.normalise(target)


LAYERS = {"serving": serving_layer, "runtime": runtime_layer, "model": model_layer}
