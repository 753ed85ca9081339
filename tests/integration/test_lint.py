"""What lint looks at: the project, and not what its verbs have fetched and built or what belongs to a fork."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TRAINING = [ROOT / "training" / name for name in ("__init__.py", "pipeline.py")]
# Of the two files as the template comes with them; whoever changes them there changes this, too.
OURS = "96e49367fb38fc24f4d6f8ca3b4ab2e4a338ea87b4160a9ce494114d859a2bdf"
CALLER = """\
from training.pipeline import load_data


def rows() -> int:
    return len(load_data())
"""


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


def digest(paths: list[Path]) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


def pipelines_of_the_readme() -> list[str]:
    words = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^ *```python\n(.*?)^ *```$", words, flags=re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(block) for block in blocks if "def load_data" in block]


@pytest.mark.parametrize(
    "pipeline", [*pipelines_of_the_readme(), "def  load_data( ) :\n  import os ;X = [ ]"]
)
def test_a_pipeline_of_a_fork_need_only_run(pipeline: str, tmp_path: Path) -> None:
    shutil.copyfile(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")
    yours = tmp_path / "training" / "pipeline.py"
    yours.parent.mkdir()
    (yours.parent / "__init__.py").touch()
    yours.write_text(pipeline, encoding="utf-8")
    extension = tmp_path / "extensions" / "summary" / "app.py"
    extension.parent.mkdir(parents=True)
    extension.write_text(pipeline, encoding="utf-8")
    for folder in ("skylayer", "layers/serving/serving", "functions", "benchmarks"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "__init__.py").write_text('"""Empty."""\n', encoding="utf-8")
    test = tmp_path / "tests" / "test_it.py"
    test.parent.mkdir()
    test.write_text(CALLER, encoding="utf-8")
    for command in ("ruff check .", "ruff format --check .", "mypy"):
        done = subprocess.run(
            [sys.executable, "-m", *command.split()],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_readme_has_a_pipeline() -> None:
    assert len(pipelines_of_the_readme()) == 1


@pytest.mark.slow
@pytest.mark.skipif(digest(TRAINING) != OURS, reason="training/ is not the template's own")
def test_the_pipeline_that_the_template_comes_with_is_held_to_all_rules() -> None:
    # A file that is named is looked at, whatever is excluded; without the settings' overrides mypy follows it, too.
    for command in (
        ["ruff", "check", "--no-force-exclude"],
        ["ruff", "format", "--check", "--no-force-exclude"],
        ["mypy", "--config-file=", "--strict", "--ignore-missing-imports"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command, *map(str, TRAINING)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
