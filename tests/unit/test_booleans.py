"""0 and 1 are booleans where a column holds some, and numbers elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from serving.protocols.booleans import with_booleans
from serving.schema import Column

NUMBER = Column({"name": "a", "kind": "number", "nullable": True})
FLAG = Column({"name": "b", "kind": "boolean", "nullable": True}, "1")


@pytest.mark.parametrize(
    ("row", "read"),
    [
        ({"a": 1, "b": 1}, {"a": 1, "b": True}),
        ({"a": 0, "b": 0.0}, {"a": 0, "b": False}),
        ({"a": 0, "1": 1.0}, {"a": 0, "1": True}),
        ([1, 1], [1, True]),
        ([0, False], [0, False]),
        ([0, None, 1], [0, None, 1]),
        ({"b": 2}, {"b": 2}),
        ({"b": "1"}, {"b": "1"}),
        ({"b": float("nan")}, {"b": float("nan")}),
        ({"b": [1]}, {"b": [1]}),
        ("text", "text"),
    ],
)
def test_a_row_is_read(row: Any, read: Any) -> None:
    (found,) = with_booleans([row], [NUMBER, FLAG])
    assert repr(found) == repr(read)  # True is 1, and NaN no NaN


def test_the_only_column_comes_without_a_row_around_it() -> None:
    assert repr(with_booleans([1, 0, None], [FLAG])) == "[True, False, None]"


def test_without_booleans_the_rows_are_left_alone() -> None:
    rows = [[1], [0]]
    assert with_booleans(rows, [NUMBER]) is rows
