"""`make test FORK=1`: all that a fork's own `make test` runs, in a fork as the README makes one."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from e2e.fork import NOT_INHERITED, copy_project
from e2e.yours import make_it_yours


def main() -> int:
    """Make the fork and run its verbs until one fails: its exit code, or 0."""
    environment = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    with tempfile.TemporaryDirectory() as folder:
        fork = Path(folder) / "a fork"
        copy_project(fork)
        make_it_yours(fork)
        for verb in ("train", "test"):
            code = subprocess.run(["make", verb], cwd=fork, env=environment, check=False).returncode
            if code:
                return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
