"""`build`: build for AWS, with the real `sam build`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rich.console import Console

from skylayer import project
from skylayer.aws import sam
from skylayer.commands import stack_options
from skylayer.commands.variables import Variable, one_of
from skylayer.errors import UserError
from skylayer.packaging import build_cache, golden_check, template_events, template_quotas

if TYPE_CHECKING:
    from pathlib import Path

    from skylayer.commands.variables import Options

ARCHITECTURES = ("x86_64", "arm64")
DEFAULT_ARCHITECTURE = ARCHITECTURES[0]
VARIABLES = (
    *stack_options.SECTION,
    Variable(
        "ARCHITECTURE",
        "x86_64 or arm64 (default: what samconfig.toml says, or x86_64)",
        one_of(*ARCHITECTURES),
    ),
)
EXAMPLES = (
    "make build",
    "make build ARCHITECTURE=arm64",
)


def run(options: Options) -> None:
    """Build everything into .aws-sam/build."""
    architecture = build(stack_options.section(options), asked_architecture(options))
    print(f"Built for {architecture}: {sam.BUILD.relative_to(project.ROOT)}")


def build(config_env: str, asked: str | None) -> str:
    """Run `sam build` for the architecture of the environment, and say which one that is."""
    architecture = agreed_architecture(asked, sam.overrides(config_env).get("Architecture"), config_env)
    console = Console(highlight=False)
    with console.status("sam build") as status:
        sam.run(
            ["build", "--config-env", config_env, "--parameter-overrides", f"Architecture={architecture}"],
            {**os.environ, "ARCHITECTURE": architecture},
            project.STATE / "logs" / "sam-build.log",
            lambda line: status.update(f"sam build [dim]{line.replace('[', '(')[:100]}[/dim]"),
        )
    check_template(sam.BUILD)
    prove()
    return architecture


def check_template(folder: Path) -> None:
    """Refuse a built template that asks for more than AWS gives, or whose events SAM ignores. Raises UserError."""
    from samcli.yamlhelper import yaml_parse

    template = yaml_parse((folder / "template.yaml").read_text(encoding="utf-8"))
    template_quotas.check_template(template)
    template_events.check_template(template)


def prove() -> None:
    """Replay the golden rows through what was built, or say why that can't be done here.

    Raises UserError if it answers otherwise, or isn't the champion.
    """
    build_cache.check_model(sam.BUILD, project.champion())
    hindered = golden_check.check_build(sam.BUILD)
    if hindered:
        print(f"The golden rows were not replayed on this machine: {hindered}.")


def asked_architecture(options: Options) -> str | None:
    """What ARCHITECTURE says, here or in the environment, which plain `sam build` reads, too."""
    return options.architecture or os.environ.get("ARCHITECTURE")


def agreed_architecture(asked: str | None, configured: str | None, config_env: str) -> str:
    """The architecture that both the call and samconfig.toml mean. Raises UserError where they differ."""
    if asked and configured and asked != configured:
        raise UserError(
            f"ARCHITECTURE is {asked}, but the environment {config_env} of samconfig.toml sets Architecture="
            f"{configured}: change one of them."
        )
    return asked or configured or DEFAULT_ARCHITECTURE
