"""Strict JSON (RFC 8259): from bytes that a stranger sent, and to text without a space too many."""

from __future__ import annotations

import json

from serving.errors import Problem
from serving.limits import MAX_DEPTH, MAX_INTEGER_DIGITS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

encode = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


def parse(body: bytes, *, nan_is_null: bool = False) -> Any:
    """The value of a JSON body in UTF-8; a byte order mark before it is ignored.

    Args:
        body: What came.
        nan_is_null: Read a NaN, which numerical clients write for a missing value, as `null`.

    Raises:
        Problem: 400: not UTF-8, not JSON, NaN or Infinity, a name twice in one object, half of a surrogate
            pair, or nested deeper than `MAX_DEPTH`.
    """
    text = decode(body)
    if not text.strip():
        raise Problem(400, "The body is empty.")
    try:
        value = _load(text, _nan_is_null if nan_is_null else _refuse_constant)
    except json.JSONDecodeError as error:
        raise Problem(
            400, f"The body is not JSON: {error.msg} (line {error.lineno}, column {error.colno})."
        ) from None
    except RecursionError:
        raise _too_deep() from None
    _check_depth(value, text.count("[") + text.count("{"))
    if "\\u" in text:
        _check_surrogates(value)
    return value


def decode(body: bytes) -> str:
    """A body as text, without the byte order mark that some programs write before it.

    Raises:
        Problem: 400: the body is not UTF-8.
    """
    try:
        return body.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise Problem(400, f"The body is not UTF-8: byte {error.start} can't be decoded.") from None


def _load(text: str, constant: Callable[[str], None]) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=constant)
    except json.JSONDecodeError:
        raise
    except ValueError:  # int() refuses more than 4,300 digits
        return json.loads(text, object_pairs_hook=_object, parse_constant=constant, parse_int=_bounded_int)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise Problem(400, f"The body has the name {json.dumps(name[:60])} twice in one object.")
            seen.add(name)
    return value


def _nan_is_null(name: str) -> None:
    if name != "NaN":
        _refuse_constant(name)


def _refuse_constant(name: str) -> None:
    raise Problem(400, f"The body is not JSON: {name} is not a JSON value; a missing value is null.")


def _bounded_int(digits: str) -> int | float:
    if len(digits) <= MAX_INTEGER_DIGITS:
        return int(digits)
    return float("-inf") if digits.startswith("-") else float("inf")


def _check_depth(value: Any, openers: int) -> None:
    """Walk level by level, but only while enough brackets are left to nest too deep."""
    level = [value] if isinstance(value, (dict, list)) else []
    depth = 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise _too_deep()
        openers -= len(level)
        if depth + openers <= MAX_DEPTH:
            return
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, (dict, list))
        ]


def _check_surrogates(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise Problem(400, "The body holds half of a surrogate pair, which is no character.") from None


def _too_deep() -> Problem:
    return Problem(400, f"The body is nested deeper than {MAX_DEPTH} levels.")
