"""Files of CSV for the kernel's reader and writer: what they make of a file, Python makes of it, byte by byte."""

from __future__ import annotations

import csv
import io
import os
import random
from functools import cache
from typing import TYPE_CHECKING

from fuzz import bodies, models
from serving.model import Model
from skylayer.batch.csv_rows import CsvScorer
from skylayer.batch.rows import BadRow, blocks, csv_ends
from skylayer.compiler.kernel_build import KERNEL

if TYPE_CHECKING:
    from collections.abc import Callable

_CELLS = (
    "", "0", "-0", "-0.0", "1", "12", "1.5", "41.17", "1e3", "1E-3", "1e400", "9007199254740993", "1234567890123456789",
    "01", "+1", ".5", "1.", "1_0", "NaN", "nan", "NA", "null", "None", " 7", "7 ", "32767", "32768", "-32769", "3.0",
    "true", "True", "false", "FALSE", "1.0", "x", "why", "Ü", "new", "ñew", "p", '"x"', '"1.5"', '""', '"a,b"',
    '"two\nlines"', '"a ""quoted"" word"', 'wh"y', '"x', '"x"y', "=1+1", "\x01", "\t", "a" * 70, "1" + "0" * 400,
)  # fmt: skip
_BREAKS = ("\n", "\n", "\n", "\r\n", "\r")
GOLDEN = [{"a": 41.25, "whole": 12, "flag": True, "straße": "Ü", "unused": "p"}]


@cache
def model() -> Model:
    """The forest, as an artifact would have it."""
    manifest = {
        "name": "fuzzed",
        "version": "0" * 16,
        "input": models.schema(),
        "output": {
            "fields": ["predictions", "probabilities"],
            "classes": ["high", "low", "mid"],
            "targets": ["target"],
        },
    }
    return Model("", manifest, bodies.engine("forest"))


def make(source: random.Random) -> bytes:
    """One file: mostly right, often odd, sometimes broken."""
    names = [column.name for column in model().schema]
    oddness = source.choice((0.0, 0.0, 0.02, 0.2))
    if source.random() < 0.3:
        source.shuffle(names)
    if source.random() < 0.3:
        names.insert(source.randrange(len(names) + 1), source.choice(("id", "target", "", '"two\nlines"')))
    ending = source.choice(_BREAKS)
    lines = [",".join(names)]
    for _ in range(source.choice((1, 2, 3, 17))):
        cells = [
            source.choice(_CELLS) if source.random() < oddness else _usual(source, name) for name in names
        ]
        if source.random() < oddness / 4:
            cells = cells[: source.randrange(len(cells) + 1)]
        lines.append(",".join(cells))
    text = ending.join(lines) + source.choice((ending, ending, ""))
    data = bytearray(text.encode())
    for _ in range(source.choice((0, 0, 0, 0, 1, 3))):
        bodies.damage(source, data)
    return bytes(data)


def _usual(source: random.Random, name: str) -> str:
    usual: dict[str, Callable[[], str]] = {
        "a": lambda: source.choice(("", f"{source.gauss(40, 5):.2f}", repr(source.gauss(0, 1)))),
        "whole": lambda: str(source.randint(-300, 300)),
        "flag": lambda: source.choice(("true", "False")),
        "straße": lambda: source.choice(("x", "why", "Ü", "")),
        "unused": lambda: source.choice(("p", "q", "p", "q", "NA", " p", "nope", "-", "")),
    }
    return usual.get(name, lambda: "17")()


def scored(data: bytes, size: int, *, native: bool) -> tuple[bytes, int, dict[int, str]] | str:
    """What a file becomes, its rows and the reasons by the byte of the row; or what is wrong with all of it.

    Args:
        data: The file.
        size: Bytes of a piece that is read at a time.
        native: Whether the kernel may answer and write rows.
    """
    os.environ[KERNEL] = models.kernel_path()
    ends = csv_ends()
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    try:
        found = list(blocks(pieces, ends))
    except BadRow as error:
        return f"byte {error.byte}: {error.detail}"
    if not found:
        return "empty"
    header = found[0].row(0)
    try:
        scorer = CsvScorer(model(), header, GOLDEN, native=native)
        written, rows = b"", 0
        reasons: dict[int, str] = {}
        for block in blocks([data[len(header) :]], ends, len(header)):
            text, count, refused = scorer.score(block)
            written, rows = written + text, rows + count
            reasons |= {block.start + block.start_of(row): reason for row, reason in refused.items()}
    except BadRow as error:
        return f"byte {error.byte}: {error.detail}"
    except Exception as error:
        if type(error).__name__ != "UserError":
            raise
        return f"{error}"
    return scorer.header + written, rows, reasons


def disagreement(data: bytes, size: int) -> str | None:
    """What is wrong if the kernel makes something else of a file than Python's csv module and our own checks."""
    short, whole = scored(data, size, native=True), scored(data, len(data) or 1, native=False)
    if short != whole:
        return f"the kernel makes {short!r}, Python {whole!r}"
    if isinstance(short, str):
        return None
    before = list(csv.reader(io.StringIO(data.decode(), newline=""), strict=True))
    after = list(csv.reader(io.StringIO(short[0].decode(), newline=""), strict=True))
    if len(before) != len(after):
        return f"{len(before)} rows became {len(after)}"
    width = len(before[0])
    for row, found in zip(before, after, strict=True):
        if row and found[: len(row)] != row:
            return f"the row {row} became {found}"
        if row and any(found[len(row) : width]):
            return f"the short row {row} became {found}"
    return None


def attack(count: int, seed: int, progress: Callable[[], None] = lambda: None) -> tuple[int, int]:
    """Score so many files; return how many were scored, and how many refused as a whole.

    Raises:
        AssertionError: The kernel and Python disagree; the message holds the file.
    """
    taken = 0
    for number in range(count):
        source = random.Random(f"{seed} {number}")  # noqa: S311
        data = make(source)
        wrong = disagreement(data, source.choice((1, 7, 100, 10_000)))
        assert wrong is None, f"seed {seed}, file {number}: {wrong}\n{data!r}"
        taken += not isinstance(scored(data, 10_000, native=True), str)
        progress()
    return taken, count - taken
