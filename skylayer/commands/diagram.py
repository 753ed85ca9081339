"""`diagram`: draw template.yaml into docs/architecture.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skylayer import project
from skylayer.aws.diagram import draw

if TYPE_CHECKING:
    from skylayer.commands.variables import Options, Variable

PAGE = project.ROOT / "docs" / "architecture.md"
TEMPLATE = project.ROOT / "template.yaml"
FENCE = "```mermaid\n", "```\n"
VARIABLES: tuple[Variable, ...] = ()
EXAMPLES = ("make diagram",)


def run(options: Options) -> None:  # noqa: ARG001
    """Put the picture in the page in place of the one before."""
    PAGE.write_text(redrawn(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"Drew {TEMPLATE.name} into {PAGE.relative_to(project.ROOT)}.")


def redrawn(page: str) -> str:
    """The page with the picture of the template as it is now."""
    from samcli.yamlhelper import yaml_parse

    text = TEMPLATE.read_text(encoding="utf-8")
    before, rest = page.split(FENCE[0], 1)
    after = rest.split(FENCE[1], 1)[1]
    return before + FENCE[0] + draw(text, yaml_parse(text)) + FENCE[1] + after
