"""The first golden row of an artifact: what `make up` asks, and what it must be told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from serving import artifact, golden

if TYPE_CHECKING:
    from pathlib import Path


def first(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The first golden instance of the artifact in `folder`, and the estimator's answer to it alone."""
    instances, answers = golden.read(folder)
    return instances[0], {field: values[:1] for field, values in answers.items()}


def spread(folder: Path) -> tuple[float, float]:
    """How far the answers of the artifact in `folder` may lie from its golden ones, relative and absolute."""
    return golden.spread_of(artifact.read_manifest(folder))
