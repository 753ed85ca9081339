"""What the verbs on the project's own code share: each runs programs of its environment."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from skylayer import project

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from skylayer.commands.variables import Options


def run_all(lines: Iterable[Sequence[str]]) -> int:
    """Run programs of the environment one after the other, until one fails: its exit code, or 0."""
    environment = {**os.environ, "SAM_CLI_TELEMETRY": "0"}
    for program, *arguments in lines:
        command = [project.program(program), *arguments]
        code = subprocess.run(command, cwd=project.ROOT, env=environment, check=False).returncode  # noqa: S603
        if code:
            return code
    return 0


def run_module(name: str, *arguments: str) -> int:
    """Run a module of benchmarks/ or tests/, which the product itself never imports: its exit code."""
    environment = {**os.environ, "PYTHONPATH": str(project.ROOT / "tests")}
    command = [sys.executable, "-m", name, *arguments]
    return subprocess.run(command, cwd=project.ROOT, env=environment, check=False).returncode  # noqa: S603


def flags(options: Options) -> list[str]:
    """What was given, as that module's own parser takes it."""
    given = [pair.partition("=") for pair in options.given]
    return [
        f"--{name.lower()}" if getattr(options, name.lower()) is True else f"--{name.lower()}={text}"
        for name, _, text in given
        if text
    ]
