"""Every command of the README, run as it stands there.

`make test` is what runs this; the commands for AWS run against the emulator, as a second stack beside the first.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import default_model
import pytest

from e2e.fork import NOT_INHERITED, blocks
from skylayer.aws import local_stack as deployments
from skylayer.aws import sam

if TYPE_CHECKING:
    from e2e.fork import Fork
    from skylayer.aws.local_stack import Deployment

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
# Another model than the one that is live here: e2e/test_your_own.py runs that section.
YOURS = re.findall(
    r"^## Make it yours\n.*?(?=^An estimator from another package)", README, re.MULTILINE | re.DOTALL
)
WORDS = README.replace(YOURS[0], "") + (ROOT / "docs" / "call.md").read_text(encoding="utf-8")
BLOCKS = blocks(WORDS)
SHELL = [
    text for language, aws, text in BLOCKS if language == "sh" and not aws and text.strip() != "make test"
]
AWS = [text for language, aws, text in BLOCKS if language == "sh" and aws]
PYTHON = [text for language, _, text in BLOCKS if language == "python" and "skylayer.package" in text]

_FITTED = """
import sys
sys.path.insert(0, ".")
from training.pipeline import build_estimator, load_data
X, y = load_data()
estimator = build_estimator().fit(X, y)
"""


def test_the_readme_has_the_commands_that_are_looked_for() -> None:
    assert "make test" in [text.strip() for _, _, text in BLOCKS]
    assert {"make", "make up"} <= {text.strip() for text in SHELL}
    assert len(YOURS) == 1
    assert AWS
    assert PYTHON


@default_model.needed
@pytest.mark.parametrize("commands", SHELL)
def test_a_command_of_the_readme_works(commands: str, fork: Fork, deployment: Deployment) -> None:  # noqa: ARG001
    done = _run(["sh", "-euc", commands], fork, {})
    assert done.returncode == 0, done.stdout + done.stderr
    if "curl" in commands:
        assert "Chinstrap" in done.stdout


@pytest.mark.parametrize("commands", AWS)
def test_a_second_stack_is_deployed_as_the_readme_says(
    commands: str, fork: Fork, deployment: Deployment
) -> None:
    programs = {**deployment.emulator.environment, "SAM_CLI_TELEMETRY": "0"}
    programs["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), programs["PATH"]])
    done = _run(["sh", "-euc", commands], fork, programs)
    assert done.returncode == 0, done.stdout + done.stderr
    stacks = deployments.client(deployment.emulator, "cloudformation").describe_stacks()["Stacks"]
    deployed = {stack["StackName"]: stack["StackStatus"] for stack in stacks}
    assert deployed[sam.stack_name("default")] == "CREATE_COMPLETE"
    assert deployment.request("/health").status == 200


@default_model.needed
@pytest.mark.parametrize("code", PYTHON)
def test_the_notebook_call_of_the_readme_works(code: str, fork: Fork) -> None:
    answers = code.replace("skylayer.open", "answer = skylayer.open")
    shown = f"{_FITTED}{answers}\nimport json; print(json.dumps(answer))"
    done = _run([sys.executable, "-c", shown], fork, {})
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["predictions"] == ["Chinstrap"]


def _run(command: list[str], fork: Fork, more: dict[str, str]) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    return subprocess.run(
        command,
        cwd=fork.folder,
        env={**environment, **more},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
