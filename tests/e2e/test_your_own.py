"""The README's five steps, with another data set. Last of its folder, since another model is live afterwards."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from sklearn.datasets import load_wine

from e2e.fork import NOT_INHERITED, blocks
from e2e.test_readme import YOURS

if TYPE_CHECKING:
    from pathlib import Path

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
def test_the_five_steps_put_another_model_on_the_web(fork: Fork, tmp_path: Path) -> None:
    bunch = load_wine(as_frame=True)
    wine = bunch.data.assign(cultivar=bunch.target.map(dict(enumerate(bunch.target_names))))
    environment = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    environment |= {
        "GIT_DIR": str(tmp_path / "git"),
        "GIT_WORK_TREE": str(fork.folder),
        "GIT_CONFIG_GLOBAL": os.devnull,
        **{
            f"GIT_{who}_{what}": "a@b.example"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        },
    }
    subprocess.run(["git", "init", "--quiet"], cwd=fork.folder, env=environment, check=True)
    # Asked anew: the emulator gives the API another address when its definition changes.
    health = fork.deployment().request("/health")
    assert health.status == 200, health.body
    before = health.json()["model"]

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
