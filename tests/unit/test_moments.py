"""Dates as seconds, by which a proof draws and bisects."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skylayer.proof.moments import bounds_of, seconds_of, text_of

BOUNDS = bounds_of("str")


@given(st.integers(*BOUNDS))
def test_a_second_and_its_text_are_one_another(second: int) -> None:
    assert seconds_of(text_of(second)) == second


def test_a_fraction_is_rounded_down_and_a_zone_counts() -> None:
    assert seconds_of("1969-12-31T23:59:59.5") == -1
    assert seconds_of("1970-01-01T01:00+01:00") == 0


@pytest.mark.parametrize("dtype", ["datetime64[ns]", "datetime64[us]"])
def test_the_bounds_are_the_last_seconds_that_the_type_holds(dtype: Any) -> None:
    first, last = bounds_of(dtype)
    held = pd.Series([text_of(first), text_of(last)]).astype(dtype)
    assert held.dt.year.tolist() == ([1677, 2262] if "ns" in dtype else [1, 9999])
    with pytest.raises((ValueError, OverflowError)):
        pd.Series([text_of(last + 1)]).astype(dtype)
