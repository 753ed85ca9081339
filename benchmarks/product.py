"""Skylayer itself: package the pipeline, and lay function and layers with the code that `sam build` calls."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

from benchmarks import packages, variants
from benchmarks.variants import Deployment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.models import Model

# What each engine may import from /opt: the serving layer, and what the manifest's requirements bring.
SERVING = frozenset({"serving"})
ENGINES = {"native": SERVING, "onnx": SERVING | variants.ONNX, "sklearn": SERVING | variants.PANDAS}


def deploy(model: Model, state: Path, say: Callable[[str], None]) -> list[Deployment]:
    """Build one deployment for each engine that the artifact supports."""
    import skylayer

    say(f"{model.name}: packaging")
    home = state / "artifacts"
    packaged = skylayer.package(
        model.on_frame, model.table.train, model.table.target, name=model.name, directory=home
    )
    deployed = []
    for engine in json.loads((packaged / "manifest.json").read_text())["engines"]:
        say(f"{model.name}: building skylayer, {engine}")
        deployed.append(_build(with_engine(packaged, engine, state / "engines"), engine, model, state))
    return deployed


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


def _build(artifact: Path, engine: str, model: Model, state: Path) -> Deployment:
    from skylayer.packaging import layers, requirements

    os.environ["ARCHITECTURE"] = requirements.host_architecture()
    build = state / "build" / model.name / engine
    shutil.rmtree(build, ignore_errors=True)
    layers.function("predict", build / "PredictFunction")
    layers.serving_layer(build / "ServingLayer")
    layers.runtime_layer(build / "RuntimeLayer", artifact)
    layers.model_layer(build / "ModelLayer", artifact)
    opt = build / "opt"
    for layer in ("ServingLayer", "RuntimeLayer", "ModelLayer"):
        # Lambda unpacks the layers of a function into one /opt, in this order.
        shutil.copytree(build / layer, opt, dirs_exist_ok=True, copy_function=os.link)
    client = packages.install(state / "packages", variants.CLIENT)
    return Deployment(
        f"skylayer, {engine}",
        build / "PredictFunction",
        opt / "python",
        client,
        ENGINES[engine],
        engine=engine,
        environment={"SKYLAYER_LOG_LEVEL": "INFO"},
    )
