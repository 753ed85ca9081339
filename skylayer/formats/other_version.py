"""A file of another version of scikit-learn: the command that runs, once more, with another version of scikit-learn."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from skylayer import project
from skylayer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

SWITCH = "SKYLAYER_RUNS_WITH_OTHER_VERSION"


class OtherVersion(Exception):
    """The file was written by another scikit-learn than the one that is installed."""

    def __init__(self, written: str, installed: str) -> None:
        super().__init__(f"written by scikit-learn {written}, and {installed} is installed")
        self.written = written
        self.installed = installed


def runs_with_it() -> bool:
    """Whether this process is the one that `run_with` started."""
    return SWITCH in os.environ


def run_with(version: str, verb: str, given: Sequence[str]) -> None:
    """Run a verb in an environment that uv makes for that version of scikit-learn.

    Args:
        version: What wrote the file, and what is to open it.
        verb: Of the command line.
        given: Its NAME=value.

    Raises:
        UserError: It failed there.
    """
    print(f"Written by scikit-learn {version}: {verb} runs with that version.", file=sys.stderr)
    command = [project.uv(), "run", "--frozen", "--quiet", "--group", "formats", "--group", "estimators"]
    command += ["--with", f"scikit-learn=={version}", "python", "-m", "skylayer", verb, *given]
    environment = {**os.environ, SWITCH: "1"}
    done = subprocess.run(command, cwd=project.ROOT, env=environment, check=False)  # noqa: S603
    if done.returncode:
        raise UserError(
            f"The {verb} with scikit-learn {version} failed. If it can't be installed on this Python, load the file "
            "where it was written and fit it again with the current version."
        )
