"""CSV (RFC 4180) in and out: from the rows of a body to instances, and from an answer to rows."""

from __future__ import annotations

import csv
import io
import re

from serving.errors import Problem, quoted
from serving.instances import Problems, check_names, keys_of
from serving.json_body import decode
from serving.limits import MAX_INTEGER_DIGITS
from serving.schema import Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from serving.schema import Column

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


# What pandas.read_csv takes for a missing value, an empty cell among it.
MISSING = frozenset({
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "None", "n/a", "nan", "null",
})  # fmt: skip
_BOOLEANS = {"true": True, "false": False, "1": True, "1.0": True, "0": False, "0.0": False}


class Rows:
    """A CSV body, read.

    `instances` are objects of all columns, under the names that the body has for them, and `lines` where each
    begins. `ignored` are columns that the model doesn't have, `missing` those of the model that the body doesn't
    have; `header` says whether the body began with one.
    """

    __slots__ = ("header", "ignored", "instances", "lines", "missing")

    def __init__(self, *, header: bool) -> None:
        self.instances: list[dict[str, Any]] = []
        self.lines: list[int] = []
        self.ignored: list[str] = []
        self.missing: list[str] = []
        self.header = header


def read(
    body: bytes,
    schema: list[Column],
    max_rows: int,
    *,
    header: bool | None = True,
    ignore_unknown: bool = False,
) -> Rows:
    """The instances of a CSV body, read as pandas reads them.

    The header names the columns in any order; one that may be missing needn't be there. A cell without content is a
    missing value, as are `NaN`, `NA`, `null` and the like; in a text column that never missed one, they are texts.
    A row may end before columns that may be missing; a blank line is no row. Cells are read by the schema; what
    can't be read is left as text for validation to refuse.

    Args:
        body: What came.
        schema: The columns of the model.
        max_rows: How many rows are taken.
        header: Whether the first line names the columns; if not, rows are in the order of the schema. None finds
            out: a line that reads as a row of the schema, with a number in it, is one.
        ignore_unknown: Leave columns out that the model doesn't have, unless the body lacks one that it has: the
            one may be the other, misspelt.

    Raises:
        Problem: 400: not UTF-8 or not CSV, no header, a name twice in it, a row longer or shorter than it.
            413: more than `max_rows` rows. 422: the header lacks columns, or has some that the model doesn't.
    """
    rows, lines = _parse(decode(body), max_rows + 1)
    found = Rows(header=_is_header(rows[0], schema) if header is None else header)
    names = [column.name for column in schema]
    keys = names
    if found.header:
        names, line = rows.pop(0), lines.pop(0)
        _check_header(names)
        keys = keys_of(dict.fromkeys(names), schema)
        _compare(found, names, keys, schema, line, ignore_unknown=ignore_unknown)
    if len(rows) > max_rows:
        raise _too_many(max_rows)
    places = {name: index for index, name in enumerate(names) if name}
    needed = [places[key] for key, column in zip(keys, schema, strict=True) if not column.optional]
    _check_lengths(rows, lines, max(needed, default=-1) + 1, len(names))
    cells = []
    for key, column in zip(keys, schema, strict=True):
        index = places.get(key)
        if index is None:
            cells.append([None] * len(rows))
        else:
            convert = converter(column)
            cells.append([convert(row[index] if index < len(row) else "") for row in rows])
    found.instances = [dict(zip(keys, row, strict=True)) for row in zip(*cells, strict=True)]
    found.lines = lines
    return found


def _parse(text: str, most: int) -> tuple[list[list[str]], list[int]]:
    """The lines of a body that hold something, and where each begins.

    In a body of one column, a blank line below the first is a cell without content.
    """
    if not text.strip():
        raise Problem(400, "The body is empty; a CSV body begins with a header of column names.")
    csv.field_size_limit(
        max(len(text), csv.field_size_limit())
    )  # a document may be longer than the 131,072 it takes
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    line = 1
    try:
        for row in reader:
            if row or (rows and len(rows[0]) == 1):
                if len(rows) == most:
                    raise _too_many(most - 1)
                rows.append(row or [""])
                lines.append(line)
            line = reader.line_num + 1
    except csv.Error as error:
        raise Problem(400, f"The body is not CSV: {error} (line {reader.line_num}).") from None
    return rows, lines


def _too_many(most: int) -> Problem:
    return Problem(413, f"The body has more than {most} rows: send fewer at a time.", limits={"rows": most})


def _is_header(cells: list[str], schema: list[Column]) -> bool:
    """Whether a first line names the columns: it does unless it reads as a row that has a number or a boolean."""
    keys = keys_of(dict.fromkeys(cells), schema)
    if len(cells) != len(schema) or set(keys) <= set(cells):
        return True
    numbers = 0
    for cell, column in zip(cells, schema, strict=True):
        try:
            value = column.check(converter(column)(cell))
        except Refused:
            return True
        numbers += value is not None and column.types != {str}
    return not numbers


