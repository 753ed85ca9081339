"""The real `sam local` on the real build, where a Docker engine answers; `make test-container`.

The image is AWS's for python3.13. `start-api` knows no keys, so nothing here is about who may call.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from e2e.fork import copy_project

from serving import golden
from skylayer import project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Megabytes that each engine must do with.
ENGINES = {"native": 128, "sklearn": 512}
PATIENCE_SECONDS = 120


def why_not() -> str | None:
    if shutil.which("docker") is None:
        return "docker is not on PATH"
    done = subprocess.run(["docker", "info"], capture_output=True, check=False, timeout=30)
    return None if done.returncode == 0 else "no Docker engine answers"


pytestmark = [
    pytest.mark.skipif(why_not() is not None, reason=str(why_not())),
    pytest.mark.xdist_group("container"),
]


class Built:
    """A fork with its build, for one engine."""

    def __init__(self, folder: Path, engine: str) -> None:
        self.folder = folder
        self.engine = engine
        artifacts = folder / "model_artifacts"
        self.champion = artifacts / (artifacts / "champion").read_text(encoding="utf-8").strip()

    def command(self, *arguments: str) -> list[str]:
        options = ["--skip-pull-image"] if os.environ.get("SKIP_PULL_IMAGE") else []
        memory = f"MemorySize={ENGINES[self.engine]}"
        return [project.program("sam"), "local", *arguments, *options, "--parameter-overrides", memory]

    @property
    def environment(self) -> dict[str, str]:
        return {"AWS_DEFAULT_REGION": "us-east-1", **os.environ, "SAM_CLI_TELEMETRY": "0"}


@pytest.fixture(scope="module", params=ENGINES)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp(request.param) / "a fork"
    copy_project(folder)
    if request.param == "sklearn":
        pipeline = folder / "training" / "pipeline.py"
        text = pipeline.read_text(encoding="utf-8")
        assert "StandardScaler()" in text
        # A function of one's own is what no compiler can take.
        changed = text.replace("StandardScaler()", "FunctionTransformer(np.arcsinh), StandardScaler()")
        imports = "import numpy as np\nfrom sklearn.preprocessing import FunctionTransformer\n"
        pipeline.write_text(changed.replace("from sklearn.ensemble", f"{imports}from sklearn.ensemble", 1))
        _run(folder, sys.executable, "-m", "skylayer", "train", "--project", str(folder))
    _run(folder, sys.executable, "-m", "skylayer", "build")
    fork = Built(folder, request.param)
    assert (
        json.loads((fork.champion / "manifest.json").read_text(encoding="utf-8"))["engine"] == request.param
    )
    return fork


def _path(folder: Path) -> dict[str, str]:
    """What makes Python import the fork's own packages."""
    return {"PYTHONPATH": os.pathsep.join([str(folder), str(folder / "layers" / "serving")])}


def _run(folder: Path, *command: str) -> None:
    environment = {**os.environ, **_path(folder)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_invoke_answers_as_the_estimator(built: Built, tmp_path: Path) -> None:
    instances, answers = golden.read(built.champion)
    event = {
        "httpMethod": "POST",
        "resource": "/predict",
        "path": "/predict",
        "headers": {"content-type": "application/json"},
        "body": json.dumps({"instances": instances}),
    }
    (tmp_path / "event.json").write_text(json.dumps(event), encoding="utf-8")
    command = built.command("invoke", "PredictFunction", "-e", str(tmp_path / "event.json"))
    done = subprocess.run(
        command,
        cwd=built.folder,
        env=built.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.strip().splitlines()[-1])
    assert answer["statusCode"] == 200, answer
    assert golden.difference(answers, json.loads(answer["body"])) is None


@pytest.fixture
def api(built: Built) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = built.command(
        "start-api", "--host", "127.0.0.1", "--port", str(port), "--warm-containers", "LAZY"
    )
    log = built.folder / "start-api.log"
    with log.open("w") as file:
        process = subprocess.Popen(
            command,
            cwd=built.folder,
            env={**built.environment, **_path(built.folder)},
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(60)


def test_start_api_answers_every_golden_row_and_refuses_what_is_wrong(built: Built, api: str) -> None:
    instances, answers = golden.read(built.champion)
    status, body = _post(api, {"instances": instances})
    assert status == 200, body
    assert golden.difference(answers, body) is None
    status, body = _post(api, {"instances": [{}, {"nothing": 1}]})
    assert status == 422
    assert body["errors"]


def _post(api: str, document: Any) -> tuple[int, Any]:
    request = urllib.request.Request(  # noqa: S310
        f"{api}/predict", json.dumps(document).encode(), {"content-type": "application/json"}
    )
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
