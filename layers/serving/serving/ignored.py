"""What clients of other servers send beside the columns of the model: left out of the rows, and told in a header."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from serving.schema import Column

# What headers may tell, in the order in which a client gets them.
COLUMNS, MEMBERS, MISSING = "ignored-columns", "ignored-members", "missing-columns"
_MAX_TOLD = 20
_MAX_CHARACTERS = 60


def without_unknown(instances: list[Any], schema: list[Column]) -> tuple[list[Any], list[str]]:
    """The rows without what is no column of the model, and the names of what was left out.

    A row that isn't longer than the schema stays as it is: if it has a name too many it lacks a column, too, and
    one of the two is likely to be the other, misspelt. Validation names both.
    """
    width = len(schema)
    if not any(type(row) is dict and len(row) > width for row in instances):
        return instances, []
    known = {column.name for column in schema} | {column.position for column in schema}
    unknown: dict[str, None] = {}
    rows = []
    for row in instances:
        if type(row) is dict and len(row) > width:
            unknown.update((name, None) for name in row if name not in known)
            row = {name: value for name, value in row.items() if name in known}  # noqa: PLW2901
        rows.append(row)
    return rows, list(unknown)


def headers(
    columns: Iterable[str] = (), members: Iterable[str] = (), missing: Iterable[str] = ()
) -> dict[str, str]:
    """The headers that tell a client what of its request had no effect; none where all had.

    Args:
        columns: Names of columns that the model doesn't have.
        members: Names of members of the body that say nothing to this server.
        missing: Names of the model's columns that a CSV body lacked, so that each row misses their value.

    Returns:
        For each that there is, a list of JSON strings in ASCII, long ones cut.
    """
    told = {COLUMNS: list(columns), MEMBERS: list(members), MISSING: list(missing)}
    return {name: _listed(names) for name, names in told.items() if names}


def _listed(names: list[str]) -> str:
    shown = [json.dumps(name[:_MAX_CHARACTERS]).replace("\x7f", "\\u007f") for name in names[:_MAX_TOLD]]
    more = [f"and {len(names) - _MAX_TOLD} more"] if len(names) > _MAX_TOLD else []
    return ", ".join([*shown, *more])
