"""Spectral's `spectral:oas` and Redocly's recommended rules, each warning an error, on OpenAPI documents."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from skylayer.node import programs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def findings(documents: Sequence[Path]) -> str:
    """What the two say of some documents; empty if they find nothing.

    Raises:
        UserError: They can't be had on this machine.
    """
    names = [str(path) for path in documents]
    spectral = ("--ruleset", str(programs.HERE / "spectral.yaml"), "--fail-severity", "hint", "--quiet")
    redocly = ("--config", str(programs.HERE / "redocly.yaml"), "--format", "stylish")
    lines = (
        programs.command("spectral", "lint", *spectral, *names),
        programs.command("redocly", "lint", *redocly, *names),
    )
    return "".join(map(_complaint, lines))


def _complaint(line: list[str]) -> str:
    environment = {**os.environ, **programs.ENVIRONMENT}
    done = subprocess.run(  # noqa: S603 - a program of the lock file
        line, env=environment, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr if done.returncode else ""
