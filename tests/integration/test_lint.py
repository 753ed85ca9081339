"""What lint looks at: the project, and not what its verbs have fetched and built."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("folder", [".skylayer/uv", ".aws-sam/build/PredictFunction", ".venv/lib"])
def test_a_fork_without_git_lints_only_what_is_its_own(folder: str, tmp_path: Path) -> None:
    # Without a repository ruff reads no .gitignore, and `sam init` makes a fork that has none.
    shutil.copyfile(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")
    foreign = tmp_path / folder / "foreign.py"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("import os\n", encoding="utf-8")
    own = tmp_path / "skylayer" / "own.py"
    own.parent.mkdir()
    own.write_text("import os\n", encoding="utf-8")
    shown = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--show-files", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "own.py" in shown
    assert "foreign.py" not in shown
