"""The whole sequence under Lambda's interface emulator: bootstrap, wrapper, interpreter and runtime client."""

from __future__ import annotations

import json
import os
import platform
import shlex
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

import pytest

from fast_start.lambda_runtime import ARCHITECTURES, Deployment

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE_SECONDS = 60
ROW = {"mass": 41.5, "island": "a"}
# As the bootstrap of AWS's managed runtimes ends (docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html).
BOOTSTRAP = """#!/bin/sh
if [ -z "$AWS_LAMBDA_EXEC_WRAPPER" ]; then exec {python}; else exec "$AWS_LAMBDA_EXEC_WRAPPER" {python}; fi
"""


def interface_emulator() -> Path:
    specification = find_spec("samcli")
    if sys.platform != "linux" or specification is None or specification.origin is None:
        pytest.skip("the interface emulator comes with aws-sam-cli and runs on Linux")
    machine = ARCHITECTURES[platform.machine()]
    return Path(specification.origin).parent / "local" / "rapid" / f"aws-lambda-rie-{machine}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Function:
    """A function that is invoked over HTTP, and its log."""

    def __init__(self, port: int, log: Path) -> None:
        self._url = f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
        self._log = log

    def invoke(self, event: Any) -> Any:
        content, deadline = json.dumps(event).encode(), time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                with urllib.request.urlopen(self._url, content, PATIENCE_SECONDS) as answer:  # noqa: S310
                    return json.load(answer)
            except urllib.error.URLError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def requests(self) -> list[dict[str, Any]]:
        """The lines of requests so far."""
        lines = [json.loads(line) for line in self._log.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("message") == "request"]


@contextmanager
def emulated(deployment: Deployment, folder: Path, **variables: str) -> Iterator[Function]:
    """The deployment under the emulator, started as Lambda does."""
    bootstrap = folder / "bootstrap"
    bootstrap.write_text(BOOTSTRAP.format(python=shlex.join(deployment.interpreter)))
    bootstrap.chmod(0o755)
    port = free_port()
    command = [
        str(interface_emulator()), "--log-level", "error",
        "--runtime-interface-emulator-address", f"127.0.0.1:{port}",
        "--runtime-api-address", f"127.0.0.1:{free_port()}",
        str(bootstrap),
    ]  # fmt: skip
    log = folder / "log"
    with log.open("w") as file:
        process = subprocess.Popen(
            command, env=deployment.environment(**variables), stdout=file, stderr=file, start_new_session=True
        )
        try:
            yield Function(port, log)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def event(body: Any, path: str = "/predict", method: str = "POST") -> dict[str, Any]:
    text = None if body is None else json.dumps(body)
    return {"httpMethod": method, "resource": path, "headers": {"x-request-id": "mine"}, "body": text}


EVENTS = [
    event({"instances": [ROW]}),
    event(None, "/health", "GET"),
    event({"instances": [ROW | {"mass": None}]}),
    event(None, "/model", "GET"),
    event({"instances": [{"mass": number, "island": "b"} for number in range(3000)]}),
    event({"instances": [ROW] * 2}),
]


def test_answers_and_lines_are_those_without_it(deployed: Deployment, tmp_path: Path) -> None:
    answers, lines, latencies = [], [], []
    for number, variables in enumerate(({}, {"AWS_LAMBDA_EXEC_WRAPPER": str(deployed.program)})):
        (tmp_path / str(number)).mkdir()
        with emulated(deployed, tmp_path / str(number), SKYLAYER_METRICS="on", **variables) as function:
            answers.append([function.invoke(one) for one in EVENTS])
            found = function.requests()
        for line in found:
            latencies.append(line["latency_ms"])
            for own in ("timestamp", "latency_ms", "requestId", "request_id"):
                line.pop(own)
            line["_aws"].pop("Timestamp")
        lines.append(found)
    assert answers[0] == answers[1]
    assert lines[0] == lines[1]
    assert [line["status"] for line in lines[0]] == [200, 200, 422, 200, 200, 200]
    assert [line["cold_starts"] for line in lines[0]] == [1, 0, 0, 0, 0, 0]
    assert all(latency >= 0 for latency in latencies)


@pytest.mark.parametrize("variables", [{"SKYLAYER_FAST_START": "off"}, {"AWS_LAMBDA_LOG_FORMAT": "Text"}])
def test_the_wrapper_that_steps_aside_leaves_python_alone(
    deployed: Deployment, tmp_path: Path, variables: dict[str, str]
) -> None:
    with emulated(deployed, tmp_path, AWS_LAMBDA_EXEC_WRAPPER=str(deployed.program), **variables) as function:
        assert [function.invoke(one)["statusCode"] for one in EVENTS[:3]] == [200, 200, 422]


def test_what_is_no_request_is_an_error_of_the_invocation(deployed: Deployment, tmp_path: Path) -> None:
    with emulated(deployed, tmp_path, AWS_LAMBDA_EXEC_WRAPPER=str(deployed.program)) as function:
        assert function.invoke({"Records": []})["errorType"] == "NotHTTPError"
        assert function.invoke(EVENTS[0])["statusCode"] == 200
