"""The workflows: pinned, without keys, and made of verbs that there are."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from skylayer.__main__ import load
from skylayer.commands import variables

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
BOTH = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


def steps(path: Path) -> list[dict[str, Any]]:
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


@BOTH
def test_actions_are_pinned_to_a_commit_and_say_its_version(path: Path) -> None:
    uses = re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))
    assert uses
    for each in uses:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each), each


@BOTH
def test_no_key_is_kept_and_tokens_may_read_alone(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "secrets." not in text
    assert yaml.safe_load(text)["permissions"] == {"contents": "read"}


@BOTH
def test_every_make_step_is_a_verb_with_known_variables(path: Path) -> None:
    runs = [line for step in steps(path) for line in step.get("run", "").splitlines()]
    verbs = [line for line in runs if line.startswith("make ")]
    assert verbs
    for line in verbs:
        _, verb, *pairs = line.replace('"$CLOUDFORMATION_ROLE"', "arn:x").split()
        options = variables.read(load(verb).VARIABLES, variables.from_arguments(pairs))
        assert verb != "deploy" or (options.role, options.built, options.yes) == ("arn:x", True, True)


def test_prod_gets_the_build_that_dev_got() -> None:
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "deploy.yml").read_text(encoding="utf-8"))["jobs"]
    assert jobs["prod"]["needs"] == "dev"
    for environment in ("dev", "prod"):
        assert jobs[environment]["environment"] == environment
        assert jobs[environment]["permissions"]["id-token"] == "write"
        assert f"make deploy ENV={environment} BUILT=1" in jobs[environment]["steps"][-1]["run"]


LINTERS = pytest.mark.parametrize(
    "command", [["jactionlint"], ["zizmor", "--offline"]], ids=lambda each: each[0]
)


@LINTERS
def test_linters_of_workflows_find_nothing(command: list[str]) -> None:
    done = _lint(command, *WORKFLOWS)
    assert done.returncode == 0, done.stdout + done.stderr


@LINTERS
def test_linters_of_workflows_find_what_is_wrong(command: list[str], tmp_path: Path) -> None:
    broken = tmp_path / ".github" / "workflows" / "broken.yml"
    broken.parent.mkdir(parents=True)
    broken.write_text(
        "on: pull_request_target\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n"
        "      - run: echo ${{ github.event.pull_request.title }} ${{ matrix.nothing }}\n",
        encoding="utf-8",
    )
    done = _lint(command, broken)
    assert done.returncode != 0
    assert "broken.yml" in done.stdout + done.stderr


def test_the_original_actionlint_finds_nothing_where_it_is() -> None:
    if shutil.which("actionlint") is None:
        pytest.skip("actionlint is not on PATH; jactionlint, made from it, ran")
    done = _lint(["actionlint"], *WORKFLOWS)
    assert done.returncode == 0, done.stdout


def _lint(command: list[str], *files: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    program = shutil.which(command[0], path=path)
    assert program is not None
    return subprocess.run(
        [program, *command[1:], *files], capture_output=True, text=True, check=False, timeout=60
    )


def loaded(name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    return document


def test_what_runs_before_a_commit_is_lint_and_comes_from_here() -> None:
    (repository,) = loaded(".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"
    assert [hook["entry"] for hook in repository["hooks"]] == ["make lint"]


def test_what_has_a_version_is_watched_in_one_pull_request_a_week() -> None:
    updates = loaded(".github/dependabot.yml")["updates"]
    assert {update["package-ecosystem"] for update in updates} == {"uv", "npm", "github-actions"}
    for update in updates:
        assert update["schedule"] == {"interval": "weekly"}
        assert [group["patterns"] for group in update["groups"].values()] == [["*"]]


@pytest.mark.parametrize("form", ["bug", "estimator"])
def test_an_issue_form_is_one_that_github_takes(form: str) -> None:
    document = loaded(f".github/ISSUE_TEMPLATE/{form}.yml")
    assert {"name", "description", "body"} <= set(document)
    asked = [part for part in document["body"] if part["type"] != "markdown"]
    assert all(part["type"] in {"input", "textarea"} and part["attributes"]["label"] for part in asked)
    assert len({part["id"] for part in asked}) == len(asked)
    assert any(part["validations"]["required"] for part in asked)
