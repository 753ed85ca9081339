"""`sam deploy --guided` with nothing but Enter: a working stack, whose key changes on purpose alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from samcli.yamlhelper import yaml_parse

from e2e import terminal
from skylayer import project
from skylayer.aws import local_stack as deployments
from skylayer.aws import sam

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from e2e.fork import Fork
    from skylayer.aws.local_stack import Deployment

STACK = sam.parameters("default", "deploy")["stack_name"]  # which Enter takes


class Guided:
    """A copy of what was built and of samconfig.toml, from where SAM deploys."""

    def __init__(self, fork: Fork, folder: Path, first: Deployment) -> None:
        self.fork = fork
        self.folder = folder
        self.emulator = first.emulator
        self.environment = {
            **os.environ,
            **self.emulator.environment,
            "SAM_CLI_TELEMETRY": "0",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        shutil.copytree(fork.folder / ".aws-sam" / "build", folder / ".aws-sam" / "build")
        shutil.copyfile(fork.folder / "samconfig.toml", folder / "samconfig.toml")

    def run(self) -> terminal.Session:
        command = [project.program("sam"), "deploy", "--guided"]
        return terminal.press_enter(command, self.folder, self.environment, seconds=300, most=100)

    def deploy(self) -> None:
        done = subprocess.run(
            [project.program("sam"), "deploy"],
            cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def key(self, *arguments: str) -> str:
        """What `make key ENV=dev` shows."""
        done = subprocess.run(
            [project.program("python"), "-m", "skylayer", "key", "ENV=dev", *arguments],
            cwd=self.fork.folder, env=self.environment, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def found(self) -> Deployment:
        deployment = deployments.find(self.emulator, STACK)
        assert deployment is not None
        return deployment

    def saved(self) -> dict[str, Any]:
        settings = tomllib.loads((self.folder / "samconfig.toml").read_text(encoding="utf-8"))
        parameters: dict[str, Any] = settings["default"]["deploy"]["parameters"]
        return parameters


@pytest.fixture(scope="module")
def guided(fork: Fork, deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guided]:
    made = Guided(fork, tmp_path_factory.mktemp("guided"), deployment)
    yield made
    deployments.client(made.emulator, "cloudformation").delete_stack(StackName=STACK)


def test_a_fork_that_only_presses_enter_gets_a_working_stack(guided: Guided) -> None:
    session = guided.run()
    assert session.status == 0, session.shown[-3000:]
    assert "sign your code" not in session.shown
    assert guided.found().request("/predict", {"instances": []}).status == 422
    assert guided.found().request("/predict", {"instances": []}, api_key="").status == 403
    saved = sam.parse_overrides(guided.saved()["parameter_overrides"])
    template = yaml_parse((project.ROOT / "template.yaml").read_text(encoding="utf-8"))
    assert set(saved) == set(template["Parameters"])
    assert "signing_profiles" not in guided.saved()


def test_a_key_that_was_replaced_outlives_the_next_ordinary_deployment(guided: Guided) -> None:
    before = guided.found().api_key
    assert guided.key() == before
    replaced = guided.key("ROTATE=1")
    assert replaced == guided.found().api_key != before
    guided.deploy()
    now = guided.found()
    assert now.api_key == replaced
    assert now.request("/model").status == 200
    assert now.request("/model", api_key=before).status == 403
