"""The build as Lambda confines it: nothing writable but /tmp, no privileges, no more memory than was asked for."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from container.built import IMAGE, LAYERS
from serving import golden
from skylayer.commands.build import DEFAULT_ARCHITECTURE
from skylayer.packaging import fast_start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from container.built import Built

PATIENCE_SECONDS = 120
# As Lambda names them: https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html
TEMPORARY = "/tmp:rw,size=512m,mode=1777"  # noqa: S108
NOBODY = "65534:65534"


def docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def interface_emulator() -> Path:
    """The one that comes with the SAM CLI; AWS's image has its own in the same place."""
    specification = find_spec("samcli")
    assert specification is not None
    assert specification.origin is not None
    folder = Path(specification.origin).parent / "local" / "rapid"
    return folder / f"aws-lambda-rie-{DEFAULT_ARCHITECTURE}"


def lay_out(built: Built, folder: Path) -> Path:
    """What Lambda unpacks to /opt: the layers in their order, one over another."""
    for layer in LAYERS:
        shutil.copytree(built.build / layer, folder, copy_function=os.link, dirs_exist_ok=True)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() or path.parent.name == fast_start.FOLDER else 0o644)
    return folder


@pytest.fixture
def container(built: Built, tmp_path: Path) -> Iterator[str]:
    tmp_path.chmod(0o755)
    opt = lay_out(built, tmp_path / "opt")
    run = ["run", "--detach", "--read-only", "--tmpfs", TEMPORARY, "--user", NOBODY]
    run += ["--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--publish", "127.0.0.1::8080"]
    run += ["--memory", f"{built.memory}m", "--memory-swap", f"{built.memory}m"]
    run += ["--volume", f"{built.build / 'PredictFunction'}:/var/task:ro", "--volume", f"{opt}:/opt:ro"]
    run += ["--volume", f"{interface_emulator()}:/usr/local/bin/aws-lambda-rie:ro"]
    run += ["--env", f"AWS_LAMBDA_FUNCTION_MEMORY_SIZE={built.memory}"]
    identifier = docker(*run, IMAGE, "app.lambda_handler")
    try:
        yield identifier
    finally:
        docker("rm", "--force", identifier)


def test_it_answers_and_writes_nothing_outside_of_tmp(built: Built, container: str) -> None:
    instances, answers = golden.read(built.champion)
    mounted = docker("diff", container)
    for _ in range(3):
        answer = invoke(container, "POST", "/predict", {"instances": instances})
        assert answer["statusCode"] == 200, answer
        assert golden.difference(answers, json.loads(answer["body"]), built.tolerance) is None
    assert invoke(container, "GET", "/model")["statusCode"] == 200
    assert docker("diff", container) == mounted
    state = json.loads(docker("inspect", container))[0]["State"]
    assert state["Running"]
    assert not state["OOMKilled"]


def invoke(container: str, method: str, route: str, document: Any = None) -> Any:
    event = {
        "httpMethod": method,
        "resource": route,
        "path": route,
        "headers": {"content-type": "application/json"},
        "body": json.dumps(document) if document else None,
    }
    address = docker("port", container, "8080/tcp").splitlines()[0]
    url = f"http://{address}/2015-03-31/functions/function/invocations"
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, json.dumps(event).encode(), PATIENCE_SECONDS) as answer:
                return json.load(answer)
        except (urllib.error.URLError, ConnectionError):
            running = json.loads(docker("inspect", container))[0]["State"]["Running"]
            if not running or time.monotonic() > deadline:
                pytest.fail(docker("logs", container))
            time.sleep(0.2)
