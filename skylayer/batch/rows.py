"""Where rows end: the text of a file becomes blocks of whole rows, as they came, byte by byte."""

from __future__ import annotations

import ctypes
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

from serving.engines.json_reader import pointer_to
from serving.engines.native import find_kernel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    # From a text, and whether it is the last of its document, to where its rows end.
    FindEnds = Callable[[bytes, bool], array[int]]

ROWS = 10_000  # of a block, at most
LONGEST_ROW = 1 << 26  # bytes
_NUMBER = 8


class BadRow(Exception):
    """Why a file can't be scored, and where the row that shows it begins: its first byte, counted from 0."""

    def __init__(self, byte: int, detail: str) -> None:
        super().__init__(f"byte {byte}: {detail}")
        self.byte = byte
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Block:
    """Rows that follow one another.

    Attributes:
        start: Where the first begins, in bytes from the start of the document.
        text: All of them, with their line breaks.
        ends: Where each ends in the text, behind its line break.
    """

    start: int
    text: bytes
    ends: array[int]

    def start_of(self, row: int) -> int:
        """Where a row begins in the text."""
        return self.ends[row - 1] if row else 0

    def row(self, row: int) -> bytes:
        """A row's bytes."""
        return self.text[self.start_of(row) : self.ends[row]]

    def rows(self) -> Iterator[bytes]:
        """Each row's bytes."""
        start = 0
        for end in self.ends:
            yield self.text[start:end]
            start = end


def csv_ends() -> FindEnds:
    """What finds the ends of at most `ROWS` rows of CSV; it raises ValueError for a text that is none."""
    find = find_kernel().skylayer_csv_ends
    find.restype = ctypes.c_int64
    find.argtypes = (ctypes.c_char_p, ctypes.c_uint64, ctypes.c_int32, ctypes.c_uint64, ctypes.c_void_p)

    def ends(text: bytes, last: bool) -> array[int]:
        found = bytearray(_NUMBER * ROWS)
        count = find(text, len(text), last, ROWS, pointer_to(found))
        if count < 0:
            raise ValueError("quotes are never closed, or something follows them before the next comma")
        result = array("Q")
        result.frombytes(memoryview(found)[: _NUMBER * count])
        return result

    return ends


def line_ends(text: bytes, last: bool) -> array[int]:
    """Where at most `ROWS` lines end."""
    result = array("Q")
    end = 0
    while len(result) < ROWS and (found := text.find(b"\n", end)) >= 0:
        end = found + 1
        result.append(end)
    if last and end < len(text) and len(result) < ROWS:
        result.append(len(text))
    return result


def blocks(pieces: Iterable[bytes], ends: FindEnds, start: int = 0) -> Iterator[Block]:
    """The rows of a text that comes in pieces, begins at byte `start` of its document and ends with a row.

    Raises:
        BadRow: What separates rows is damaged, or a row is longer than `LONGEST_ROW`.
    """
    rest = b""
    for piece, last in _with_last(pieces):
        rest += piece
        while rest and (found := _found(rest, ends, start, last=last)):
            yield Block(start, rest[: found[-1]], found)
            start += found[-1]
            rest = rest[found[-1] :]
        if len(rest) > LONGEST_ROW:
            raise BadRow(start, f"a row is longer than {LONGEST_ROW >> 20} MB: are its quotes never closed?")


def _with_last(pieces: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each piece, and whether the text ends with it."""
    before = None
    for piece in pieces:
        if before is not None:
            yield before, False
        before = piece
    if before is not None:
        yield before, True


def _found(text: bytes, ends: FindEnds, start: int, *, last: bool) -> array[int]:
    try:
        return ends(text, last)
    except ValueError as error:
        raise BadRow(start, f"{error}") from None
