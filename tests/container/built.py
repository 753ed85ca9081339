"""A fork with its build for one engine, and the Docker engine that runs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from e2e.fork import copy_project

from serving import artifact, golden
from skylayer import project
from skylayer.commands.build import DEFAULT_ARCHITECTURE

if TYPE_CHECKING:
    from pathlib import Path

# Megabytes that each engine must do with.
MEMORY = {"native": 128, "onnx": 256, "sklearn": 512}
IMAGE = f"public.ecr.aws/lambda/python:{project.python_version()}-{DEFAULT_ARCHITECTURE}"
# A graph and the rows that it was made of, from the numbers of the fork's own data.
_ONNX = """
from pathlib import Path
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.linear_model import LogisticRegression
from training.pipeline import load_data

data, target = load_data()
numbers = data.select_dtypes("number").dropna()
model = LogisticRegression(max_iter=5000).fit(numbers.to_numpy(), target[numbers.index])
given = [("X", FloatTensorType([None, numbers.shape[1]]))]
graph = to_onnx(model, initial_types=given, options={"zipmap": False})
Path("numbers.onnx").write_bytes(graph.SerializeToString())
numbers.to_csv("numbers.csv", index=False)
"""
LAYERS = ("ServingLayer", "RuntimeLayer", "ModelLayer")


def why_no_container() -> str | None:
    """Why nothing can run in a container here; None if it can."""
    if shutil.which("docker") is None:
        return "docker is not on PATH"
    done = subprocess.run(["docker", "info"], capture_output=True, check=False, timeout=30)
    return None if done.returncode == 0 else "no Docker engine answers"


@dataclass(frozen=True)
class Built:
    """A fork in `folder`, built for the engine that its champion has."""

    folder: Path
    engine: str

    @property
    def memory(self) -> int:
        """Megabytes that it must do with."""
        return MEMORY[self.engine]

    @property
    def tolerance(self) -> dict[str, tuple[float, float]]:
        """How far numbers may lie from the artifact's own answers, by field."""
        return golden.tolerance_of(artifact.read_manifest(self.champion))

    @property
    def champion(self) -> Path:
        """The folder of the artifact that answers."""
        artifacts = self.folder / "model_artifacts"
        return artifacts / (artifacts / "champion").read_text(encoding="utf-8").strip()

    @property
    def build(self) -> Path:
        """What `sam build` made."""
        return self.folder / ".aws-sam" / "build"

    @property
    def environment(self) -> dict[str, str]:
        """Variables with which Python imports the fork's own packages."""
        path = os.pathsep.join([str(self.folder), str(self.folder / "layers" / "serving")])
        return {"AWS_DEFAULT_REGION": "us-east-1", **os.environ, "PYTHONPATH": path, "SAM_CLI_TELEMETRY": "0"}

    def run(self, *command: str, timeout: int = 600) -> str:
        """Run a command in the fork and give what it printed; fail with what it said."""
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False,
            timeout=timeout,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def make(folder: Path, engine: str) -> Built:
    """A fork in `folder` whose champion needs the engine, trained or imported if it must be, and built."""
    copy_project(folder)
    fork = Built(folder, engine)
    if engine == "onnx":
        fork.run(sys.executable, "-c", _ONNX)
        fork.run(sys.executable, "-m", "skylayer", "import", "MODEL=numbers.onnx", "SAMPLE=numbers.csv")
    if engine == "sklearn":
        pipeline = folder / "training" / "pipeline.py"
        text = pipeline.read_text(encoding="utf-8")
        assert "StandardScaler()" in text
        # A function of one's own is what no compiler can take.
        changed = text.replace("StandardScaler()", "FunctionTransformer(np.arcsinh), StandardScaler()")
        imports = "import numpy as np\nfrom sklearn.preprocessing import FunctionTransformer\n"
        pipeline.write_text(changed.replace("from sklearn.ensemble", f"{imports}from sklearn.ensemble", 1))
        fork.run(sys.executable, "-m", "skylayer", "train", f"PROJECT={folder}")
    fork.run(sys.executable, "-m", "skylayer", "build")
    assert artifact.read_manifest(fork.champion)["engine"] == engine
    return fork
