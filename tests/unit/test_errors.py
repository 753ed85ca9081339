"""What a message quotes of a client's values: enough to find it, and never more."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from serving.errors import digits_of, quoted


@given(
    number=st.integers()
    | st.tuples(st.integers(0, 4000), st.integers(-1, 1)).map(lambda p: 10 ** p[0] + p[1])
)
@example(number=0)
@example(number=-1)
@example(number=9)
@example(number=10**40)
@example(number=10**40 - 1)
def test_digits_are_those_that_would_be_written(number: int) -> None:
    assert digits_of(number) == len(str(abs(number)))


def test_digits_are_counted_where_python_refuses_to_write_them() -> None:
    limit = sys.get_int_max_str_digits()
    assert digits_of(10**limit) == limit + 1
    assert digits_of(10 ** (2 * limit) - 1) == 2 * limit


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("x" * 100, f"'{'x' * 60}'"),
        (10**39, "1" + "0" * 39),
        (10**40, "a number of 41 digits"),
        (-(10**40), "a number of 41 digits"),
        (1.5, "1.5"),
        (True, "True"),
        (None, "None"),
        ([10**9000, 2], "[a number of 9001 digits, 2]"),
        (list(range(6)), "[0, 1, 2, 3, … 2 more]"),
    ],
)
def test_quotes(value: Any, expected: str) -> None:
    assert quoted(value) == expected
