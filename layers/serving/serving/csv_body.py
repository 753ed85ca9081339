"""CSV (RFC 4180) in and out: a table with a header becomes instances, an answer becomes a table."""

from __future__ import annotations

import csv
import io
import re

from serving.errors import Problem, quoted
from serving.json_body import decode
from serving.limits import MAX_INTEGER_DIGITS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from serving.schema import Column

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def read(body: bytes, schema: list[Column], max_rows: int) -> tuple[list[dict[str, Any]], list[int]]:
    """The instances of a CSV body and the line that each begins on.

    The header names the columns in any order. A cell without content is a missing value; in a text column
    that never had one, an empty text. Cells are read by the schema; what can't be read is left as text for
    validation to refuse.

    Raises:
        Problem: 400: not UTF-8 or not CSV, no header, a name twice in it, a row longer or shorter than it.
            413: more than `max_rows` rows.
    """
    text = decode(body)
    if not text.strip():
        raise Problem(400, "The body is empty; a CSV body begins with a header of column names.")
    csv.field_size_limit(
        max(len(text), csv.field_size_limit())
    )  # a document may be longer than the 131,072 it takes
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        header = next(reader)
        _check_header(header)
        line = reader.line_num + 1
        for row in reader:
            if len(rows) == max_rows:
                raise Problem(
                    413,
                    f"The body has more than {max_rows} rows: send fewer at a time.",
                    limits={"rows": max_rows},
                )
            rows.append(row)
            lines.append(line)
            line = reader.line_num + 1
    except csv.Error as error:
        raise Problem(400, f"The body is not CSV: {error} (line {reader.line_num}).") from None
    while len(header) > 1 and rows and not rows[-1]:  # blank lines at the end of a file mean nothing
        rows.pop()
        lines.pop()
    _check_lengths(rows, lines, header)
    converters = {column.name: converter(column) for column in schema}
    cells = [
        [convert(row[index] if row else "") for row in rows]
        for index, convert in enumerate(converters.get(name, str) for name in header)
    ]
    return [dict(zip(header, row, strict=True)) for row in zip(*cells, strict=True)], lines


def _check_header(header: list[str]) -> None:
    seen: set[str] = set()
    for name in header:
        if name in seen:
            raise Problem(400, f"The header of the CSV body names the column {quoted(name)} twice.")
        seen.add(name)


def _check_lengths(rows: list[list[str]], lines: list[int], header: list[str]) -> None:
    width = len(header)
    for row, line in zip(rows, lines, strict=True):
        if len(row) != width and not (width == 1 and not row):
            raise Problem(
                400, f"Line {line} of the CSV body has {len(row)} cells where the header has {width}."
            )


def converter(column: Column) -> Callable[[str], Any]:
    """How a cell of a column becomes a JSON value, or stays text for validation to refuse."""
    if column.types == {str}:
        empty = "" if column.kind == "text" and not column.nullable else None
        return lambda cell: cell or empty
    by_text = {_text(category): category for category in column.categories}

    def convert(cell: str) -> Any:
        if not cell:
            return None
        if cell in by_text:
            return by_text[cell]
        if bool in column.types and cell.lower() in {"true", "false"}:
            return cell.lower() == "true"
        if int in column.types and _NUMBER.fullmatch(cell):
            whole = len(cell) <= MAX_INTEGER_DIGITS and cell.lstrip("+-").isdigit()
            return int(cell) if whole and column.kind != "number" else float(cell)
        return cell

    return convert


def write(answer: dict[str, Any], fields: list[str], targets: list[str], *, guarded: bool = False) -> str:
    """The answer as a table: `prediction`, then one column per class, score or distance of each row.

    Args:
        answer: The body of an answer.
        fields: Which of its entries hold one item per row, in order.
        targets: Names of the targets; they are part of the column names where there are several.
        guarded: Put an apostrophe before a text that a spreadsheet would take for a formula.
    """
    classes = answer.get("classes") or []
    header: list[str] = []
    columns: list[list[Any]] = []
    for field in fields:
        names, rows = _flat(
            field[:-1] if field != "probabilities" else "probability", answer[field], targets, classes
        )
        header += names
        columns += map(list, zip(*rows, strict=True))
    table = io.StringIO(newline="")
    writer = csv.writer(table)
    text = _guarded if guarded else _text
    writer.writerow(header)
    writer.writerows([text(cell) for cell in row] for row in zip(*columns, strict=True))
    return table.getvalue()


def _flat(
    name: str, rows: list[Any], targets: list[str], classes: list[Any]
) -> tuple[list[str], list[list[Any]]]:
    """Names of one field's columns, and its rows as flat lists."""
    first = rows[0]
    if not isinstance(first, list):
        return [name], [[row] for row in rows]
    if name == "prediction":
        return [f"{name}_{target}" for target in _labels(targets, len(first))], rows
    if not any(isinstance(item, list) for item in first):
        return [f"{name}_{label}" for label in _labels(classes, len(first))], rows
    names = [
        f"{name}_{target}_{label}"
        for target, of_target, item in zip(
            _labels(targets, len(first)), _lists(classes, len(first)), first, strict=True
        )
        for label in _labels(of_target, len(item))
    ]
    return names, [[value for item in row for value in item] for row in rows]


def _labels(known: list[Any], number: int) -> list[str]:
    return [_text(label) for label in known] if len(known) == number else [str(i) for i in range(number)]


def _lists(known: list[Any], number: int) -> list[list[Any]]:
    nested = len(known) == number and all(isinstance(labels, list) for labels in known)
    return known if nested else [[]] * number


def _guarded(value: Any) -> str:
    """A text that begins like a formula, as OWASP's page on CSV injection lists them, behind an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else _text(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
