"""An artifact of a few bytes, for what reads manifests and files and opens no model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from serving import artifact
from skylayer import project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILES = {"estimator.joblib": b"estimator", "golden.json": b"{}", "source/training/pipeline.py": b"pass\n"}


def write(folder: Path, change: Callable[[dict[str, Any]], object] = lambda _: None) -> Path:
    """Write a small artifact; `change` alters its manifest before the version is taken."""
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    manifest: dict[str, Any] = {
        "format": 1,
        "name": "penguins",
        "created": "2026-01-01T00:00:00Z",
        "task": "classification",
        "engine": "sklearn",
        "engine_reason": "It is the only one.",
        "engines": {
            "sklearn": {"file": "estimator.joblib", "requirements": {}, "python": project.python_version()}
        },
        "input": {"container": "frame", "columns": [{"name": "a", "kind": "number", "nullable": False}]},
        "output": {"fields": ["predictions"]},
        "metrics": {},
        "training": {},
        "libraries": {},
        "files": {
            name: {"sha256": artifact.digest_of(folder / name), "size": len(content)}
            for name, content in FILES.items()
        },
    }
    manifest["version"] = artifact.version_of(manifest)
    change(manifest)
    (folder / artifact.MANIFEST).write_text(json.dumps(manifest))
    return folder
