"""`start-api`: serve what `make build` made, in a container, with the real `sam local start-api`."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

from skylayer import project
from skylayer.aws import sam
from skylayer.aws.resolved_template import resolve
from skylayer.commands.variables import Variable, port, switch, whole
from skylayer.errors import UserError

if TYPE_CHECKING:
    from skylayer.commands.variables import Options

NAME = "template.local.json"
VARIABLES = (
    Variable("PORT", "port of the API (default 3000)", port, 3000),
    Variable("MEMORY", "memory of the function in MB", whole),
    Variable("SKIP_PULL_IMAGE", "1: don't pull the image", switch, False),
)
EXAMPLES = ("make build && make start-api PORT=3000",)


def run(options: Options) -> int:
    """Resolve the conditions of the built template, since SAM refuses them here, and start."""
    from samcli.yamlhelper import yaml_parse

    parameters = {"MemorySize": str(options.memory)} if options.memory else {}
    built = sam.BUILD / "template.yaml"
    if not built.is_file():
        raise UserError("There is no build in .aws-sam/build: run make build.")
    # SAM knows no keys here, so none are asked for.
    resolved = resolve(
        yaml_parse(built.read_text(encoding="utf-8")), {**parameters, "Authentication": "none"}
    )
    (sam.BUILD / NAME).write_text(json.dumps(resolved, default=str), encoding="utf-8")
    command = [project.program("sam"), "local", "start-api", "--template", str(sam.BUILD / NAME)]
    command += ["--host", "127.0.0.1", "--port", str(options.port), "--warm-containers", "LAZY"]
    command += ["--skip-pull-image"] if options.skip_pull_image else []
    if parameters:
        command += ["--parameter-overrides", *sam.as_arguments(parameters)]
    environment = {"AWS_DEFAULT_REGION": "us-east-1", **os.environ, "SAM_CLI_TELEMETRY": "0"}
    return subprocess.run(command, cwd=project.ROOT, env=environment, check=False).returncode  # noqa: S603
