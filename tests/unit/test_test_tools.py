"""What `make test` says of programs that a machine lacks."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "bin" / "test-tools"


def said(folder: Path, *programs: str) -> subprocess.CompletedProcess[str]:
    """Run the script where there are these programs and no package manager."""
    for name in ("sh", "id", "grep", *programs):
        (folder / name).symlink_to(str(shutil.which(name)))
    return subprocess.run(
        ["sh", str(SCRIPT)],
        env={**os.environ, "PATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_one_line_says_what_is_missing_and_how_it_comes(tmp_path: Path) -> None:
    done = said(tmp_path)
    assert done.returncode == 0
    packages = "chromium chromium-driver qemu-user nodejs curl gcc"
    assert done.stderr == (
        f"Some tests will skip: they need {packages} (Debian: apt-get install {packages}).\n"
    )


def test_one_of_several_programs_is_enough(tmp_path: Path) -> None:
    for name in ("google-chrome", "chromedriver", "qemu-aarch64-static", "node", "curl", "clang"):
        (tmp_path / name).touch(mode=0o755)
    done = said(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
