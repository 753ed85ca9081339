"""`destroy`: delete a stack, list what AWS retains of it, and delete that too when asked."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from skylayer import project
from skylayer.aws import api_keys, stacks
from skylayer.commands import stack_options
from skylayer.commands.variables import Variable, switch
from skylayer.errors import UserError

if TYPE_CHECKING:
    from skylayer.aws.stacks import Stack
    from skylayer.commands.variables import Options

VARIABLES = (
    *stack_options.VARIABLES,
    Variable("STACK", "another stack than the environment's own"),
    Variable("PURGE", "1: delete retained layer versions, too", switch, False),
    Variable("YES", "1: don't ask", switch, False),
)
EXAMPLES = (
    "make destroy",
    "make destroy ENV=prod PURGE=1",
)


def run(options: Options) -> None:
    """Ask, delete the stack by the real `sam delete`, then list or delete what it retains."""
    stack = stack_options.chosen(options)
    if options.stack:
        stack = stacks.Stack(options.stack, stack.config_env)
    stack.describe()
    _confirm(options, stack)
    command = [project.program("sam"), "delete", "--stack-name", stack.name, "--no-prompts"]
    region = stack.client("cloudformation").meta.region_name
    done = subprocess.run(  # noqa: S603
        [*command, "--region", region], env={**os.environ, "SAM_CLI_TELEMETRY": "0"}, check=False
    )
    if done.returncode:
        raise UserError(f"sam delete left {stack.name} as it says above; run make destroy again.")
    gateway = stack.client("apigateway")
    for key in api_keys.made_for(gateway, stack.name):
        gateway.delete_api_key(apiKey=key)
    versions = _retained(stack)
    if options.purge:
        for name, number in versions:
            stack.client("lambda").delete_layer_version(LayerName=name, VersionNumber=number)
        print(f"Deleted {stack.name} and {len(versions)} layer versions.")
    else:
        print(f"Deleted {stack.name}. Retained: {_listed(versions)}.")
    print("SAM's own bucket (stack aws-sam-cli-managed-default) stays, since other stacks may use it.")


def _confirm(options: Options, stack: Stack) -> None:
    if options.yes:
        return
    if not sys.stdin.isatty():
        raise UserError("There is no one to ask: give YES=1 if you mean it.")
    if input(f"Delete {stack.name}, its API and its key for good? Type its name: ").strip() != stack.name:
        raise UserError("Nothing is deleted.")


def _retained(stack: Stack) -> list[tuple[str, int]]:
    client = stack.client("lambda")
    found: list[tuple[str, int]] = []
    for layer in stacks.LAYERS:
        name = f"{stack.name}-{layer}"
        pages: Any = client.get_paginator("list_layer_versions").paginate(LayerName=name)
        found += [(name, version["Version"]) for page in pages for version in page["LayerVersions"]]
    return found


def _listed(versions: list[tuple[str, int]]) -> str:
    if not versions:
        return "nothing"
    return ", ".join(f"{name}:{number}" for name, number in versions) + " (PURGE=1 deletes them)"
