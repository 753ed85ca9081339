"""Categories of a request that training has not seen: the estimator answers them all the same, by its own rule."""

from __future__ import annotations

from serving.errors import MAX_PROBLEMS, pointer, quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from serving.schema import Column


def warnings(instances: list[Any], schema: list[Column]) -> list[dict[str, str]]:
    """A JSON pointer to each value that is a category unseen in training, and a sentence; at most `MAX_PROBLEMS`.

    Args:
        instances: Rows that the schema has let through.
        schema: The columns.
    """
    known = [
        (index, column, {_key(category) for category in column.categories})
        for index, column in enumerate(schema)
        if column.kind == "category" and column.categories
    ]
    found: list[dict[str, str]] = []
    for number, instance in enumerate(instances):
        for index, column, categories in known:
            place, value = _cell(instance, index, column.name)
            if value is None or _key(value) in categories:
                continue
            if len(found) == MAX_PROBLEMS:
                return found
            detail = f"{column.name}: {quoted(value)} is a category unseen in training"
            found.append({"pointer": pointer("instances", number, *place), "detail": detail})
    return found


def _cell(instance: Any, index: int, name: str) -> tuple[tuple[str | int, ...], Any]:
    """Where a column's value is in an instance, and the value."""
    if isinstance(instance, dict):
        return (name,), instance[name]
    return ((index,), instance[index]) if isinstance(instance, list) else ((), instance)


def _key(value: Any) -> tuple[bool, Any]:
    """JSON tells true and 1 apart, which are one key in Python."""
    return isinstance(value, bool), value
