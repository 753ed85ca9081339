"""The handler under Lambda's own runtime client and interface emulator, in a process of its own."""

from __future__ import annotations

import json
import os
import platform
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import artifacts
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 30


def emulator() -> Path:
    specification = find_spec("samcli")
    if platform.system() != "Linux" or specification is None or specification.origin is None:
        pytest.skip("the interface emulator comes with aws-sam-cli and runs on Linux")
    machine = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return Path(specification.origin).parent / "local" / "rapid" / f"aws-lambda-rie-{machine}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def invoke_url(bird_folder: Path, tmp_path: Path) -> Iterator[str]:
    with invoke_url_of(bird_folder, tmp_path) as url:
        yield url


@contextmanager
def invoke_url_of(folder: Path, tmp_path: Path, more: dict[str, str] | None = None) -> Iterator[str]:
    """Where a function on the artifact in `folder` is invoked, with `more` in its environment."""
    port = free_port()
    command = [
        str(emulator()),
        "--runtime-interface-emulator-address", f"127.0.0.1:{port}",
        "--runtime-api-address", f"127.0.0.1:{free_port()}",
        "--log-level", "error",
        sys.executable, "-m", "awslambdaric", "app.lambda_handler",
    ]  # fmt: skip
    environment = {
        **os.environ,
        "SKYLAYER_MODEL": str(folder),
        "PYTHONPATH": os.pathsep.join(
            [str(ROOT / "functions" / "predict"), str(ROOT / "layers" / "serving")]
        ),
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        **(more or {}),
    }
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def invoke(url: str, event: dict[str, Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, json.dumps(event).encode(), PATIENCE_SECONDS) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.URLError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def test_the_runtime_client_answers_and_logs_json(invoke_url: str, tmp_path: Path) -> None:
    body = json.dumps({"instances": [artifacts.BIRD]})
    event = {"httpMethod": "POST", "resource": "/predict", "headers": {}, "body": body}
    answer = invoke(invoke_url, event)
    assert answer["statusCode"] == 200, answer
    assert json.loads(answer["body"])["predictions"][0] in {"Adelie", "Chinstrap", "Gentoo"}
    refused = invoke(invoke_url, {**event, "body": body.replace("39.1", "NaN")})
    assert refused["statusCode"] == 400
    text = (tmp_path / "log").read_text()
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    requests = [line for line in lines if line.get("message") == "request"]
    assert [(line["status"], line["rows"]) for line in requests] == [(200, 1), (400, 0)], text
    assert all(line["requestId"] == line["request_id"] for line in requests)
