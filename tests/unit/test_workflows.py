"""The workflows: pinned, without keys, and made of verbs that there are."""

from __future__ import annotations

import json
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
        given = line.replace('"$CLOUDFORMATION_ROLE"', "arn:x").replace('"$PERMISSIONS_BOUNDARY"', "arn:y")
        _, verb, *pairs = given.split()
        options = variables.read(load(verb).VARIABLES, variables.from_arguments(pairs))
        if verb == "deploy":
            assert (options.role, options.boundary) == ("arn:x", "arn:y")
            assert options.built
            assert options.yes


@BOTH
def test_no_program_comes_unpinned(path: Path) -> None:
    """Uv comes from make, at the version and hashes of bin/find-uv: an action would fetch the newest."""
    text = path.read_text(encoding="utf-8")
    actions = set(re.findall(r"uses: ([\w/-]+)@", text))
    assert {owner for owner, _, _ in (action.partition("/") for action in actions)} <= {
        "actions",
        "aws-actions",
    }
    for step in steps(path):
        assert not re.search(r"\b(curl|wget|pip|pipx|uvx?|npm|npx)\b", step.get("run", "")), step


RETRAIN = yaml.safe_load((ROOT / ".github" / "workflows" / "retrain.yml").read_text(encoding="utf-8"))["jobs"]


def test_what_trains_holds_no_token_that_writes_and_what_holds_one_does_not_train() -> None:
    writing = {name for name, job in RETRAIN.items() if "write" in job["permissions"].values()}
    running = {
        name for name, job in RETRAIN.items() if any("make " in step.get("run", "") for step in job["steps"])
    }
    assert (writing, running) == ({"propose"}, {"train"})
    for job in RETRAIN.values():
        (checkout,) = [step for step in job["steps"] if "checkout" in step.get("uses", "")]
        assert checkout["with"]["persist-credentials"] is False
    assert "GH_TOKEN" not in json.dumps(RETRAIN["train"])


VERSION = "birds/0123456789abcdef"


def propose(folder: Path, pointer: str) -> subprocess.CompletedProcess[str]:
    """The last step of the job that holds the token, on artifacts in `folder`, in a clone with a remote of its own."""
    remote, clone, programs = (folder / name for name in ("remote", "clone", "programs"))
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "PATH": os.pathsep.join([str(programs), os.environ["PATH"]]),
        "HOME": str(folder),
        "MODELS": str(folder / "models"),
        "GIT_CONFIG_NOSYSTEM": "1",
    }

    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@b.example"]
        subprocess.run(["git", *identity, *arguments], cwd=folder, env=environment, check=True, timeout=30)

    programs.mkdir()
    (programs / "gh").write_text(f'#!/bin/sh\necho "$@" >> "{folder}/gh"\n', encoding="utf-8")
    (programs / "gh").chmod(0o755)
    git("init", "--quiet", "--bare", str(remote))
    git("init", "--quiet", str(clone))
    (clone / "model_artifacts").mkdir()
    (clone / "model_artifacts" / "champion").write_text("birds/fedcba9876543210\n", encoding="utf-8")
    git("-C", str(clone), "remote", "add", "origin", str(remote))
    git("-C", str(clone), "add", ".")
    git("-C", str(clone), "commit", "--quiet", "-m", "First")
    (folder / "models" / "champion").write_text(pointer, encoding="utf-8")
    return subprocess.run(
        ["bash", "-e", "-c", RETRAIN["propose"]["steps"][-1]["run"]],
        cwd=clone, env=environment, capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    made = tmp_path / "models" / VERSION
    made.mkdir(parents=True)
    (made / "model_card.md").write_text("A card.", encoding="utf-8")
    return tmp_path


def test_a_new_champion_is_proposed_with_its_own_folder_alone(trained: Path) -> None:
    (trained / "models" / "birds" / "more.py").write_text("import os", encoding="utf-8")
    done = propose(trained, f"{VERSION}\n")
    assert done.returncode == 0, done.stdout + done.stderr
    changed = subprocess.run(
        ["git", "-C", str(trained / "remote"), "show", "--name-only", "--format=", f"retrain/{VERSION}"],
        capture_output=True, text=True, check=True, timeout=30,
    ).stdout.split()  # fmt: skip
    assert changed == [f"model_artifacts/{VERSION}/model_card.md", "model_artifacts/champion"]
    assert f"pr create --title Champion: {VERSION}" in (trained / "gh").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "pointer",
    ["../../.github/workflows", f"{VERSION}\n../..", "birds/$(id)", "--force", "", f"{VERSION}x", "."],
)
def test_a_pointer_that_names_no_version_is_not_proposed(pointer: str, trained: Path) -> None:
    done = propose(trained, pointer)
    assert done.returncode == 1
    assert "The pointer does not name a version." in done.stdout
    assert not (trained / "gh").exists()


def test_an_artifact_that_leads_out_of_its_folder_is_not_proposed(trained: Path) -> None:
    (trained / "models" / VERSION / "link").symlink_to("/etc/hostname")
    done = propose(trained, VERSION)
    assert done.returncode == 1
    assert "plain files only" in done.stdout
    assert not (trained / "gh").exists()


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
