"""What the verbs on a stack share: which stack is meant, in your AWS account or on the emulator of this machine."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from skylayer import project
from skylayer.aws import emulator, sam
from skylayer.aws.stacks import Stack
from skylayer.commands.variables import Variable, one_of, switch
from skylayer.errors import UserError

if TYPE_CHECKING:
    from skylayer.aws.emulator import Emulator
    from skylayer.commands.variables import Options

# dev is what plain `sam deploy` takes.
SECTIONS = {"dev": "default", "prod": "prod"}
SECTION = (
    Variable("ENV", "dev (default) or prod", one_of(*SECTIONS)),
    Variable("CONFIG_ENV", "another section of samconfig.toml instead of ENV"),
)
VARIABLES = (*SECTION, Variable("LOCAL", "1: the stack on the emulator that make up started", switch, False))


def section(options: Options) -> str:
    """The section of samconfig.toml that ENV or CONFIG_ENV means. Raises UserError where both are given."""
    if options.env and options.config_env:
        raise UserError("ENV and CONFIG_ENV both name a section of samconfig.toml: give one of them.")
    return options.config_env or SECTIONS[options.env or "dev"]


def chosen(options: Options) -> Stack:
    """The stack that the options name; for LOCAL=1, AWS programs are pointed to the emulator. Raises UserError."""
    if options.local:
        if options.env or options.config_env:
            raise UserError("LOCAL=1 means the emulator, and ENV your AWS account: give one of them.")
        running = emulator.running(project.STATE / "emulator")
        if running is None:
            raise UserError("Nothing runs here: make up starts it.")
        return _on(running)
    return Stack(sam.stack_name(section(options)), section(options))


def chosen_or_local(options: Options) -> Stack:
    """As `chosen`; where nothing is said, the stack of this machine's emulator while it runs, saying so."""
    if not (options.local or options.env or options.config_env):
        running = emulator.running(project.STATE / "emulator")
        if running is not None:
            print("On the emulator of this machine; ENV=dev means your AWS account.", file=sys.stderr)
            return _on(running)
    return chosen(options)


def _on(running: Emulator) -> Stack:
    os.environ.update(running.environment)
    return Stack(sam.stack_name("local"), "local")
