"""What `sam build` made: complete without the project's environment, within Lambda's limit."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from skylayer import project
from skylayer.artifact import golden
from skylayer.packaging import unzipped_size

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.fork import Fork

_INVOKE = """
import json, sys
build, event = sys.argv[1], json.load(open(sys.argv[2]))
layers = ["ModelLayer", "RuntimeLayer", "ServingLayer"]
sys.path[:0] = [f"{build}/PredictFunction"] + [f"{build}/{name}/python" for name in layers]
import app

class Context:
    aws_request_id = "request"

answer = app.lambda_handler(event, Context())
files = [module.__file__ for module in sys.modules.values() if getattr(module, "__file__", None)]
print(json.dumps({"answer": answer, "files": files}))
"""


def golden_event(fork: Fork, folder: Path) -> Path:
    """The file of an event that asks the fork's own model, which may be any, for one of its golden rows."""
    instance, _ = golden.first(fork.champion())
    event = json.loads((fork.folder / "events" / "predict.json").read_text(encoding="utf-8"))
    event["body"] = json.dumps({"instances": [instance]})
    path = folder / "event.json"
    path.write_text(json.dumps(event), encoding="utf-8")
    return path


@pytest.mark.usefixtures("first_up")
def test_function_and_layers_answer_in_a_bare_interpreter(fork: Fork, tmp_path: Path) -> None:
    build = fork.folder / ".aws-sam" / "build"
    event = golden_event(fork, tmp_path)
    # -S leaves site-packages out: whatever is imported comes from the layers or the standard library.
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _INVOKE, str(build), str(event)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["answer"]["statusCode"] == 200
    assert not [name for name in result["files"] if "site-packages" in name and str(build) not in name]


def test_function_and_layers_fit(fork: Fork, first_up: str) -> None:  # noqa: ARG001
    assert 0 < unzipped_size.check_size(fork.folder / ".aws-sam" / "build") <= unzipped_size.UNZIPPED_LIMIT


@pytest.mark.usefixtures("first_up")
def test_sam_local_invoke_answers_where_docker_is(fork: Fork, tmp_path: Path) -> None:
    docker = shutil.which("docker")
    if (
        not docker
        or subprocess.run([docker, "info"], capture_output=True, check=False, timeout=30).returncode
    ):
        pytest.skip("no Docker engine answers here")
    done = _invoke(fork.folder, golden_event(fork, tmp_path))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["statusCode"] == 200


def _invoke(folder: Path, event: Path) -> subprocess.CompletedProcess[str]:
    command = [project.program("sam"), "local", "invoke", "PredictFunction", "-e", str(event)]
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "SAM_CLI_TELEMETRY": "0"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
