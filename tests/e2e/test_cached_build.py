"""`sam build --cached`, whose key is a layer's source folder, ships the champion all the same."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import LogisticRegression

import skylayer
from e2e.fork import NOT_INHERITED, copy_project
from serving import artifact
from skylayer import project

if TYPE_CHECKING:
    from pathlib import Path


def test_a_cached_build_holds_another_champion_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "fork"
    copy_project(folder)
    random = np.random.default_rng(0)
    data = random.normal(size=(60, 3))
    for sign in (1, -1):
        target = (sign * data[:, 0] > 0).astype(int)
        champion = skylayer.package(
            LogisticRegression().fit(data, target),
            data,
            target,
            name="cached",
            directory=folder / "model_artifacts",
            proof_rows=1000,
        )
        project.set_champion(champion)
        built = sam_build(folder)
        assert built["version"] == champion.name


def sam_build(folder: Path) -> dict[str, object]:
    """The manifest in the model layer that plain `sam build --cached` makes."""
    environment = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    done = subprocess.run(
        [project.program("sam"), "build", "--cached"],
        cwd=folder,
        env={**environment, "SAM_CLI_TELEMETRY": "0", "UV": project.uv()},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return artifact.read_manifest(folder / ".aws-sam" / "build" / "ModelLayer" / "python" / "model_artifact")
