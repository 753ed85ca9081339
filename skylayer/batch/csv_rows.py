"""Score rows of CSV: each comes back as it was, byte by byte, with the answer's cells and a cell for an error."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from serving import csv_body
from serving.errors import Problem
from serving.instances import keys_of
from skylayer.batch.answers import ERROR, Answers, Cells, answer, csv_cell
from skylayer.batch.native_rows import native_rows
from skylayer.batch.plan import without_mark
from skylayer.batch.rows import BadRow
from skylayer.errors import UserError

if TYPE_CHECKING:
    from serving.model import Model
    from skylayer.batch.rows import Block


class CsvScorer:
    """Scores blocks of rows below one header.

    Attributes:
        header: The first line of what is written.
        ignored: The header's columns that the model doesn't take, its targets among them.
    """

    def __init__(self, model: Model, header: bytes, golden: list[Any], *, native: bool = True) -> None:
        """Read the header.

        Args:
            model: What answers.
            header: The first row as it came.
            golden: Rows that the model answers.
            native: Whether the kernel may answer and write rows by itself.

        Raises:
            UserError: The header lacks columns, or has one that is added.
        """
        self._model = model
        self._cells = Cells(model, golden, csv_cell)
        table = _read_header(model, header)
        names = next(csv.reader(io.StringIO(without_mark(header).decode(), newline="")))
        taken = [name for name in (*self._cells.names, ERROR) if name in names]
        if taken:
            raise UserError(f"The header has a column {taken[0]}, which is added. Rename it.")
        self.ignored = table.ignored
        self._width = len(names)
        places = {name: index for index, name in enumerate(names)}
        self._places = [places.get(key) for key in keys_of(dict.fromkeys(names), model.schema)]
        self._converters = list(map(csv_body.converter, model.schema))
        self._line_break = _line_break(header) or b"\n"
        self.header = self._line(header, ",".join(map(csv_cell, (*self._cells.names, ERROR))).encode())
        self._unanswered = "," * len(self._cells.names)
        self._native = native_rows(model, self._places, self._width, self._line_break) if native else None

    def score(self, block: Block) -> tuple[bytes, int, dict[int, str]]:
        """What is written for a block, the number of its rows, and what is wrong with some of them, from 0 on."""
        count = len(block.ends)
        if not _is_text(block.text):
            row = next(row for row in range(count) if not _is_text(block.row(row)))
            raise BadRow(block.start + block.start_of(row), "a row isn't UTF-8")
        native = self._native.answers(block) if self._native else None
        if native is None:
            lines, blank, refused = self._one_by_one(block, list(range(count)))
            return b"".join(lines), count - blank, refused
        taken, answers = native
        left = [index for index, good in enumerate(taken) if not good] if 0 in taken else []
        lines, blank, refused = self._one_by_one(block, left) if left else ([], 0, {})
        return self._native.lines(block, taken, answers, lines), count - blank, refused  # type: ignore[union-attr]

    def _one_by_one(self, block: Block, numbers: list[int]) -> tuple[list[bytes], int, dict[int, str]]:
        """Scored lines of some rows by way of every cell; how many are blank; what is wrong with some of them."""
        rows = [block.row(number) for number in numbers]
        text = b"".join(rows).decode()
        csv.field_size_limit(max(len(text), csv.field_size_limit()))
        parsed = list(csv.reader(io.StringIO(text, newline=""), strict=True))
        kept = [index for index, values in enumerate(parsed) if values or self._width == 1]
        cells = [parsed[index] for index in kept]
        refused = {}
        for number, values in enumerate(cells):
            if len(values) > self._width:
                start = block.start + block.start_of(numbers[kept[number]])
                raise BadRow(start, f"a row has {len(values)} cells where the header has {self._width}")
            if lacking := self._lacking(values):
                refused[number] = f"the row ends before the column {lacking[0]}"
        columns = [
            [None if place is None else convert(row[place] if place < len(row) else "") for row in cells]
            for place, convert in zip(self._places, self._converters, strict=True)
        ]
        found = answer(self._model, columns, refused) if cells else Answers()
        answered = iter(self._cells.rows(found.fields)) if found.fields else iter(())
        lines = list(rows)
        for number, (index, values) in enumerate(zip(kept, cells, strict=True)):
            padding = "," * (self._width - max(len(values), 1))
            reason = found.refused.get(number)
            own = f"{self._unanswered}{csv_cell(reason)}" if reason else f"{','.join(next(answered))},"
            lines[index] = self._line(rows[index], (padding + own).encode())
        by_row = {numbers[kept[number]]: reason for number, reason in found.refused.items()}
        return lines, len(rows) - len(kept), by_row

    def _lacking(self, values: list[str]) -> list[str]:
        """The columns that a short row has no cell for, though it must."""
        if self._width == 1 or len(values) == self._width:
            return []
        return [
            column.name
            for column, place in zip(self._model.schema, self._places, strict=True)
            if place is not None and place >= len(values) and not column.optional
        ]

    def _line(self, row: bytes, cells: bytes) -> bytes:
        line_break = _line_break(row)
        return row[: len(row) - len(line_break)] + b"," + cells + (line_break or self._line_break)


def _read_header(model: Model, header: bytes) -> csv_body.Rows:
    try:
        return csv_body.read(header, model.schema, 0, ignore_unknown=True)
    except Problem as problem:
        told = problem.errors[0]["detail"] if problem.errors else problem.detail
        raise UserError(f"The header doesn't fit the model: {told}.") from None


def _line_break(row: bytes) -> bytes:
    return row[len(row.rstrip(b"\r\n")) :]


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