def _check_header(header: list[str]) -> None:
    seen: set[str] = set()
    for name in header:
        if name in seen and name:
            raise Problem(400, f"The header of the CSV body names the column {quoted(name)} twice.")
        seen.add(name)


def _compare(
    found: Rows, names: list[str], keys: list[str], schema: list[Column], line: int, *, ignore_unknown: bool
) -> None:
    """Note which columns the header has too many and which too few.

    Raises:
        Problem: 422: it may not.
    """
    known, sent = set(keys), set(names)
    found.ignored = [name for name in names if name not in known]
    lacking = [column for key, column in zip(keys, schema, strict=True) if key not in sent]
    found.missing = [column.name for column in lacking]
    misspelt = bool(lacking) and any(found.ignored)  # an index has no name
    if misspelt or (found.ignored and not ignore_unknown) or not all(column.optional for column in lacking):
        problems = Problems()
        check_names(0, names, keys, schema, problems)
        for error in problems.errors:
            error["line"] = line
        problems.raise_if_any()


def _check_lengths(rows: list[list[str]], lines: list[int], least: int, most: int) -> None:
    for row, line in zip(rows, lines, strict=True):
        if not least <= len(row) <= most:
            raise Problem(
                400, f"Line {line} of the CSV body has {len(row)} cells where the header has {most}."
            )


def converter(column: Column) -> Callable[[str], Any]:
    """How a cell of a column becomes a JSON value, or stays text for validation to refuse."""
    if column.types == {str}:
        return _text_converter(column)
    by_text = {as_cell(category): category for category in column.categories}
    boolean = bool in column.types and int not in column.types

    def convert(cell: str) -> Any:
        if cell in by_text:
            return by_text[cell]
        cell = cell.strip()
        if cell in MISSING:
            return None
        if boolean or (bool in column.types and cell.isalpha()):
            return _BOOLEANS.get(cell.lower(), cell)
        if int in column.types and _NUMBER.fullmatch(cell):
            whole = len(cell) <= MAX_INTEGER_DIGITS and cell.lstrip("+-").isdigit()
            return int(cell) if whole and column.kind != "number" else float(cell)
        return cell

    return convert


def _text_converter(column: Column) -> Callable[[str], Any]:
    if column.kind == "text":
        return (lambda cell: None if cell in MISSING else cell) if column.nullable else lambda cell: cell
    known = set(column.categories)
    return lambda cell: None if cell not in known and cell.strip() in MISSING else cell


def write(
    answer: dict[str, Any],
    fields: list[str],
    targets: list[str],
    *,
    header: bool = True,
    guarded: bool = False,
) -> str:
    """The answer as CSV: `prediction`, then one column per class, score or distance of each row.

    Args:
        answer: The body of an answer.
        fields: Which of its entries hold one item per row, in order.
        targets: Names of the targets; they are part of the column names where there are several.
        header: Whether the first line names the columns.
        guarded: Put an apostrophe before a text that a spreadsheet would take for a formula.
    """
    heading, columns = columns_of(answer, fields, targets, answer.get("classes") or [])
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    if header:
        writer.writerow(heading)
    write_cell = _guarded if guarded else as_cell
    writer.writerows([write_cell(cell) for cell in row] for row in zip(*columns, strict=True))
    return text.getvalue()


def columns_of(
    answer: dict[str, Any], fields: list[str], targets: list[str], classes: list[Any]
) -> tuple[list[str], list[list[Any]]]:
    """The names of an answer's columns and the values of each: `prediction`, then one per class, score or distance.

    Args:
        answer: Fields with one item per row, at least one row.
        fields: Those to take, in order.
        targets: Names of the targets.
        classes: The order of probabilities and scores, as an answer has it.
    """
    heading: list[str] = []
    columns: list[list[Any]] = []
    for field in fields:
        name = field[:-1] if field != "probabilities" else "probability"
        names, rows = _flat(name, answer[field], targets, classes)
        heading += names
        columns += map(list, zip(*rows, strict=True))
    return heading, columns


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
    return [as_cell(label) for label in known] if len(known) == number else [str(i) for i in range(number)]


def _lists(known: list[Any], number: int) -> list[list[Any]]:
    nested = len(known) == number and all(isinstance(labels, list) for labels in known)
    return known if nested else [[]] * number


def _guarded(value: Any) -> str:
    """A text that begins like a formula, as OWASP's page on CSV injection lists them, behind an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else as_cell(value)


def as_cell(value: Any) -> str:
    """A JSON value as the cell that reads as it: nothing for a missing value, `true` and `false`."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
