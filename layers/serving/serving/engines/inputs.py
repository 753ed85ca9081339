"""A table's inputs, made of columns of checked values: numbers, codes of categories, parts of dates, terms of texts."""

from __future__ import annotations

from serving.artifact import ArtifactError
from serving.errors import RowError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_NAN = float("nan")


def encoder_of(
    encodings: list[Any], column: int, how: int | str | None
) -> tuple[Callable[[list[Any], str], list[Any]], int]:
    """What makes an input of a column: of numbers, of codes by the encoding of that index, of a part of dates."""
    if isinstance(how, str):
        from serving.dates import numbers_of  # not above: few models have dates

        read = numbers_of(how)
        return (lambda values, _: read(values)), column
    return (_numbers, column) if how is None else (_codes(encodings[how]), column)


def _numbers(values: list[Any], _: str) -> list[Any]:
    return [_NAN if value is None else value for value in values] if None in values else values


def _codes(encoding: dict[str, Any]) -> Callable[[list[Any], str], list[float]]:
    known: dict[Any, float | None] = dict(encoding["entries"])
    known[None] = encoding["missing"]
    unknown, rounded, detail = encoding["unknown"], encoding["rounded"], encoding["detail"]

    def codes(values: list[Any], name: str) -> list[float]:
        if rounded:
            values = [value if value is None else float(value) for value in values]
        result = [known.get(value, unknown) for value in values]
        if None in result:
            row = result.index(None)
            raise RowError(row, name, detail)
        return result

    return codes


def packers_of(sparse: list[Any]) -> list[tuple[int, Callable[[str], tuple[bytes, bytes]]]]:
    """Per column of texts: its number, and what makes slots and values of a text's terms."""
    if not sparse:
        return []
    from serving.engines.text import BadPattern, packer_of

    result, first = [], 0
    for column, width, description in sparse:
        try:
            result.append((column, packer_of(description, first)))
        except BadPattern as error:
            raise ArtifactError(f"The table is damaged: its token pattern is none: {error}.") from None
        first += width
    return result


def terms_of(
    pack: Callable[[str], tuple[bytes, bytes]], column: list[Any], name: str
) -> tuple[list[bytes], list[bytes]]:
    """The slots and the values of each row's terms.

    Raises:
        RowError: A value isn't a text, or can't be encoded as one.
    """
    slots, values = [], []
    for row, text in enumerate(column):
        if not isinstance(text, str):
            raise RowError(row, name, "a text is needed here")
        try:
            found, numbers = pack(text)
        except UnicodeEncodeError:
            raise RowError(row, name, "a lone surrogate isn't a character") from None
        slots.append(found)
        values.append(numbers)
    return slots, values


def side_by_side(columns: tuple[list[bytes], ...]) -> list[bytes]:
    """What several columns of texts have in each row, joined."""
    return list(map(b"".join, zip(*columns, strict=True)))
