"""The deployed API against its own document, and the playground that it serves."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import browser
import pytest

if TYPE_CHECKING:
    from e2e.fork import Fork
    from skylayer.aws.local_stack import Deployment

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")


def test_the_deployed_api_keeps_what_its_document_says(deployment: Deployment, tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(CONFIGURATION)]
    command += ["run", f"{deployment.url}/openapi.json", "--url", deployment.url]
    command += ["--header", f"x-api-key: {deployment.api_key}", "--phases", "examples,coverage,fuzzing"]
    # What the document doesn't have is refused by the gateway itself, with its 403.
    command += [
        "--checks",
        "all",
        "--exclude-checks",
        "unsupported_method",
        "--max-examples",
        "5",
        "--seed",
        "1",
        "--suppress-health-check",
        "all",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout[-4000:]
    assert " passed" in done.stdout


@browser.needed
def test_the_deployed_playground_gives_the_estimator_s_answer(
    fork: Fork, deployment: Deployment, tmp_path: Path
) -> None:
    golden = json.loads((fork.champion() / "golden.json").read_text(encoding="utf-8"))
    with browser.chromium(tmp_path) as page:
        page.resize(1280, 900)
        page.connect(f"{deployment.url}/", deployment.api_key)
        for expected in golden["answers"]["predictions"][:3]:
            page.wait_until_quiet()
            assert page.text("#answer .headline").splitlines()[-1] == str(expected)
            page.find("#another").click()
        browser.SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.picture(browser.SCREENSHOTS / "deployed.png")
        assert page.complaints() == []


@pytest.mark.parametrize("path", ["/", "/ping", "/v2/health/live", "/v2/health/ready"])
def test_what_tells_nothing_is_open(deployment: Deployment, path: str) -> None:
    assert deployment.request(path, api_key="").status == 200


@pytest.mark.parametrize("path", ["/openapi.json", "/v2", "/v2/models/{name}", "/version"])
def test_what_tells_of_the_model_asks_for_the_key(fork: Fork, deployment: Deployment, path: str) -> None:
    path = path.format(name=fork.champion().parent.name)
    assert deployment.request(path, api_key="").status == 403
    assert deployment.request(path).status == 200
