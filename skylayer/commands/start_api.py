"""`start-api`: the real `sam local start-api`, in a container, on what `make build` made."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

from skylayer import project
from skylayer.aws import sam
from skylayer.aws.resolved_template import resolve
from skylayer.commands import options as numbers
from skylayer.errors import UserError

if TYPE_CHECKING:
    import argparse

NAME = "template.local.json"
EXAMPLES = ("make build && make start-api PORT=3000",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the port, the memory, and whether the image is here already."""
    parser.add_argument("--port", default="3000")
    parser.add_argument("--memory", help="memory of the function in MB")
    parser.add_argument("--skip-pull-image", action="store_true")


def run(options: argparse.Namespace) -> int:
    """Resolve the conditions of the built template, since SAM refuses them here, and start."""
    from samcli.yamlhelper import yaml_parse

    port = numbers.port(options.port)
    parameters = {"MemorySize": str(numbers.whole("memory", options.memory))} if options.memory else {}
    built = sam.BUILD / "template.yaml"
    if not built.is_file():
        raise UserError("There is no build in .aws-sam/build: run make build.")
    # SAM knows no keys here, so none are asked for.
    resolved = resolve(
        yaml_parse(built.read_text(encoding="utf-8")), {**parameters, "Authentication": "none"}
    )
    (sam.BUILD / NAME).write_text(json.dumps(resolved, default=str), encoding="utf-8")
    command = [project.program("sam"), "local", "start-api", "--template", str(sam.BUILD / NAME)]
    command += ["--host", "127.0.0.1", "--port", str(port), "--warm-containers", "LAZY"]
    command += ["--skip-pull-image"] if options.skip_pull_image else []
    if parameters:
        command += ["--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items())]
    environment = {"AWS_DEFAULT_REGION": "us-east-1", **os.environ, "SAM_CLI_TELEMETRY": "0"}
    return subprocess.run(command, cwd=project.ROOT, env=environment, check=False).returncode  # noqa: S603
