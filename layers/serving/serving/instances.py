"""From rows to columns: every instance of a request checked against the schema, all problems at once."""

from __future__ import annotations

import json
from operator import itemgetter

from serving.errors import MAX_DIGITS, MAX_PROBLEMS, Problem, digits_of, pointer
from serving.schema import Column, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterator
    from typing import Any

_MAX_SHOWN = 40
_MAX_NAME = 200
# Pairs of names that are compared for a request's suggestions: some 20 µs each.
_MAX_COMPARED = 5_000


def columns_of(instances: list[Any], schema: list[Column]) -> list[list[Any]]:
    """The values of instances by column, in the order of the schema.

    An instance is an object of all columns or an array in their order; where there is one column only, its
    value alone will do. A model that was fitted on an array takes positions for names.

    Args:
        instances: Rows as JSON has them.
        schema: The columns that each row must have.

    Raises:
        Problem: 422, with a JSON pointer to each of the first `MAX_PROBLEMS` problems and the number of all.
    """
    columns = _all_at_once(instances, schema)
    return _one_by_one(instances, schema) if columns is None else columns


def _all_at_once(instances: list[Any], schema: list[Column]) -> list[list[Any]] | None:
    """The columns of flawless instances, several times faster than cell by cell; None if there's a doubt."""
    kinds = set(map(type, instances))
    if kinds == {dict}:
        rows: Iterator[Any] = map(itemgetter(*keys_of(instances[0], schema)), instances)
    elif kinds == {list}:
        rows = iter(instances)
    else:
        return None
    if set(map(len, instances)) != {len(schema)}:
        return None
    try:
        raw = (
            [list(rows)] if len(schema) == 1 and kinds == {dict} else list(map(list, zip(*rows, strict=True)))
        )
    except KeyError:
        return None
    columns = []
    for column, values in zip(schema, raw, strict=True):
        checked = column.check_all(values)
        if checked is None:
            return None
        columns.append(checked)
    return columns


def _one_by_one(instances: list[Any], schema: list[Column]) -> list[list[Any]]:
    """The columns, by way of every single cell, so that each problem can be told with its place."""
    columns: list[list[Any]] = [[] for _ in schema]
    problems = Problems()
    for number, instance in enumerate(instances):
        cells = _cells(number, instance, schema, problems)
        for values, column, (key, value) in zip(columns, schema, cells, strict=False):
            try:
                values.append(column.check(value))
            except Refused as refusal:
                problems.add(("instances", number, *key), column.expected, value, str(refusal), column.name)
    problems.raise_if_any()
    return columns


def _cells(number: int, instance: Any, schema: list[Column], problems: Problems) -> list[Any]:
    """The place and value of each cell of an instance in the order of the schema, or none."""
    if isinstance(instance, dict):
        return _object_cells(number, instance, schema, problems)
    if isinstance(instance, list):
        if len(instance) == len(schema):
            return [((index,), value) for index, value in enumerate(instance)]
        received = f"{len(instance)} values" if len(instance) != 1 else "1 value"
        problems.add_text(("instances", number), _array(schema), received)
        return []
    if len(schema) == 1:
        return [((), instance)]
    problems.add(("instances", number), f"an object or {_array(schema)}", instance)
    return []


def keys_of(instance: Container[str], schema: list[Column]) -> list[str]:
    """What an object, or the header of a CSV body, calls each column: its name, or its position in an array."""
    return [
        column.name
        if column.position is None or column.name in instance or column.position not in instance
        else column.position
        for column in schema
    ]


def _object_cells(
    number: int, instance: dict[str, Any], schema: list[Column], problems: Problems
) -> list[Any]:
    keys = keys_of(instance, schema)
    if not check_names(number, instance, keys, schema, problems):
        return []
    return [((key,), instance[key]) for key in keys]


def check_names(
    number: int, names: Collection[str], keys: list[str], schema: list[Column], problems: Problems
) -> bool:
    """Whether the names of an object, or of a CSV header, have every column; adds what is wrong with them.

    Args:
        number: The row that the problems are told of.
        names: What the client sent.
        keys: What it calls each column of the schema.
        schema: The columns.
        problems: Gets a problem for each column that is missing and for each name that is none.
    """
    sent, known = set(names), set(keys)
    missing = [column for key, column in zip(keys, schema, strict=True) if key not in sent]
    for column in missing:
        hint = "a missing value is sent as null" if column.nullable else ""
        place = ("instances", number, column.name)
        problems.add_text(place, column.expected, "no such column", hint, column.name)
    if len(names) + len(missing) > len(schema):
        own = [column.name for column in schema]
        for name in names:
            if name not in known:
                problems.add_unknown(number, name, own)
    return not missing


