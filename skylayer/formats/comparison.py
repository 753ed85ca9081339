"""What a version weighs in each format, and how long it takes to open: the table of docs/formats.md."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from skylayer.errors import UserError
from skylayer.formats.exporting import FORMATS, export

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BEGIN, END = "<!-- written by make formats -->", "<!-- end of what make formats writes -->"
_ROUNDS = 5


@dataclass(frozen=True)
class Measurement:
    """One format of one version; both are None where the version can't be exported so.

    Attributes:
        bytes: Size of the file.
        seconds: Processor time of opening it, the least of several rounds.
    """

    bytes: int | None
    seconds: float | None


def measure(folder: Path, home: Path) -> dict[str, Measurement]:
    """Export a version in every format and open each file, in turn, several times.

    Args:
        folder: The artifact.
        home: A folder for the files.
    """
    paths: dict[str, Path] = {}
    for name, form in FORMATS.items():
        path = home / f"{folder.name}{form.ending}"
        try:
            export(folder, name, path)
        except UserError:
            continue
        paths[name] = path
    least: dict[str, float] = {}
    for _ in range(_ROUNDS):
        for name, path in paths.items():
            start = time.thread_time()
            FORMATS[name].load(path)
            least[name] = min(least.get(name, float("inf")), time.thread_time() - start)
    return {
        name: Measurement(paths[name].stat().st_size, least[name])
        if name in paths
        else Measurement(None, None)
        for name in FORMATS
    }


def as_markdown(models: Sequence[tuple[str, dict[str, Measurement]]]) -> str:
    """The comparison as Markdown, formats down and models across.

    Args:
        models: What each model is called, and its measurements.
    """
    titles = [cell for name, _ in models for cell in (f"{name}, kB", "opens in")]
    lines = [
        f"| format | {' | '.join(titles)} | safe if the source isn't trusted | opens with |",
        "|---" * (len(titles) + 3) + "|",
    ]
    for name, form in FORMATS.items():
        cells = [cell for _, measured in models for cell in _cells(measured, name)]
        lines.append(f"| {name} | {' | '.join(cells)} | {form.safe} | {form.elsewhere} |")
    return "\n".join(lines)


def rewrite(page: str, inner: str) -> str:
    """A page with another text between its marks.

    Raises:
        UserError: The page has no marks.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise UserError(f"The page has no {BEGIN} and {END}, between which the table stands.")
    return f"{before}{BEGIN}\n\n{inner}\n\n{END}{after}"


def _cells(measured: dict[str, Measurement], name: str) -> tuple[str, str]:
    one = measured[name]
    if one.bytes is None or one.seconds is None:
        return "refused", ""
    fastest = min(other.seconds for other in measured.values() if other.seconds is not None)
    return f"{one.bytes / 1000:,.0f}", f"{one.seconds / fastest:,.1f} ×"  # noqa: RUF001
