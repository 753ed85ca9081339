"""The README's `sam init` makes a folder of its own, whatever is in the one that it is called from."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from skylayer import project

ROOT = Path(__file__).parents[2]
LINES = [
    line
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    for line in re.findall(r"`(sam init [^`]+)`", page.read_text(encoding="utf-8"))
]


def test_the_readme_has_the_line() -> None:
    assert LINES


@pytest.mark.slow
@pytest.mark.parametrize("line", LINES)
def test_a_fork_is_made_beside_what_is_there(line: str, tmp_path: Path) -> None:
    template = tmp_path / "template"
    template.mkdir()
    for name in ("README.md", ".gitattributes", ".gitignore"):
        (template / name).write_bytes((ROOT / name).read_bytes())
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.example"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "First"]):
        subprocess.run([*git, *command], cwd=template, check=True)
    here = tmp_path / "here"
    here.mkdir()
    (here / "README.md").write_text("mine", encoding="utf-8")
    _, *words = line.replace("git+https://…", f"git+file://{template}").split()
    environment = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
    subprocess.run(
        [project.program("sam"), *words, "--no-input"],
        cwd=here,
        env={**environment, "SAM_CLI_TELEMETRY": "0"},
        check=True,
        capture_output=True,
        timeout=300,
    )
    assert (here / "README.md").read_text(encoding="utf-8") == "mine"
    (made,) = [path for path in here.iterdir() if path.is_dir()]
    assert {"README.md", ".gitattributes", ".gitignore"} <= {path.name for path in made.iterdir()}
