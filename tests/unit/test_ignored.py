"""What is left out of a request, and how a client is told."""

from __future__ import annotations

from typing import Any

import pytest

from serving import ignored
from serving.schema import schema_of

COLUMNS = [{"name": name, "kind": "number", "nullable": True} for name in ("a", "b")]
SCHEMA = schema_of({"container": "frame", "columns": COLUMNS})


@pytest.mark.parametrize(
    ("rows", "known", "names"),
    [
        ([{"a": 1, "b": 2}], [{"a": 1, "b": 2}], []),
        ([{"id": 7, "a": 1, "b": 2}, [3, 4]], [{"a": 1, "b": 2}, [3, 4]], ["id"]),
        (
            [{"a": 1, "b": 2, "z": 0}, {"y": 0, "a": 3, "b": 4}],
            [{"a": 1, "b": 2}, {"a": 3, "b": 4}],
            ["z", "y"],
        ),
        ([{"a": 1, "bb": 2}, {"a": 1, "b": 2, "c": 3}], [{"a": 1, "bb": 2}, {"a": 1, "b": 2}], ["c"]),
        ([[1, 2, 3], 4, None], [[1, 2, 3], 4, None], []),
    ],
)
def test_only_columns_are_kept_of_a_row_that_has_more(rows: list[Any], known: Any, names: Any) -> None:
    assert ignored.without_unknown(rows, SCHEMA) == (known, names)


def test_positions_are_columns_of_an_array() -> None:
    schema = schema_of({"container": "array", "columns": COLUMNS})
    rows = [{"0": 1, "1": 2, "2": 3}]
    assert ignored.without_unknown(rows, schema) == ([{"0": 1, "1": 2}], ["2"])
    assert ignored.without_unknown(rows, SCHEMA) == ([{}], ["0", "1", "2"])


def test_nothing_ignored_is_nothing_told() -> None:
    assert ignored.headers() == {}


def test_each_kind_has_its_header() -> None:
    assert ignored.headers(["id", ""], ["params.a"], ["b"]) == {
        "ignored-columns": '"id", ""',
        "ignored-members": '"params.a"',
        "missing-columns": '"b"',
    }


@pytest.mark.parametrize("name", ["a\r\nset-cookie: x", "Zürich", "\x7f", "\x00", '"', "😀", "\ud800"])
def test_no_name_can_break_a_header(name: str) -> None:
    (value,) = ignored.headers([name]).values()
    assert value.isascii()
    assert value.isprintable()


def test_long_names_and_long_lists_are_cut() -> None:
    told = ignored.headers(["x" * 100] * 25)["ignored-columns"]
    assert told == ", ".join([f'"{"x" * 60}"'] * 20 + ["and 5 more"])
