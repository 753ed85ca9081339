"""Which JSON values a column takes at run time: `serving.schema`, one by one and all at once."""

from __future__ import annotations

from typing import Any

import pytest

from serving.schema import Column, Refused


def column(kind: str, *, nullable: bool = False, dtype: str = "int64", categories: Any = None) -> Column:
    return Column({"name": "a", "kind": kind, "nullable": nullable, "dtype": dtype, "categories": categories})


def refusal(of: Column, value: Any) -> str:
    assert of.check_all([value]) is None
    with pytest.raises(Refused) as caught:
        of.check(value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [
        ("int8", -128, 127),
        ("Int16", -(2**15), 2**15 - 1),
        ("int64", -(2**63), 2**63 - 1),
        ("uint8", 0, 255),
        ("UInt64", 0, 2**64 - 1),
        ("object", -(2**63), 2**63 - 1),
    ],
)
def test_integers_are_bounded_by_their_dtype_or_by_64_bits(dtype: str, low: int, high: int) -> None:
    of = column("integer", dtype=dtype)
    assert of.bounds == (low, high)
    assert of.check_all([low, high]) == [low, high]
    assert f"between {low} and {high}" in refusal(of, high + 1)
    assert f"between {low} and {high}" in refusal(of, low - 1)


# Column, a value as it comes and as the engine gets it.
TAKEN = [
    (column("number"), 1, 1.0),
    (column("number"), 1.5, 1.5),
    (column("integer"), 3, 3),
    (column("boolean"), False, False),
    (column("text"), "", ""),
    (column("date"), "2026-01-31", "2026-01-31"),
    (column("category", categories=["x"]), "unseen", "unseen"),
    (column("category", categories=[1]), 2.5, 2.5),
    (column("category", categories=[True]), False, False),
    (column("category", categories=[1, "x", None]), "y", "y"),
    (column("category", categories=[1]), -(2**63), -(2**63)),
    (column("category", categories=[1]), 2**63 - 1025, 2**63 - 1025),
]


@pytest.mark.parametrize(("of", "value", "taken"), TAKEN)
def test_a_value_is_taken(of: Column, value: Any, taken: Any) -> None:
    (all_at_once,) = of.check_all([value]) or [object()]
    for found in (of.check(value), all_at_once):
        assert found == taken
        assert type(found) is type(taken)


@pytest.mark.parametrize(
    ("of", "value", "hint"),
    [
        (column("number"), True, ""),
        (column("number"), "1", "send the number without quotes"),
        (column("number"), "-1.5e+3", "send the number without quotes"),
        (column("number"), "1_0", ""),
        (column("number"), "", "send null for a missing value"),
        (column("number"), "true", ""),
        (column("number"), 1e999, "the number is beyond the range of a double"),
        (column("number"), [1], ""),
        (column("integer"), 1.5, ""),
        (column("boolean"), 1, ""),
        (column("boolean"), "1", ""),
        (column("boolean"), "TRUE", "send it without quotes"),
        (column("text"), 1, "send it in quotes"),
        (column("text"), 1.5, "send it in quotes"),
        (column("text"), True, ""),
        (column("date"), "31.01.2026", ""),
        (column("category", categories=["x"]), 1, "send it in quotes"),
        (column("category", categories=["x", True]), 1, ""),
        (column("category", categories=[True]), 1, ""),
        (column("category", categories=[1]), -(2**63) - 2048, "the number is beyond 64 bits"),
        (column("category", categories=[1]), 2**63, "the number is beyond 64 bits"),
        (column("number"), None, "the training data had no missing value here"),
    ],
)
def test_a_value_is_refused_with_a_hint(of: Column, value: Any, hint: str) -> None:
    assert refusal(of, value) == hint


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [
        ("int64", -(2**63), 2**63 - 1),
        ("Int64", -(2**63), 2**63 - 1),
        ("int8", -128, 127),
        ("uint8", 0, 255),
        ("UInt16", 0, 65_535),
        ("int32", -(2**31), 2**31 - 1),
        ("uint64", 0, 2**64 - 1),
        ("object", -(2**63), 2**63 - 1),
        ("float32", -(2**63), 2**63 - 1),
    ],
)
def test_an_integer_lies_within_its_dtype(dtype: str, low: int, high: int) -> None:
    of = column("integer", dtype=dtype)
    assert [of.check(low), of.check(high)] == [low, high]
    assert of.check_all([low, high]) == [low, high]
    hint = f"it must lie between {low} and {high}"
    assert [refusal(of, low - 1), refusal(of, high + 1)] == [hint, hint]
    assert of.check_all([low, high + 1]) is None
    assert of.check_all([low - 1, high]) is None


def test_a_whole_float_is_an_integer_one_by_one() -> None:
    found = column("integer").check(3.0)
    assert (found, type(found)) == (3, int)
    assert column("integer").check_all([3.0]) is None  # one by one has to decide
    assert column("number").check(3.0) == 3.0
    with pytest.raises(Refused):
        column("text").check(3.0)


def test_missing_values_keep_their_place() -> None:
    of = column("number", nullable=True)
    assert of.check(None) is None
    assert of.check_all([None, 1, None, 2]) == [None, 1.0, None, 2.0]
    assert of.check_all([None, None]) == [None, None]
    assert column("integer", nullable=True).check_all([None]) == [None]
    assert column("number").check_all([1, None]) is None


def test_one_value_that_is_not_taken_is_enough() -> None:
    assert column("number").check_all([1.0, float("inf")]) is None
    assert column("number").check_all([float("inf"), 1.0]) is None
    assert column("date").check_all(["2026-01-31", "x"]) is None
    of = column("category", categories=[1, "x"])
    assert of.check_all(["x", 0, 2**63]) is None
    assert of.check_all(["x", 0, -(2**63) - 2048]) is None
    assert of.check_all(["x", 0]) == ["x", 0]


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (column("number"), "a number"),
        (column("number", nullable=True), "a number or null"),
        (column("integer"), "an integer"),
        (column("boolean"), "true or false"),
        (column("text"), "a string"),
        (column("date"), "a date as ISO 8601 text, such as 2026-01-31"),
        (column("category", categories=["x", None]), "a string"),
        (column("category", categories=[1.5]), "a number"),
        (column("category", categories=[True, "x"], nullable=True), "a string or true or false or null"),
        (column("category", categories=[]), "a string or a number or true or false"),
    ],
)
def test_what_is_expected_is_said(of: Column, expected: str) -> None:
    assert of.expected == expected


def test_a_column_has_these_defaults() -> None:
    of = Column({"name": "a", "kind": "text", "nullable": False})
    assert (of.dtype, of.categories) == ("object", [])
