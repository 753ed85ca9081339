"""Fields of LightGBM's text: lines `name=value`, where a value may be a row of numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from skylayer.formats.boosters.errors import Damaged

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST = 2**31 - 1
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_INFINITE = {"inf", "-inf"}  # a split of every number from the missing ones

Fields = dict[str, str]


def fields_of(section: str) -> Fields:
    """The lines of a section by their names.

    Raises:
        Damaged: A name stands twice.
    """
    found: Fields = {}
    for line in section.split("\n"):
        name, _, value = line.partition("=")
        if name and name in found:
            raise Damaged(f"{name[:40]} stands twice in a section")
        found[name] = value
    return found


def numbers(fields: Fields, name: str, count: int, *, infinite: bool = False) -> str:
    """A row of numbers as they are written, once they are known to be numbers.

    Args:
        fields: Of a section.
        name: Of the row.
        count: How many there have to be.
        infinite: Whether they may be infinite.

    Raises:
        Damaged: It isn't that.
    """
    words = fields.get(name, "").split()
    if len(words) != count:
        raise Damaged(f"{name} has {len(words)} entries where {count} are needed")
    plain = [word for word in words if not (infinite and word in _INFINITE)]
    if not all(map(_NUMBER.fullmatch, plain)) or not np.isfinite(np.asarray(plain, dtype=float)).all():
        raise Damaged(f"{name} holds what is no finite number")
    return " ".join(words)


def integers(
    fields: Fields, name: str, count: int | None, *, low: int = 0, high: int = MOST
) -> NDArray[np.int64]:
    """A row of whole numbers, shape (count,); of any length if `count` is None.

    Raises:
        Damaged: It isn't that, or one lies outside of `low` to `high`.
    """
    words = fields.get(name, "").split()
    if count is not None and len(words) != count:
        raise Damaged(f"{name} has {len(words)} entries where {count} are needed")
    if not all(re.fullmatch(r"-?\d{1,18}", word) for word in words):
        raise Damaged(f"{name} holds what is no whole number")
    found = np.asarray(words, dtype=np.int64)
    if len(found) and not (low <= found.min() and found.max() <= high):
        raise Damaged(f"{name} holds a number outside of {low} to {high}")
    return found


def whole(fields: Fields, name: str, low: int, high: int) -> int:
    """One whole number.

    Raises:
        Damaged: It is none, or lies outside of `low` to `high`.
    """
    return int(integers(fields, name, 1, low=low, high=high)[0])


def joined(row: NDArray[np.int64]) -> str:
    """Whole numbers as a row."""
    return " ".join(map(str, row.tolist()))
