"""JSON from a stranger, and its fields as arrays of the length and range that they must have."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer.formats.boosters.errors import Damaged

if TYPE_CHECKING:
    from numpy.typing import NDArray


def parse_json(content: bytes) -> Any:
    """A JSON document; a key that stands twice in one object is refused, since readers differ on which one counts.

    Raises:
        Damaged: It isn't JSON.
    """
    try:
        return json.loads(content, object_pairs_hook=_object)
    except RecursionError:
        raise Damaged("it is nested too deeply") from None
    except ValueError as error:  # which Damaged is, too
        raise Damaged(f"{error}") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Damaged("a key stands twice in an object")
    return found


def member(holder: Any, *path: str) -> Any:
    """The value at a path of keys.

    Raises:
        Damaged: There is none.
    """
    for name in path:
        if not isinstance(holder, dict) or name not in holder:
            raise Damaged(f"it has no {'.'.join(path)}")
        holder = holder[name]
    return holder


def items(holder: Any, *path: str) -> list[Any]:
    """The list at a path of keys.

    Raises:
        Damaged: There is none.
    """
    value = member(holder, *path)
    if not isinstance(value, list):
        raise Damaged(f"{'.'.join(path)} is no list")
    return value


def texts(holder: Any, *path: str) -> list[str]:
    """The texts of the list at a path of keys.

    Raises:
        Damaged: There is none, or it holds anything else.
    """
    found = items(holder, *path)
    if not all(isinstance(each, str) for each in found):
        raise Damaged(f"{'.'.join(path)} holds more than texts")
    return found


def whole(holder: Any, name: str, low: int, high: int) -> int:
    """A whole number, which the format may write as a text.

    Raises:
        Damaged: It is none, or lies outside of the range.
    """
    value = member(holder, name)
    try:
        number = int(value) if isinstance(value, int | str) else None
    except ValueError:
        number = None
    if number is None or not low <= number <= high:
        raise Damaged(f"{name} is no whole number from {low} to {high}")
    return number


def integers(
    holder: Any, name: str, length: int | None = None, *, low: int = 0, high: int = 2**31 - 1
) -> NDArray[np.int64]:
    """A list of whole numbers, shape (length,); true and false count as 1 and 0.

    Raises:
        Damaged: It is none, has another length, or a number outside of the range.
    """
    values = _array(holder, name, length)
    if values.size and values.dtype.kind not in "iub":
        raise Damaged(f"{name} holds more than whole numbers")
    if values.size and not (low <= values.min() and values.max() <= high):
        raise Damaged(f"{name} holds a number outside of {low} to {high}")
    return values.astype(np.int64)


def floats(holder: Any, name: str, length: int | None = None) -> NDArray[np.float64]:
    """A list of numbers, shape (length,).

    Raises:
        Damaged: It is none, or has another length.
    """
    values = _array(holder, name, length)
    if values.size and values.dtype.kind not in "iuf":
        raise Damaged(f"{name} holds more than numbers")
    return values.astype(np.float64)


def _array(holder: Any, name: str, length: int | None) -> NDArray[Any]:
    found = items(holder, name)
    if not set(map(type, found)) <= {
        int,
        float,
        bool,
    }:  # an array of texts may take far more than the texts do
        raise Damaged(f"{name} is no list of numbers")
    values: NDArray[Any] = np.asarray(found)
    if length is not None and len(values) != length:
        raise Damaged(f"{name} has {len(values)} entries where {length} are needed")
    return values
