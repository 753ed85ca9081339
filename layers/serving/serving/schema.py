"""The input schema of a manifest as checks: which JSON values a column takes, one by one or all at once."""

from __future__ import annotations

import re
from math import isfinite

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

NoneType = type(None)

# What a column may take though the training data had none of it, since the estimator takes it: a missing value, and
# a fraction in a column of integers.
MISSING, FRACTION = "missing", "fraction"
WIDER = (MISSING, FRACTION)


class Refused(Exception):
    """A value that a column doesn't take; the argument is a hint for the client or empty."""


class Column:
    """One column: `types` are the JSON types it may hold, `expected` says so in words.

    A CSV body needn't have a column that is `optional`, since it missed values in training. `fractions` says whether a
    column of integers takes numbers between them. `position` is its number, from 0 and as text, in a model that was
    fitted on an array: there, clients that make a data frame of an array name the columns so.
    """

    __slots__ = (
        "bounds", "categories", "dtype", "expected", "fractions", "kind", "name", "nullable", "optional", "position",
        "types",
    )  # fmt: skip

    def __init__(self, description: dict[str, Any], position: str | None = None) -> None:
        self.name: str = description["name"]
        self.position = position
        self.kind: str = description["kind"]
        self.nullable: bool = description["nullable"]
        wider = description.get("widened") or ()
        self.optional: bool = self.nullable and MISSING not in wider
        self.fractions: bool = FRACTION in wider
        self.dtype: str = description.get("dtype", "object")
        self.categories: list[Any] = description.get("categories") or []
        self.types = _types(self)
        self.bounds = _bounds(self.dtype)
        self.expected = _expected(self)

    def check(self, value: Any) -> Any:
        """The value as the engine gets it.

        Raises:
            Refused: The column doesn't take it.
        """
        if value is None:
            if self.nullable:
                return None
            raise Refused("the training data had no missing value here")
        kind = type(value)
        if kind is float and self.kind == "integer" and value.is_integer():
            return self.check(int(value))
        if kind not in self.types:
            raise Refused(_hint(self.types, value))
        try:
            return _CHECKS[self.kind]([value], self)[0]
        except (ValueError, OverflowError) as error:
            raise Refused(str(error) if isinstance(error, _OutOfRange) else "") from None

    def check_all(self, values: list[Any]) -> list[Any] | None:
        """All values of the column as the engine gets them, or None if one by one has to tell why not."""
        types = set(map(type, values))
        some_missing = NoneType in types
        if some_missing:
            if not self.nullable:
                return None
            types.discard(NoneType)
        if not types <= self.types:
            return None
        try:
            if not some_missing:
                return _CHECKS[self.kind](values, self)
            present = iter(_CHECKS[self.kind]([value for value in values if value is not None], self))
            return [None if value is None else next(present) for value in values]
        except (ValueError, OverflowError):
            return None


class _OutOfRange(ValueError):
    pass


def _numbers(values: list[Any], _: Column) -> list[Any]:
    numbers = list(map(float, values))
    if not all(map(isfinite, numbers)):
        raise _OutOfRange("the number is beyond the range of a double")
    return numbers


def _integers(values: list[Any], column: Column) -> list[Any]:
    if column.fractions:
        numbers = map(float, values)
        if not all(map(isfinite, numbers)):
            raise _OutOfRange("the number is beyond the range of a double")
        values = [int(value) if type(value) is float and value.is_integer() else value for value in values]
    low, high = column.bounds
    if values and not (low <= min(values) and max(values) <= high):
        raise _OutOfRange(f"it must lie between {low} and {high}")
    return values


def _as_they_are(values: list[Any], _: Column) -> list[Any]:
    return values


def _categories(values: list[Any], column: Column) -> list[Any]:
    if column.types != _TEXT:
        numbers = [value for value in values if type(value) in _NUMERIC]
        if numbers and not -(2.0**63) <= min(numbers) <= max(numbers) < 2.0**63:
            raise _OutOfRange("the number is beyond 64 bits")
    return values


def _dates(values: list[Any], column: Column) -> list[Any]:
    from serving import dates  # not above: few models have dates

    try:
        for value in values:
            dates.check(value, column.dtype)
    except dates.Unfit as error:
        raise _OutOfRange(str(error)) from None
    return values


_CHECKS: dict[str, Callable[[list[Any], Column], list[Any]]] = {
    "number": _numbers,
    "integer": _integers,
    "boolean": _as_they_are,
    "category": _categories,
    "text": _as_they_are,
    "date": _dates,
}

_TEXT = frozenset({str})
_NUMERIC = frozenset({int, float})
_TYPES = {
    "number": _NUMERIC,
    "integer": frozenset({int}),
    "boolean": frozenset({bool}),
    "text": _TEXT,
    "date": _TEXT,
}
_WORDS = {
    "number": "a number",
    "integer": "an integer",
    "boolean": "true or false",
    "text": "a string",
    "date": "a date as ISO 8601 text, such as 2026-01-31",
}


def schema_of(description: dict[str, Any]) -> list[Column]:
    """The columns of a manifest's `input`, in order."""
    # Arrays and texts have no names of their own: what the manifest calls them, a client can't know.
    positional = description.get("container") in {"array", "texts"}
    return [
        Column(column, str(index) if positional else None)
        for index, column in enumerate(description["columns"])
    ]


def _types(column: Column) -> frozenset[type]:
    if column.fractions:
        return _NUMERIC
    if column.kind != "category":
        return _TYPES[column.kind]
    types = set(map(type, column.categories)) - {NoneType}
    if types & _NUMERIC:
        types |= _NUMERIC
    return frozenset(types or {str, int, float, bool})


def _expected(column: Column) -> str:
    if column.kind == "category":
        words = [
            word
            for word, kind in (("a string", str), ("a number", int), ("true or false", bool))
            if kind in column.types
        ]
    else:
        words = [_WORDS["number" if column.fractions else column.kind]]
    return " or ".join([*words, "null"] if column.nullable else words)


def _bounds(dtype: str) -> tuple[int, int]:
    unsigned, size = dtype.lower().startswith("uint"), dtype[-2:].lstrip("t")
    bits = int(size) if "int" in dtype.lower() and size.isdigit() else 64
    return (0, 2**bits - 1) if unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def _hint(types: frozenset[type], value: Any) -> str:
    kind = type(value)
    if kind is str and str not in types:
        if types & _NUMERIC and re.fullmatch(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", value, re.ASCII):
            return "send the number without quotes"
        if bool in types and value.lower() in {"true", "false"}:
            return "send it without quotes"
        return "send null for a missing value" if value == "" else ""
    if kind in _NUMERIC and types == _TEXT:
        return "send it in quotes"
    return ""
