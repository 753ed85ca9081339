"""A file to score: its format, whether it is compressed, and the digest that it is known by."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from skylayer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CSV, JSON_LINES = "csv", "jsonl"
ENDINGS = {".csv": CSV, ".jsonl": JSON_LINES, ".ndjson": JSON_LINES}
COMPRESSED = ".gz"
PIECE = 1 << 22  # bytes that are read at a time
_BYTE_ORDER_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it was when it was first looked at.

    Attributes:
        path: Where it is.
        format: `CSV` or `JSON_LINES`.
        compressed: Whether it is a gzip file.
        size: Bytes.
        modified: When it was last written, in nanoseconds since 1970.
        digest: SHA-256 of its bytes, in hexadecimal digits.
    """

    path: Path
    format: str
    compressed: bool
    size: int
    modified: int
    digest: str

    def check_unchanged(self) -> None:
        """Raise UserError if the file isn't what it was."""
        status = self.path.stat()
        if (status.st_size, status.st_mtime_ns) != (self.size, self.modified):
            raise UserError(
                f"{self.path} changed while it was read. Run again when nothing writes it any more."
            )


def look_at(path: Path) -> Source:
    """The file at a path.

    Raises:
        UserError: There is none, its ending isn't known, it is empty, or it isn't UTF-8 by its first bytes.
    """
    kind, compressed = _format(path)
    try:
        with path.open("rb") as file:
            status = path.stat()
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise UserError(f"There is no file {path}. Give one as FILE=rows.csv.") from None
    except OSError as error:
        raise UserError(f"{path} can't be read: {error.strerror}.") from error
    source = Source(path, kind, compressed, status.st_size, status.st_mtime_ns, digest)
    head = next(pieces(source), b"")
    if not head.strip():
        raise UserError(f"{path} is empty. It needs {'a header and rows' if kind == CSV else 'a row'}.")
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if head.startswith(mark):
            raise UserError(
                f"{path} is {encoding}. Write it as UTF-8: iconv -f {encoding} -t UTF-8 {path.name}"
            )
    return source


def pieces(source: Source, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """The text of a file from byte `start` to byte `stop`, a few megabytes at a time.

    Bytes of a compressed file can't be addressed: it comes as a whole.

    Raises:
        UserError: It is no gzip file though its name says so, or a damaged one.
    """
    with source.path.open("rb") as file:
        if source.compressed:
            yield from _decompressed(source, file)
            return
        file.seek(start)
        left = (source.size if stop is None else stop) - start
        while left > 0 and (piece := file.read(min(left, PIECE))):
            left -= len(piece)
            yield piece


def _decompressed(source: Source, file: IO[bytes]) -> Iterator[bytes]:
    try:
        with gzip.GzipFile(fileobj=file) as text:
            while piece := text.read(PIECE):
                yield piece
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{source.path} is no gzip file, or a damaged one: {error}.") from error


def _format(path: Path) -> tuple[str, bool]:
    compressed = path.suffix.lower() == COMPRESSED
    ending = (path.with_suffix("") if compressed else path).suffix.lower()
    if ending not in ENDINGS:
        endings = ", ".join(ENDINGS)
        more = " Parquet: write it as CSV or JSON Lines." if ending == ".parquet" else ""
        raise UserError(f"{path} is named like none of the formats: {endings}, each also with .gz.{more}")
    return ENDINGS[ending], compressed
