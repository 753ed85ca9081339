"""Booleans as an array of numbers has them: 0 and 1, which is what NumPy makes of a data frame's."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from serving.schema import Column

_NUMBERS = (int, float)


def with_booleans(instances: list[Any], schema: list[Column]) -> list[Any]:
    """The rows, a 0 or 1 in a column of booleans as false or true; whatever else is there is left to validation."""
    places = {index for index, column in enumerate(schema) if column.kind == "boolean"}
    if not places:
        return instances
    names = {name for index in places for name in (schema[index].name, schema[index].position)}
    return [_read(row, places, names) for row in instances]


def _read(row: Any, places: set[int], names: set[str | None]) -> Any:
    if type(row) is dict:
        return {name: _boolean(value) if name in names else value for name, value in row.items()}
    if type(row) is list:
        return [_boolean(value) if index in places else value for index, value in enumerate(row)]
    return _boolean(row)


def _boolean(value: Any) -> Any:
    return value == 1 if type(value) in _NUMBERS and value in {0, 1} else value
