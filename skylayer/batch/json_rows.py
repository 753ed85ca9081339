"""Score JSON Lines: each object comes back as it was, byte by byte, with the answer's members behind its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from serving import json_body
from serving.errors import Problem
from serving.instances import Problems, check_names, keys_of
from skylayer.batch.answers import ERROR, Answers, Cells, answer

if TYPE_CHECKING:
    from serving.model import Model
    from skylayer.batch.rows import Block

LINE = "line"  # what can't be added to comes back as a text under this name
_write = json.JSONEncoder(allow_nan=False, ensure_ascii=False).encode


class JsonScorer:
    """Scores blocks of lines, each an object with the columns of a model as its members.

    Attributes:
        header: Nothing; JSON Lines have none.
        ignored: Nothing; each line may have members of its own.
    """

    header = b""
    ignored: tuple[str, ...] = ()

    def __init__(self, model: Model, golden: list[Any]) -> None:
        """`golden` are rows that the model answers."""
        self._model = model
        self._names = frozenset(column.name for column in model.schema)
        self._cells = Cells(model, golden, _write)
        self._before = [f",{_write(name)}:" for name in self._cells.names]
        self._added = (*self._cells.names, ERROR)
        self._unanswered = "".join(f"{before}null" for before in self._before)

    def score(self, block: Block) -> tuple[bytes, int, dict[int, str]]:
        """What is written for a block, the number of its rows, and what is wrong with some of them, from 0 on."""
        lines = list(block.rows())
        numbers = [number for number, line in enumerate(lines) if line.strip()]
        refused: dict[int, str] = {}
        rows = [self._row(lines[number], index, refused) for index, number in enumerate(numbers)]
        columns = [
            [None if row is None else row.get(key) for row, key in zip(rows, keys, strict=True)]
            for keys in self._keys(rows)
        ]
        found = answer(self._model, columns, refused) if rows else Answers()
        answered = iter(self._cells.rows(found.fields)) if found.fields else iter(())
        for index, number in enumerate(numbers):
            reason = found.refused.get(index)
            if reason is None:
                members = "".join(map(str.__add__, self._before, next(answered)))
            else:
                members = f'{self._unanswered},"{ERROR}":{_write(reason)}'
            lines[number] = _extended(lines[number], members.encode(), is_object=rows[index] is not None)
        by_row = {numbers[index]: reason for index, reason in found.refused.items()}
        return b"".join(lines), len(numbers), by_row

    def _row(self, line: bytes, index: int, refused: dict[int, str]) -> dict[str, Any] | None:
        """The members of a line; None, with a note of why, where it has none that can be asked for."""
        try:
            row = json_body.parse(line.strip())
        except Problem as problem:
            detail = problem.detail.replace("The body", "the line", 1).replace(
                "(line 1, column", "(column", 1
            )
            refused[index] = detail.rstrip(".")
            return None
        if not isinstance(row, dict):
            refused[index] = "expected an object of all columns"
            return None
        taken = [name for name in self._added if name in row]
        if taken:
            refused[index] = f"it has a member {taken[0]}, which is added"
            return None
        if not row.keys() >= self._names:
            problems = Problems()
            keys = keys_of(row, self._model.schema)
            if not check_names(0, row.keys() & set(keys), keys, self._model.schema, problems):
                refused[index] = problems.errors[0]["detail"]
        return row

    def _keys(self, rows: list[dict[str, Any] | None]) -> list[list[str]]:
        """By column, what each row calls it."""
        by_row = [keys_of(row, self._model.schema) if row is not None else [] for row in rows]
        return [
            [keys[column] if keys else "" for keys in by_row] for column in range(len(self._model.schema))
        ]


def _extended(line: bytes, members: bytes, *, is_object: bool) -> bytes:
    """A line with more members, which begin with a comma."""
    text = line.rstrip()
    end = line[len(text) :] or b"\n"
    if not is_object:
        text = f'{{"{LINE}":{_write(text.decode(errors="replace"))}}}'.encode()
    text = text[:-1].rstrip()
    return text + (members if not text.endswith(b"{") else members[1:]) + b"}" + end
