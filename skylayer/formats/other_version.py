"""The command that runs, once more, with another version of scikit-learn."""

from __future__ import annotations

import subprocess
import sys

from skylayer import project
from skylayer.errors import UserError


def run_with(version: str, verb: str) -> None:
    """Run this very command in an environment that uv makes for that version of scikit-learn.

    Args:
        version: What wrote the file, and what is to open it.
        verb: Of the command, for messages.

    Raises:
        UserError: It failed there.
    """
    print(f"Written by scikit-learn {version}: {verb} runs with that version.", file=sys.stderr)
    command = [project.uv(), "run", "--frozen", "--quiet", "--group", "formats", "--group", "estimators"]
    command += ["--with", f"scikit-learn=={version}", "python", "-m", "skylayer", *sys.argv[1:]]
    done = subprocess.run([*command, "--in-its-environment"], cwd=project.ROOT, check=False)  # noqa: S603
    if done.returncode:
        raise UserError(
            f"The {verb} with scikit-learn {version} failed. If it can't be installed on this Python, load the file "
            "where it was written and fit it again with the current version."
        )
