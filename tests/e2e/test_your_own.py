"""A fork as the README makes one: five steps, another data set, other names of stacks, no repository to begin with.

Last of its folder, since another model is live afterwards.
"""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

import pytest
from sklearn.datasets import load_wine

from e2e.fork import NOT_INHERITED, blocks
from e2e.test_readme import YOURS

if TYPE_CHECKING:
    from e2e.fork import Fork

STEPS = [(language, text) for language, _, text in blocks(YOURS[0])]


def test_it_is_five_steps() -> None:
    assert [line[:2] for line in YOURS[0].splitlines() if line[:1].isdigit()] == [
        "1.",
        "2.",
        "3.",
        "4.",
        "5.",
    ]
    assert [language for language, _ in STEPS] == ["python", "sh", "sh", "sh"]


@pytest.mark.usefixtures("deployment")
def test_the_five_steps_put_another_model_on_the_web(fork: Fork) -> None:
    bunch = load_wine(as_frame=True)
    wine = bunch.data.assign(cultivar=bunch.target.map(dict(enumerate(bunch.target_names))))
    environment = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    environment |= {
        "GIT_CONFIG_GLOBAL": os.devnull,
        **{
            f"GIT_{who}_{what}": "a@b.example"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        },
    }
    assert not (fork.folder / ".git").exists()
    # Asked anew: the emulator gives the API another address when its definition changes.
    health = fork.deployment().request("/health")
    assert health.status == 200, health.body
    before = health.json()["model"]

    settings = fork.folder / "samconfig.toml"
    renamed, names = re.subn(
        r'^stack_name = "\w+-',
        'stack_name = "wine-',
        settings.read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )
    assert names == 3
    settings.write_text(renamed, encoding="utf-8")
    wine.to_csv(fork.folder / "training" / "data" / "wine.csv", index=False)
    for language, text in STEPS:
        if language == "python":
            (fork.folder / "training" / "pipeline.py").write_text(text, encoding="utf-8")
            continue
        done = subprocess.run(
            ["sh", "-euc", text],
            cwd=fork.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    now = fork.deployment()
    answering = now.request("/health").json()["model"]
    assert answering == {"name": "wine", "version": fork.champion().name}
    assert answering != before
    rows = wine.drop(columns="cultivar")
    answer = now.request("/predict", {"instances": rows.to_dict(orient="records")}).json()
    assert (wine["cultivar"] == answer["predictions"]).mean() > 0.95
    kept = subprocess.run(
        ["git", "ls-tree", "-r", "--name-only", "HEAD"],
        cwd=fork.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert {
        "training/pipeline.py",
        "training/data/wine.csv",
        f"model_artifacts/wine/{answering['version']}/manifest.json",
    } <= {*kept}
    assert not [name for name in kept if name.startswith((".venv/", ".skylayer/", ".aws-sam/"))]
    # What workflows deploy.
    head = (fork.folder / ".git" / "HEAD").read_text(encoding="utf-8")
    assert head == "ref: refs/heads/main\n"


def test_the_lint_and_the_unit_tests_of_such_a_fork_are_green(fork: Fork) -> None:
    done = fork.make("test", "TESTS=tests/unit")
    assert " passed" in done.stdout
    assert " failed" not in done.stdout