def _array(schema: list[Column]) -> str:
    return f"an array of {len(schema)} value{'s' if len(schema) > 1 else ''}"


class Problems:
    """The first problems of a request in full, and the number of all.

    A client may send a million of them, so nothing but counting is done for one that isn't listed.
    """

    def __init__(self) -> None:
        self.errors: list[dict[str, Any]] = []
        self.count = 0
        self._hints: dict[str, str] = {}
        self._comparisons = 0

    def add_unknown(self, row: int, name: str, names: list[str]) -> None:
        """Note a name that is none of the model's `names`."""
        listed = self.count < MAX_PROBLEMS
        hint = self._like(name, names) if listed else ""
        shown = json.dumps(_cut(name), ensure_ascii=False) if listed else ""
        place = ("instances", row, name)
        self.add_text(place, "only columns of the model", "an unknown column", hint, shown)

    def _like(self, name: str, names: list[str]) -> str:
        """Which column was probably meant, as long as the request hasn't had its share of comparisons."""
        hint = self._hints.get(name)
        if hint is None:
            hint = self._hints[name] = self._nearest(name, names)
        return hint

    def _nearest(self, name: str, names: list[str]) -> str:
        if not name:
            return "an index, as df.to_csv(index=False) leaves out and ?extra=ignore"
        similar = []
        if len(name) <= _MAX_SHOWN and self._comparisons + len(names) <= _MAX_COMPARED:
            from difflib import get_close_matches  # not above: only the mistaken wait for it

            self._comparisons += len(names)
            similar = get_close_matches(name, names, n=1)
        return (
            f"did you mean {json.dumps(similar[0])}?"
            if similar
            else "GET /model lists them, ?extra=ignore leaves others out"
        )

    def add(
        self, place: tuple[str | int, ...], expected: str, value: Any, hint: str = "", name: str = ""
    ) -> None:
        """Note that a value isn't what its place, below the body's root, expects."""
        self.add_text(place, expected, describe(value) if self.count < MAX_PROBLEMS else "", hint, name)

    def add_text(
        self, place: tuple[str | int, ...], expected: str, received: str, hint: str = "", name: str = ""
    ) -> None:
        """Note that what came, in words, isn't what its place expects."""
        self.count += 1
        if self.count > MAX_PROBLEMS:
            return
        detail = f"expected {expected}, got {received}{'; ' if hint else ''}{hint}"
        error = {
            "pointer": pointer(*(_cut(part) if isinstance(part, str) else part for part in place)),
            "detail": f"{name}: {detail}" if name else detail,
            "expected": expected,
            "received": received,
        }
        self.errors.append(error)

    def raise_if_any(self) -> None:
        """Raise all of them as one problem, 422; nothing where there is none."""
        if self.count:
            noun = "1 problem" if self.count == 1 else f"{self.count} problems"
            more = f"; the first {MAX_PROBLEMS} are listed" if self.count > MAX_PROBLEMS else ""
            raise Problem(422, f"The instances have {noun}{more}.", errors=self.errors, count=self.count)


def describe(value: Any) -> str:
    """A JSON value in a few words, long ones by their length only."""
    if isinstance(value, (list, dict)):
        return "an array" if isinstance(value, list) else "an object"
    if isinstance(value, float) and value - value != 0:
        return "a number beyond the range of a double"
    if type(value) is int and (digits := digits_of(value)) > MAX_DIGITS:
        return f"a number of {digits} digits"
    text = json.dumps(value, ensure_ascii=False)
    if value is None or isinstance(value, bool):
        return text
    if isinstance(value, str):
        return f"the string {text}" if len(value) <= _MAX_SHOWN else f"a string of {len(value)} characters"
    return f"the number {text}"


def _cut(name: str) -> str:
    # A pointer must lead to its column, unless nobody would read it: those of a megabyte are cut.
    return name if len(name) <= _MAX_NAME else f"{name[:_MAX_NAME]}…"
