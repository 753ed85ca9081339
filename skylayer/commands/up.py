"""`up`: train, build, deploy onto an emulator on this machine, and send a request."""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console

from serving.golden import difference as difference_of
from skylayer import project
from skylayer.artifact import golden
from skylayer.artifact.examples import CSV_FILE
from skylayer.aws import emulator as emulators
from skylayer.aws import local_stack as deployments
from skylayer.aws import sam
from skylayer.commands import derived_files
from skylayer.commands.build import check_template
from skylayer.commands.variables import Variable, port
from skylayer.errors import UserError
from skylayer.packaging import golden_check, requirements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from skylayer.aws.emulator import Emulator
    from skylayer.aws.local_stack import Deployment
    from skylayer.commands.variables import Options

EMULATOR = project.STATE / "emulator"
LOGS = project.STATE / "logs"
LONGEST_REQUEST = 400  # characters
LONGEST_ANSWER = 1000
console = Console(stderr=False, highlight=False)
VARIABLES = (Variable("PORT", f"port of the emulator (default {emulators.DEFAULT_PORT})", port),)
EXAMPLES = (
    "make up",
    "make up PORT=4567   # where another program has 4566",
)


def run(options: Options) -> None:
    """Make sure of an artifact, build, start the emulator, deploy, ask, and show."""
    with _alone():
        began = time.monotonic()
        _ensure_artifact()
        with _step("Building layers and function (sam build)") as update:
            build(sam.BUILD, update)
            check_template(sam.BUILD)
        with _step("Replaying the model's golden rows through what was built"):
            golden_check.check_build(sam.BUILD)
        with _step("Starting the AWS emulator") as update:
            emulator = emulators.start(EMULATOR, options.port)
            update(f"{emulator.endpoint}, this machine only")
        with _step("Deploying (sam deploy)") as update:
            deployment = deploy(emulator, sam.BUILD, LOGS, update)
        with _step("Waiting for the API") as update:
            health = deployments.wait_until_it_answers(deployment)
            update(f"model {_label(health)}")
        _show_prediction(deployment)
        _show_next_steps(deployment, time.monotonic() - began)


def build(folder: Path, on_line: Callable[[str], None], logs: Path = LOGS) -> None:
    """Run the real `sam build` into `folder`, for this machine."""
    environment = {**os.environ, "ARCHITECTURE": requirements.host_architecture()}
    arguments = [
        "build",
        "--config-env",
        "local",
        "--config-file",
        str(sam.CONFIG),
        "--build-dir",
        str(folder),
    ]
    sam.run(arguments, environment, logs / "sam-build.log", on_line)


def deploy(emulator: Emulator, folder: Path, logs: Path, on_line: Callable[[str], None]) -> Deployment:
    """Run the real `sam deploy` of what was built in `folder`, onto the emulator."""
    deployments.clear_unfinished(emulator)
    arguments = ["deploy", "--config-env", "local", "--config-file", str(sam.CONFIG)]
    arguments += ["--template-file", str(folder / "template.yaml")]
    sam.run(arguments, emulator.environment, logs / "sam-deploy.log", on_line)
    found = deployments.find(emulator)
    if found is None:
        raise UserError(f"The stack is not complete; {logs / 'sam-deploy.log'} says why.")
    return found


def _ensure_artifact() -> None:
    if project.CHAMPION.is_file():
        return
    console.print("There is no model yet: training one (make train)")
    done = subprocess.run([sys.executable, "-m", "skylayer", "train"], cwd=project.ROOT, check=False)
    if done.returncode:
        raise UserError("The training failed, so there is nothing to deploy.")


@contextmanager
def _alone() -> Iterator[None]:
    """Only one `up` at a time in a clone; the lock goes with the process, however it ends."""
    project.STATE.mkdir(exist_ok=True)
    with (project.STATE / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UserError("Another make up is at work in this folder: wait for it.") from error
        yield


@contextmanager
def _step(title: str) -> Iterator[Callable[[str], None]]:
    """One line that moves while a step works and stays, with its seconds, when it is done."""
    began = time.monotonic()
    last = ""

    with console.status(title) as status:

        def update(line: str) -> None:
            nonlocal last
            last = line
            status.update(f"{title} [dim]{_plain(line)}[/dim]")

        yield update
    console.print(f"[green]✓[/green] {title} [dim]{time.monotonic() - began:.1f} s[/dim]")


def _plain(line: str) -> str:
    return line.replace("[", r"\[")[: max(20, console.width - 60)]


def _show_prediction(deployment: Deployment) -> None:
    instance, expected = golden.first(project.champion())
    answer = deployment.request("/predict", {"instances": [instance]})
    if answer.status != 200:  # noqa: PLR2004
        raise UserError(f"/predict answered {answer.status}: {answer.body.decode(errors='replace')[:500]}")
    got: dict[str, Any] = answer.json()
    difference = difference_of(expected, got, golden.tolerance(project.champion()))
    if difference:
        raise UserError(
            f"The answer is not the estimator's: {difference}. It is live here all the same: `make rollback` and "
            "`make up` bring back the champion before it; `make train` makes another."
        )
    command, body = _example(deployment, instance, answer.body)
    console.print("\n[bold]A request[/bold]")
    console.print(command, markup=False, soft_wrap=True)
    console.print("[bold]its answer[/bold], equal to the estimator's own")
    console.print(shortened(body.decode().rstrip(), LONGEST_ANSWER), markup=False, soft_wrap=True)


def _example(deployment: Deployment, instance: dict[str, Any], answer: bytes) -> tuple[str, bytes]:
    """A command for a shell and what it answers: for more columns than a screen holds, those of a file's rows."""
    command = ["curl", "-s", f"{deployment.url}/predict"]
    command += ["-H", f"x-api-key: {deployment.api_key}"] if deployment.api_key else []
    body = json.dumps({"instances": [instance]}, ensure_ascii=False)
    rows = f"{derived_files.EVENTS}/{CSV_FILE}"
    if len(body) > LONGEST_REQUEST and (project.ROOT / rows).is_file():
        kind = "text/csv"
        found = deployment.request(
            "/predict", (project.ROOT / rows).read_bytes(), headers={"content-type": kind}
        )
        if found.status == 200:  # noqa: PLR2004 - or the file is of another version of the model
            shown = shlex.join([*command, "-H", f"content-type: {kind}", "--data-binary", f"@{rows}"])
            return shown, found.body
    return shlex.join([*command, "-H", "content-type: application/json", "-d", body]), answer


def shortened(text: str, most: int) -> str:
    """A text without its middle, where it is longer than `most` characters."""
    half = most // 2
    return text if len(text) <= most else f"{text[:half]} … {text[-half:]}"


def _show_next_steps(deployment: Deployment, seconds: float) -> None:
    lines = [
        "",
        f"URL         {deployment.url}",
        f"API key     {deployment.api_key or 'none needed'}",
        f"Playground  {deployment.url}/ (a page to try it: open it in a browser and give it the key)",
        "",
        f"Live after {seconds:.0f} s. Next: make train up, after each change in training/; make logs, make metrics,",
        "make status, make down; make deploy puts it into your AWS account.",
    ]
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def _label(health: dict[str, Any]) -> str:
    model = health.get("model", {})
    return f"{model.get('name')}/{model.get('version')}"
