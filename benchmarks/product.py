"""Skylayer itself: package the pipeline, and build function and layers with the code that `sam build` calls."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

from benchmarks import variants
from benchmarks.checks import Broken
from benchmarks.packages import UnreachableError
from benchmarks.variants import Deployment
from skylayer.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.models import Model
    from benchmarks.workspace import Workspace

# What each engine may import from /opt: the serving layer, and what the manifest's requirements bring.
SERVING = frozenset({"serving"})
ENGINES = {"native": SERVING, "onnx": SERVING | variants.ONNX, "sklearn": SERVING | variants.PANDAS}
# The proof isn't timed here, and the benchmark compares answers of its own.
PROOF_ROWS = 2_000


def package(model: Model, workspace: Workspace) -> Path:
    """Package the pipeline as training does; give the artifact's folder."""
    import skylayer

    return skylayer.package(
        model.on_frame,
        model.table.train,
        model.table.target,
        name=model.name,
        directory=workspace.folder / "artifacts",
        proof_rows=PROOF_ROWS,
    )


def engines_of(artifact: Path, *, native: bool) -> list[str]:
    """Name the engines that an artifact supports.

    Raises `Broken` if the native one should be among them and isn't: a table without it would hide that.
    """
    manifest = json.loads((artifact / "manifest.json").read_text())
    if native and "native" not in manifest["engines"]:
        raise Broken(f"skylayer, native can't serve {manifest['name']}: {manifest['engine_reason']}")
    return list(manifest["engines"])


def deploy(artifact: Path, engine: str, workspace: Workspace) -> Deployment:
    """Build the deployment of one engine. Raises `UnreachableError` if its packages can't be had."""
    chosen = with_engine(artifact, engine, workspace.folder / "engines")
    build = workspace.folder / "build" / artifact.parent.name / engine
    opt = build / "opt"
    layers = _lay(chosen, build)
    for layer in layers:
        # Lambda unpacks the layers of a function into one /opt, in this order.
        shutil.copytree(layer, opt, dirs_exist_ok=True, copy_function=os.link)
    workspace.installer.remember(opt / "python")
    return Deployment(
        f"skylayer, {engine}",
        build / "PredictFunction",
        opt / "python",
        workspace.installer.install(variants.CLIENT),
        ENGINES[engine],
        engine=engine,
        layers=layers,
        environment={"SKYLAYER_LOG_LEVEL": "INFO"},
    )


def parts(deployment: Deployment) -> dict[str, int]:
    """Bytes of our own parts, unpacked: the serving layer, and what the engine reads the model from."""
    from skylayer.packaging import tree

    artifact = deployment.opt / "model_artifact"
    manifest = json.loads((artifact / "manifest.json").read_text())
    file = artifact / manifest["engines"][deployment.engine]["file"]
    return {"serving layer": tree.size(deployment.layers[0]), "model": file.stat().st_size}


def with_engine(artifact: Path, engine: str, directory: Path) -> Path:
    """Copy an artifact with another of its engines chosen; its content and so its version are new."""
    from serving import artifact as contract

    manifest = contract.read_manifest(artifact)
    manifest["engine"] = engine
    manifest["version"] = contract.version_of(manifest)
    copy: Path = directory / manifest["name"] / manifest["version"]
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(artifact, copy)
    (copy / "manifest.json").chmod(0o644)
    (copy / "manifest.json").write_text(json.dumps(manifest))
    return copy


def _lay(artifact: Path, build: Path) -> tuple[Path, ...]:
    from skylayer.packaging import layers, requirements

    os.environ["ARCHITECTURE"] = requirements.host_architecture()
    shutil.rmtree(build, ignore_errors=True)
    layers.function("predict", build / "PredictFunction")
    layers.serving_layer(build / "ServingLayer")
    try:
        layers.runtime_layer(build / "RuntimeLayer", artifact)
    except UserError as error:
        raise UnreachableError(str(error)) from error
    layers.model_layer(build / "ModelLayer", artifact)
    return tuple(build / name for name in ("ServingLayer", "RuntimeLayer", "ModelLayer"))
