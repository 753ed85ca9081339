"""What a model answers to rows, of which some are refused: the answer's cells, row by row, or the reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from serving import csv_body
from serving.errors import RowError
from serving.instances import describe
from serving.schema import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from serving.model import Model
    from serving.schema import Column

ERROR = "error"  # the name of what says why a row has no answer


@dataclass(slots=True)
class Answers:
    """Answers to some of a number of rows.

    Attributes:
        fields: As the engine gives them, one item for each row that was answered, in order.
        refused: For each other row, counted from 0, what is wrong with it.
    """

    fields: dict[str, list[Any]] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)


def answer(model: Model, columns: list[list[Any]], refused: dict[int, str]) -> Answers:
    """Check values and ask the model.

    Args:
        model: What answers.
        columns: By column of its schema, a JSON value for each row; in rows that are refused already, any.
        refused: Those rows, and why.
    """
    rows = len(columns[0])
    refused = dict(refused)
    checked = [
        _checked(column, values, refused) for column, values in zip(model.schema, columns, strict=True)
    ]
    kept = [row for row in range(rows) if row not in refused]
    if len(kept) < rows:
        checked = [[values[row] for row in kept] for values in checked]
    answers = Answers(refused=refused)
    # A refusal says which row it was; those before it are fine, and those behind it are asked for again.
    left = [(0, len(kept))]
    while left:
        first, stop = left.pop()
        if first == stop:
            continue
        try:
            found = model.engine.predict([values[first:stop] for values in checked], stop - first)
        except RowError as error:
            row = first + error.row
            named = f"{error.column}: {error.detail}" if error.column else error.detail
            refused[kept[row]] = named
            left += [(row + 1, stop), (first, row)]
            continue
        for name, values in found.items():
            answers.fields.setdefault(name, []).extend(values)
    return answers


def _checked(column: Column, values: list[Any], refused: dict[int, str]) -> list[Any]:
    """A column's values as the engine gets them; notes the rows that it doesn't take."""
    if not refused:
        checked = column.check_all(values)
        if checked is not None:
            return checked
    result = []
    for row, value in enumerate(values):
        try:
            result.append(None if row in refused else column.check(value))
        except Refused as hint:
            result.append(None)
            more = f"; {hint}" if str(hint) else ""
            refused[row] = f"{column.name}: expected {column.expected}, got {describe(value)}{more}"
    return result


class Cells:
    """Makes of a model's answers the cells that stand beside a row.

    Attributes:
        names: The columns that are added: the prediction and, as the estimator has them, one for each class.
    """

    def __init__(self, model: Model, golden: list[Any], write: Callable[[Any], str]) -> None:
        """`golden` are rows that the model answers; `write` writes a value of the format."""
        self._fields = model.fields
        self._targets = model.manifest["output"].get("targets") or []
        self._classes = model.manifest["output"].get("classes") or []
        self._write = write
        self._written: dict[Any, str] = {}
        self.names = self._columns(model.predict_instances(golden, bounded=False))[0]

    def rows(self, fields: dict[str, list[Any]]) -> list[list[str]]:
        """For each row that was answered, its cells as they are written."""
        columns = self._columns(fields)[1]
        return list(map(list, zip(*map(self._texts, columns), strict=True)))

    def _columns(self, fields: dict[str, list[Any]]) -> tuple[list[str], list[list[Any]]]:
        return csv_body.columns_of(fields, self._fields, self._targets, self._classes)

    def _texts(self, values: list[Any]) -> list[str]:
        if all(type(value) is float for value in values):
            return list(map(repr, values))
        return [repr(value) if type(value) is float else self._label(value) for value in values]

    def _label(self, value: Any) -> str:
        key = (type(value), value)
        if key not in self._written:
            self._written[key] = self._write(value)
        return self._written[key]


def csv_cell(value: Any) -> str:
    """A value as a cell of CSV (RFC 4180)."""
    text = csv_body.as_cell(value)
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\r\n') else text
