"""`client`: a typed client of the champion's API, by the generator that its language's users know."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from skylayer import project
from skylayer.commands.openapi import document_of
from skylayer.commands.variables import Variable, one_of
from skylayer.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from skylayer.commands.variables import Options

CLIENTS = project.ROOT / "clients"
LANGUAGES = ("python", "typescript")
TYPESCRIPT_GENERATOR = "openapi-typescript@7.13.0"
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
    """A package with a function for each route, synchronous and asynchronous, over httpx."""
    target = CLIENTS / "python"
    command = [project.program("openapi-python-client"), "generate", "--path", str(source)]
    _generate([*command, "--output-path", str(target), "--overwrite", "--meta", "uv"])
    return target


def generate_typescript(source: Path) -> Path:
    """The types of every request and answer, for openapi-fetch or any other client."""
    npx = shutil.which("npx")
    if npx is None:
        raise UserError("npx is not on PATH: install Node.js, which has it, or use LANG=python.")
    target = CLIENTS / "typescript" / "api.ts"
    target.parent.mkdir(exist_ok=True)
    _generate([npx, "--yes", TYPESCRIPT_GENERATOR, str(source), "--output", str(target)])
    return target


def _generate(command: list[str]) -> None:
    done = subprocess.run(  # noqa: S603 - a generator of the locked environment, or the version named above
        command, cwd=CLIENTS, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise UserError(f"The generator failed: {(done.stderr or done.stdout).strip()[-500:]}")
