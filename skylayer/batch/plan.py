"""Cut a file into ranges of whole rows, which are scored independently of one another."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from skylayer.batch.rows import blocks, csv_ends
from skylayer.batch.source import CSV, pieces
from skylayer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skylayer.batch.rows import FindEnds
    from skylayer.batch.source import Source

RANGE = 8 << 20  # bytes, about
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Range:
    """Bytes of a file that hold whole rows: from `start` to `stop`; to its end where `stop` is None."""

    start: int
    stop: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    """How a file is scored.

    Attributes:
        header: The first row of CSV as it came, its line break included; empty in JSON Lines.
        ranges: What follows it, in order.
    """

    header: bytes
    ranges: tuple[Range, ...]


def plan(source: Source, size: int) -> Plan:
    """The ranges of a file, each of about `size` bytes; a compressed file is one.

    Quotes may hide line breaks, so where there are quotes each row's end is looked for; without any, the line
    breaks near the cuts will do.

    Raises:
        UserError: It has no rows.
        BadRow: What separates them is damaged.
    """
    header = _header(source) if source.format == CSV else b""
    if source.compressed:
        return Plan(header, (Range(len(header), None),))
    quoted = source.format == CSV and any(b'"' in piece for piece in pieces(source, len(header)))
    cuts = (
        _cuts_by_row(source, len(header), size, csv_ends())
        if quoted
        else _cuts_by_line(source, len(header), size)
    )
    edges = [len(header), *cuts, source.size]
    return Plan(header, tuple(Range(a, b) for a, b in itertools.pairwise(edges) if a < b))


def _header(source: Source) -> bytes:
    found = blocks(pieces(source), csv_ends())
    first = next(found, None)
    if first is None or (len(first.ends) == 1 and next(found, None) is None):
        raise UserError(f"{source.path} has a header and no rows.")
    return first.row(0)


def _cuts_by_line(source: Source, start: int, size: int) -> Iterator[int]:
    with source.path.open("rb") as file:
        for wanted in range(start + size, source.size, size):
            file.seek(wanted)
            if file.readline().endswith(b"\n"):
                yield file.tell()


def _cuts_by_row(source: Source, start: int, size: int, ends: FindEnds) -> Iterator[int]:
    cut = start
    for block in blocks(pieces(source, start), ends, start):
        for end in block.ends:
            if block.start + end - cut >= size:
                cut = block.start + end
                yield cut


def without_mark(header: bytes) -> bytes:
    """A header without the byte order mark that some programs write before it."""
    return header.removeprefix(_BYTE_ORDER_MARK)
