"""A fork merges the template by the commands of docs/upgrade.md, and keeps what is its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "upgrade.md").read_text(encoding="utf-8")
ONCE, EACH_TIME, WITHOUT_HISTORY = re.findall(r"^```sh\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
PERSON = {f"GIT_{who}_{what}": "a@b.example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
FIRST = {
    "Makefile": "verbs:\n\techo one\n",
    "template.yaml": "".join(f"Resource{number}:\n" for number in range(50)),
    "training/pipeline.py": 'NAME = "penguins"\n',
    "docs/openapi.json": '{"title": "penguins"}\n',
    "model_artifacts/champion": "penguins/1\n",
    "model_artifacts/penguins/1/manifest.json": '{"name": "penguins"}\n' * 5,
}
SECOND = {
    "Makefile": "verbs:\n\techo two\n",
    "training/pipeline.py": 'NAME = "penguins"\nSEED = 1\n',
    "docs/openapi.json": '{"title": "penguins", "version": 2}\n',
    "model_artifacts/champion": "penguins/2\n",
    "model_artifacts/penguins/1/manifest.json": None,
    "model_artifacts/penguins/2/manifest.json": '{"name": "penguins"}\n' * 5 + "2\n",
}
YOURS = {
    "training/pipeline.py": 'NAME = "wine"\n',
    "docs/openapi.json": '{"title": "wine"}\n',
    "model_artifacts/champion": "wine/9\n",
    "model_artifacts/penguins/1/manifest.json": None,
    "model_artifacts/wine/9/manifest.json": '{"name": "penguins"}\n' * 5 + "wine\n",
}


def sh(folder: Path, commands: str, **more: str) -> str:
    environment = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["sh", "-euc", commands],
        cwd=folder,
        env={**environment, **PERSON, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", **more},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def commit(folder: Path, files: Mapping[str, str | None], message: str) -> None:
    for name, text in files.items():
        path = folder / name
        if text is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    sh(folder, f"git add --all . && git commit --quiet -m '{message}'")


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """The template's repository, with this project's own .gitattributes."""
    folder = tmp_path / "template"
    folder.mkdir()
    sh(folder, "git init --quiet -b main")
    shutil.copyfile(ROOT / ".gitattributes", folder / ".gitattributes")
    commit(folder, {"Makefile": "verbs:\n"}, "Before the fork")
    commit(folder, FIRST, "First")
    return folder


@pytest.mark.parametrize("history", [True, False])
def test_a_fork_keeps_its_own_and_takes_the_rest(template: Path, tmp_path: Path, *, history: bool) -> None:
    fork = tmp_path / "fork"
    sh(tmp_path, f"git clone --quiet '{template}' fork && git -C fork remote remove origin")
    if not history:
        shutil.rmtree(fork / ".git")
        sh(fork, "git init --quiet -b main && git add . && git commit --quiet -m Fork")
    commit(fork, YOURS, "Serve the wines")
    commit(template, SECOND, "Second")

    sh(fork, ONCE, TEMPLATE=str(template))
    if not history:
        sh(fork, WITHOUT_HISTORY)
        began = sh(template, "git log -1 --format=%H --grep=First").strip()
        assert began in sh(fork, "git log -1 --format=%B")
        assert sh(fork, "git diff --stat HEAD~1 HEAD") == ""
    sh(fork, EACH_TIME)

    assert sh(fork, "git status --porcelain") == ""
    for name, text in YOURS.items():
        if text is not None:
            assert (fork / name).read_text(encoding="utf-8") == text
    assert (fork / "Makefile").read_text(encoding="utf-8") == SECOND["Makefile"]
    assert not (fork / "model_artifacts" / "penguins" / "1" / "manifest.json").exists()
    commit(template, {"Makefile": "verbs:\n\techo three\n"}, "Third")
    sh(fork, EACH_TIME)
    assert "three" in (fork / "Makefile").read_text(encoding="utf-8")
