"""Damaged tables for the checker and the kernel: each is refused, or answers without a step outside."""

from __future__ import annotations

import ctypes
import random
import struct
from typing import TYPE_CHECKING, Any

from fuzz import models
from serving.artifact import ArtifactError
from serving.engines.native import NativeEngine, open_kernel
from serving.errors import RowError

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS: list[list[Any]] = [
    [41.5, None, 5e-324, -1.7e308, 1e300, 0.0, -0.0, 3.5e38, 39.0],
    [1, 2, 300, -32768, 32767, 0, 7, 8, 9],
    [True, False] * 4 + [True],
    ["x", "why", "Ü", None, "new", "", "x", "why", "Ü"],
    ["p", "quip", "zzz", "", "Ü", "a to z", "p", "p q", "q"],
]
_WORDS = (
    0,
    1,
    2,
    3,
    7,
    8,
    15,
    16,
    17,
    127,
    128,
    255,
    1 << 16,
    1 << 22,
    1 << 30,
    (1 << 31) - 1,
    1 << 31,
    (1 << 32) - 1,
)


def damaged(table: bytes, source: random.Random) -> bytes:
    """A table with bits flipped, words overwritten, a piece moved or its end cut off."""
    data = bytearray(table)
    near = source.random() < 0.6  # the records and what they point to first are the most rewarding
    for _ in range(source.choice((1, 1, 1, 2, 4, 16))):
        end = min(len(data), 1500) if near else len(data)
        at = source.randrange(max(end - 8, 1))
        what = source.randrange(5)
        if what == 0:
            data[at] ^= 1 << source.randrange(8)
        elif what == 1:
            struct.pack_into("<I", data, at & ~3, source.choice(_WORDS))
        elif what == 2:
            struct.pack_into("<I", data, at & ~3, source.getrandbits(32))
        elif what == 3:
            start = source.randrange(len(data))
            data[at : at + 8] = data[start : start + 8].ljust(8, b"\0")
        else:
            struct.pack_into(
                "<d", data, at & ~7, source.choice((float("nan"), float("inf"), -1.0, 0.0, 1e308))
            )
    if source.random() < 0.1:
        del data[source.randrange(len(data)) :]
    elif source.random() < 0.3 and len(data) >= 24:
        struct.pack_into("<Q", data, 16, len(data))  # so that more than the size is looked at
    return bytes(data)


def attack(count: int, seed: int, progress: Callable[[], None] = lambda: None) -> dict[str, int]:
    """Open so many damaged tables and ask those that are taken; return how many ended how.

    Raises:
        Exception: Anything but a refusal or an answer of the right shape.
    """
    kernel = open_kernel(models.kernel_path())
    names = [column["name"] for column in models.schema()["columns"]]
    tables = list(models.tables().values())
    outcomes = {"refused": 0, "answered": 0, "rows refused": 0}
    for number in range(count):
        source = random.Random(f"{seed} {number}")  # noqa: S311 - reproducible, not secret
        outcomes[_outcome(damaged(tables[number % len(tables)], source), kernel, names)] += 1
        progress()
    return outcomes


def _outcome(table: bytes, kernel: Any, names: list[str]) -> str:
    memory = bytearray(table)  # not a map: memory of this size, so that a sanitizer sees a byte beyond
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory)) if memory else None
    if kernel.skylayer_check(address, len(memory)):
        return "refused"
    try:
        engine = NativeEngine(kernel, memory, names, ["predictions"])
        for rows in (1, 9):
            answer = engine.predict([column[:rows] for column in ROWS], rows)
            if len(answer["predictions"]) != rows:
                raise AssertionError(f"{rows} rows, {len(answer['predictions'])} answers")
    except ArtifactError:
        return "refused"
    except RowError:
        return "rows refused"
    return "answered"
