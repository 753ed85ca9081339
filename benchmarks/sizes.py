"""Bytes of a deployment unpacked and zipped; what several variants carry is compressed once."""

from __future__ import annotations

import hashlib
import json
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# Of the zip format: a file's local header and its entry in the directory, besides twice its name; the end.
ENTRY = 30 + 46
END = 22


class Sizes:
    """Measures folders and remembers, in `kept`, how far each content compresses."""

    def __init__(self, kept: Path) -> None:
        self._kept = kept
        self._deflated: dict[str, int] = json.loads(kept.read_text()) if kept.exists() else {}

    def of(self, archives: tuple[Path, ...]) -> dict[str, int]:
        """Bytes of a function and its layers: unpacked and zipped together, and the largest archive of them."""
        measured = [self._folder(folder) for folder in archives]
        return {
            "unpacked": sum(unpacked for unpacked, _ in measured),
            "zipped": sum(zipped for _, zipped in measured),
            "largest archive": max(zipped for _, zipped in measured),
        }

    def _folder(self, folder: Path) -> tuple[int, int]:
        files = [path for path in folder.rglob("*") if path.is_file()]
        with ThreadPoolExecutor() as pool:  # hashing and compressing let other threads run
            compressed = sum(pool.map(self._compressed, files))
        self._kept.parent.mkdir(parents=True, exist_ok=True)
        self._kept.write_text(json.dumps(self._deflated))
        names = sum(ENTRY + 2 * len(str(path.relative_to(folder)).encode()) for path in files)
        return sum(path.stat().st_size for path in files), compressed + names + END

    def _compressed(self, path: Path) -> int:
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        if digest not in self._deflated:
            squeezed = zlib.compressobj(wbits=-zlib.MAX_WBITS)
            self._deflated[digest] = len(squeezed.compress(content)) + len(squeezed.flush())
        return self._deflated[digest]
