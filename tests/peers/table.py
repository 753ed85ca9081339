"""The table of docs/call.md."""

from __future__ import annotations

import tempfile
from pathlib import Path

from peers.clients import CASES, row_of, served

PAGE = Path(__file__).parents[2] / "docs" / "call.md"
START, END = "<!-- python -m peers -->\n", "<!-- end of what python -m peers writes -->\n"
HEADING = "| client | sends | gets |\n|---|---|---|\n"


def table() -> str:
    """Every case's line, below the heading."""
    with tempfile.TemporaryDirectory() as directory:
        ask = served(Path(directory))
        return HEADING + "".join(f"{row_of(case, ask(case))}\n" for case in CASES)


def written(page: str) -> str:
    """The table that the page has."""
    return page.partition(START)[2].partition(END)[0]


def rewritten(page: str) -> str:
    """The page with the table as it is now."""
    before, _, rest = page.partition(START)
    return f"{before}{START}{table()}{END}{rest.partition(END)[2]}"
