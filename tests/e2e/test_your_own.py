"""A fork as the README makes one: five steps, another data set, other names of stacks, no repository to begin with.

Last of its folder, since another model is live afterwards.
"""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from e2e.fork import NOT_INHERITED
from e2e.yours import SECTION, STEPS, make_it_yours, wine

if TYPE_CHECKING:
    from e2e.fork import Fork


def test_it_is_five_steps() -> None:
    assert [line[:2] for line in SECTION.splitlines() if line[:1].isdigit()] == [
        "1.",
        "2.",
        "3.",
        "4.",
        "5.",
    ]
    assert [language for language, _ in STEPS] == ["python", "sh", "sh", "sh"]


@pytest.mark.usefixtures("deployment")
def test_the_five_steps_put_another_model_on_the_web(fork: Fork) -> None:
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

    make_it_yours(fork.folder)
    for text in [text for language, text in STEPS if language == "sh"]:
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
    assert answering != before or before["name"] == "wine"  # in such a fork it is live already
    table = wine()
    rows = table.drop(columns="cultivar")
    answer = now.request("/predict", {"instances": rows.to_dict(orient="records")}).json()
    assert (table["cultivar"] == answer["predictions"]).mean() > 0.95
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
