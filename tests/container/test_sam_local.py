"""The real `sam local` on the real build, where a Docker engine answers; `make test-container`.

The image is AWS's for python3.13; SKIP_PULL_IMAGE=1 takes the one that is here. SAM's containers run as root with a
writable /opt and know no keys: who may call is tested elsewhere, what a function may write in `test_confined.py`.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from serving import golden
from skylayer import project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from container.built import Built

PATIENCE_SECONDS = 120
HERE_ALREADY = ["SKIP_PULL_IMAGE=1"] if os.environ.get("SKIP_PULL_IMAGE") else []


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
    command = [
        project.program("sam"),
        "local",
        "invoke",
        "PredictFunction",
        "-e",
        str(tmp_path / "event.json"),
    ]
    said = built.run(*command, *HERE_ALREADY, "--parameter-overrides", f"MemorySize={built.memory}")
    answer = json.loads(said.strip().splitlines()[-1])
    assert answer["statusCode"] == 200, answer
    assert golden.difference(answers, json.loads(answer["body"]), built.tolerance) is None


@pytest.fixture
def api(built: Built) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "skylayer",
        "start-api",
        f"PORT={port}",
        f"MEMORY={built.memory}",
    ]
    log = built.folder / "start-api.log"
    with log.open("w") as file:
        process = subprocess.Popen(
            [*command, *HERE_ALREADY],
            cwd=built.folder,
            env=built.environment,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
        try:
            _wait_for(port, process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(60)


def test_start_api_answers_every_golden_row_and_refuses_what_is_wrong(built: Built, api: str) -> None:
    instances, answers = golden.read(built.champion)
    status, body = _post(api, {"instances": instances})
    assert status == 200, body
    assert golden.difference(answers, body, built.tolerance) is None
    status, body = _post(api, {"instances": [{}, {"nothing": 1}]})
    assert status == 422
    assert body["errors"]


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text(encoding="utf-8")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    pytest.fail(log.read_text(encoding="utf-8"))


def _post(api: str, document: Any) -> tuple[int, Any]:
    request = urllib.request.Request(  # noqa: S310
        f"{api}/predict", json.dumps(document).encode(), {"content-type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())
