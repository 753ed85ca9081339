"""`client`: generate a typed client of the champion's API."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from serving.http import JSON
from skylayer import project
from skylayer.commands.openapi import document_of
from skylayer.commands.variables import Variable, one_of
from skylayer.errors import UserError
from skylayer.node import programs

if TYPE_CHECKING:
    from skylayer.commands.variables import Options

CLIENTS = project.ROOT / "clients"
LANGUAGES = ("python", "typescript")
VARIABLES = (Variable("LANG", " or ".join(LANGUAGES), one_of(*LANGUAGES), required=True),)
EXAMPLES = (
    "make client LANG=python",
    "make client LANG=typescript",
)


def run(options: Options) -> None:
    """Generate the client into clients/."""
    CLIENTS.mkdir(exist_ok=True)
    source = CLIENTS / "openapi.json"
    source.write_text(document_of(project.champion()), encoding="utf-8")
    made = (generate_python if options.lang == "python" else generate_typescript)(source)
    print(f"Wrote {made.relative_to(project.ROOT)}.")


def generate_python(source: Path) -> Path:
    """A package with a function for each route, synchronous and asynchronous, over httpx.

    Raises:
        UserError: The generator failed, or would have left something out.
    """
    target = CLIENTS / "python"
    spoken = CLIENTS / "openapi-json.json"
    spoken.write_text(_json_alone(source.read_text(encoding="utf-8")), encoding="utf-8")
    command = [project.program("openapi-python-client"), "generate", "--path", str(spoken)]
    _generate([*command, "--output-path", str(target), "--overwrite", "--meta", "uv", "--fail-on-warning"])
    return target


def generate_typescript(source: Path) -> Path:
    """The types of every request and answer, for openapi-fetch or any other client.

    Raises:
        UserError: The generator failed, or there is no Node.js.
    """
    if not programs.available():
        raise UserError("npm is not on PATH: install Node.js, which has it, or use LANG=python.")
    target = CLIENTS / "typescript" / "api.ts"
    target.parent.mkdir(exist_ok=True)
    _generate(programs.command("openapi-typescript", str(source), "--output", str(target)))
    return target


def _json_alone(document: str) -> str:
    """A document whose bodies are JSON alone: the generator of Python can send no others, and warns of each."""
    described = json.loads(document)
    for methods in described.get("paths", {}).values():
        for operation in methods.values():
            if "requestBody" in operation:
                content = operation["requestBody"]["content"]
                operation["requestBody"]["content"] = {JSON: content[JSON]}
    return json.dumps(described)


def _generate(command: list[str]) -> None:
    # The generator of Python formats what it writes with the ruff of its environment.
    path = os.pathsep.join([str(Path(sys.prefix) / "bin"), os.environ.get("PATH", "")])
    done = subprocess.run(  # noqa: S603 - a generator of a locked environment
        command,
        cwd=CLIENTS,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise UserError(f"The generator failed: {(done.stderr or done.stdout).strip()[-500:]}")
