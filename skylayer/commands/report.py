"""`report`: open the champion's model card."""

from __future__ import annotations

import webbrowser
from typing import TYPE_CHECKING

from serving.artifact import MODEL_CARD_PAGE
from skylayer import project
from skylayer.errors import UserError

if TYPE_CHECKING:
    from skylayer.commands.variables import Options, Variable

VARIABLES: tuple[Variable, ...] = ()
EXAMPLES = ("make report",)


def run(options: Options) -> None:  # noqa: ARG001
    """Open the page in a browser, and say where it is for machines that have none."""
    page = project.champion() / MODEL_CARD_PAGE
    if not page.is_file():
        raise UserError(f"{page.parent} has no {page.name}: run `make train`.")
    print(page)
    webbrowser.open(page.as_uri())
