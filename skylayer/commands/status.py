"""`status`: print address and key of what runs on this machine, as lines that a shell can eval."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

from skylayer.aws import emulator, local_stack
from skylayer.commands.up import EMULATOR
from skylayer.errors import UserError

if TYPE_CHECKING:
    from skylayer.commands.variables import Options, Variable

VARIABLES: tuple[Variable, ...] = ()
EXAMPLES = (
    "make status",
    'eval "$(make status)"; curl -s "$URL/health"',
)


def run(options: Options) -> int:  # noqa: ARG001
    """Print URL, API_KEY, MODEL and ENGINE; 1, and nothing to eval, when nothing runs."""
    running = emulator.running(EMULATOR)
    found = local_stack.find(running) if running else None
    if found is None:
        print("Nothing runs here: make up starts it.", file=sys.stderr)
        return 1
    answer = found.request("/model")
    if answer.status != 200:  # noqa: PLR2004
        raise UserError(f"GET /model answered {answer.status}; make logs shows why.")
    model = answer.json()
    lines = {
        "URL": found.url,
        "API_KEY": found.api_key,
        "MODEL": f"{model['name']}/{model['version']}",
        "ENGINE": model["engine"],
    }
    for name, value in lines.items():
        print(f"{name}={shlex.quote(value)}")
    return 0
