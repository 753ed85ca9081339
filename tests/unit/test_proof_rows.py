"""Rows that a proof makes up: on a grid around the data, and adversarial."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from skylayer.proof.rows import adversarial, on_the_grid


def described(kind: str, **more: Any) -> dict[str, Any]:
    return {"columns": [{"name": "a", "kind": kind, "nullable": True, **more}]}


def random() -> np.random.Generator:
    return np.random.default_rng(0)


def signed(values: list[Any]) -> set[tuple[type, Any, float]]:
    """Numbers told apart by type and sign: 0.0 from -0.0, 1 from True."""
    return {(type(v), v, math.copysign(1.0, v)) for v in values if not isinstance(v, str) and v is not None}


def test_a_column_of_numbers_meets_zero_of_either_sign_denormals_and_the_ends_of_both_precisions() -> None:
    (cells,) = adversarial(described("number", dtype="float64"), [[1.5, 2.5, None]], random(), 1000)
    double, single = np.finfo(np.float64), np.finfo(np.float32)
    # Half a step beyond the largest float32: the first number that float32 rounds to infinity.
    overflows = float(single.max) + 2.0 ** (127 - 24)
    wanted = {
        *(
            s * float(v)
            for v in (double.smallest_subnormal, double.max, 1.0, 1e300, overflows)
            for s in (1, -1)
        ),
        float(double.smallest_normal),
        1e-310,  # a number below the normal ones
        1e-35,  # counts as 0 to LightGBM
        0.1,
        1e16,
        2.0**53 + 2,
        2.0**24 + 1,  # float32 has no such number
        float(single.max),
        math.nextafter(overflows, 0.0),
        # And of the data: its own, the next one, beyond both ends.
        *(1.5, 2.5, math.nextafter(1.5, math.inf), 5.0, -5.0),
    }
    assert signed(cells) == signed([*wanted, 0.0, -0.0])
    assert None in cells


def test_a_column_of_integers_meets_the_ends_of_every_type_and_of_what_a_double_holds() -> None:
    (cells,) = adversarial(described("integer", dtype="int64"), [[5, 7]], random(), 1000)
    wanted = {0, 1, -1, 5, 7, 2**24 + 1, 2**53 - 1, 2**53, 2**53 + 1, -(2**53) - 1, 2**62 + 1}
    for bits in (8, 16, 32, 64):
        wanted |= {2 ** (bits - 1) - 1}
    wanted |= {-(2**7), -(2**31), -(2**63), 2**8 - 1, 2**32 - 1}
    assert set(cells) - {None} == wanted


def test_a_column_of_integers_that_takes_fractions_meets_those_that_a_cast_would_lose() -> None:
    own = described("integer", dtype="int64", widened=["fraction"])
    (plain,) = adversarial(described("integer", dtype="int64"), [[5, 7]], random(), 1000)
    (cells,) = adversarial(own, [[5, 7]], random(), 1000)
    fractions = {0.5, -0.5, 1e-9, 1 / 3, 2.0**24 + 0.5, 2.0**51 + 0.5, math.nextafter(127.0, 0.0)}
    assert set(cells) - set(plain) == {*fractions, 5.5, 7.5}
    assert set(plain) <= set(cells)


def test_a_column_of_booleans_meets_both_whatever_its_data_have() -> None:
    for own in (True, False):
        (cells,) = adversarial(described("boolean", dtype="bool"), [[own]], random(), 1000)
        assert {True, False} <= set(cells)


def test_a_column_of_categories_meets_every_type_that_could_be_taken_for_another() -> None:
    schema = described("category", dtype="object", categories=["x", 1.0, True])
    (cells,) = adversarial(schema, [["x"]], random(), 1000)
    met = signed(cells)
    wanted: list[Any] = [0, 1, 1.0, True, False, -0.0, 2**53 + 1]
    assert {(type(v), v, math.copysign(1.0, v)) for v in wanted} <= met
    assert {"", "1", "1.0", "True", "nan", "None", "an unseen category", "x"} <= set(cells)


@pytest.mark.parametrize(
    ("kind", "more", "own", "some", "never"),
    [
        ("integer", {"dtype": "int64"}, [5, 7], {2**63 - 1, -(2**63), 2**53 + 1, 2**24 + 1}, {0.5}),
        ("integer", {"dtype": "int8"}, [5, 7], {127, -128}, {255, 2**31 - 1}),
        ("boolean", {"dtype": "bool"}, [True], {True, False}, {2}),
        ("text", {"dtype": "object"}, ["word"], {"", "e\u0301", "x" * 3000, "word"}, {1}),
        ("date", {"dtype": "str"}, ["2020-01-01"], {"2020-01-01", "2024-02-29", "2026-06-30T12:00Z"}, {1}),
        ("date", {"dtype": "datetime64[us]"}, ["2020-01-01"], {"9999-12-31"}, {"2026-06-30T12:00Z"}),
        ("date", {"dtype": "datetime64[ns]"}, ["2020-01-01"], {"1900-03-01"}, {"9999-12-31", "0001-01-01"}),
    ],
    ids=["int64", "int8", "boolean", "text", "date", "moment", "nanoseconds"],
)
def test_a_column_meets_what_its_validation_lets_through(
    kind: str, more: dict[str, Any], own: list[Any], some: set[Any], never: set[Any]
) -> None:
    (cells,) = adversarial(described(kind, **more), [own], random(), 1000)
    assert some <= set(cells)
    assert not never & set(cells)


def test_each_value_has_a_row_a_quarter_more_are_adversarial_throughout_and_two_are_duplicates() -> None:
    """Both booleans, a null, and the first two values of the data."""
    (cells,) = adversarial(described("boolean", dtype="bool"), [[True, False]], random(), 1000)
    assert len(cells) == 5 + 5 // 4 + 4 + 2
    assert cells[:2] == cells[-2:] == [True, False]


def test_the_share_of_rows_that_are_adversarial_throughout_is_a_quarter_however_many_there_are() -> None:
    columns = [{"name": n, "kind": "boolean", "dtype": "bool", "nullable": True} for n in "abcd"]
    made = adversarial({"columns": columns}, [[True, False, True]] * 4, random(), 1000)
    assert {len(cells) for cells in made} == {20 + 20 // 4 + 4 + 2}


def test_no_row_is_drawn_twice_where_there_are_more_than_wanted() -> None:
    (every,) = adversarial(described("integer", dtype="int64"), [[5, 7, 9]], random(), 1000)
    values = every[: every.index(None) + 3]  # one row for each
    assert len(values) == len(set(values))
    assert 9 not in every
    (some,) = adversarial(described("integer", dtype="int64"), [[5, 7, 9]], random(), len(every) - 3)
    assert len(some) == len(every) - 1
    assert len(set(some)) >= len(set(values)) - 1


def test_a_column_that_takes_no_missing_value_meets_none() -> None:
    schema = {"columns": [{"name": "a", "kind": "number", "dtype": "float64", "nullable": False}]}
    (cells,) = adversarial(schema, [[1.0]], random(), 1000)
    assert None not in cells


def test_most_rows_are_of_the_data_but_for_one_cell_and_some_are_adversarial_throughout() -> None:
    schema = {
        "columns": [{"name": n, "kind": "number", "dtype": "float64", "nullable": False} for n in "abc"]
    }
    own = [[0.25, 0.75]] * 3
    columns = adversarial(schema, own, random(), 10_000)
    strange = [sum(cell not in {0.25, 0.75} for cell in row) for row in zip(*columns, strict=True)]
    assert strange.count(1) > len(strange) / 2
    assert 3 in strange
    assert len(set(zip(*columns, strict=True))) < len(columns[0])  # duplicates
    limited = adversarial(schema, own, random(), 20)
    assert len(limited[0]) == 22


@pytest.mark.parametrize(
    ("cells", "step"),
    [
        ([0.0, 10.0], 0.01),
        ([0.0, 1000.0], 0.01),
        ([0.0, 1.0], 0.01),
        ([0.0, 0.99], 0.001),
        ([0.0, 0.995], 0.001),
        ([0.0, 0.5], 0.001),
        ([3.0, 3.0], 0.01),
        ([100.0, 100.5], 0.001),
        ([-0.25, 0.25], 0.001),
        ([0.0, 1e-3], 1e-5),
        ([0.0, 1e-4], 1e-7),
    ],
    ids=[
        *("wide", "wider", "a hundred steps", "one less", "hardly less", "narrow", "one"),
        *("far from 0", "around 0", "a thousandth", "a ten thousandth"),
    ],
)
def test_numbers_lie_on_a_grid_of_at_least_a_hundred_points_around_the_data(
    cells: list[float], step: float
) -> None:
    (made,) = on_the_grid(described("number", dtype="float64"), [cells], 2000, random())
    values = np.array(made)
    room = 0.1 * (max(cells) - min(cells)) + step
    assert (values >= min(cells) - room).all()
    assert (values <= max(cells) + room).all()
    np.testing.assert_allclose(values / step, np.rint(values / step), atol=1e-6)
    if max(cells) > min(cells):
        assert values.min() < min(cells)
        assert values.max() > max(cells)
        assert not np.allclose(values / (10 * step), np.rint(values / (10 * step)), atol=1e-6)


@pytest.mark.parametrize(
    ("dtype", "cells", "least", "most"),
    [
        ("int8", [120, 127], 118, 127),
        ("int8", [-128, -121], -128, -119),
        ("int64", [0, 0], -1, 1),
        ("int64", [0, 20], -3, 23),
    ],
    ids=["the upper end", "the lower end", "one value", "a tenth and one beyond"],
)
def test_integers_reach_one_beyond_the_grid_and_no_further_than_their_type(
    dtype: str, cells: list[int], least: int, most: int
) -> None:
    (made,) = on_the_grid(described("integer", dtype=dtype), [cells], 1000, random())
    assert set(made) == set(range(least, most + 1))
    assert {type(v) for v in made} == {int}


def test_values_are_missing_as_often_as_in_the_data_and_others_are_drawn_from_it() -> None:
    (made,) = on_the_grid(described("number", dtype="float64"), [[1.0, 2.0, None, None]], 4000, random())
    assert 0.45 < made.count(None) / 4000 < 0.55
    (drawn,) = on_the_grid(described("category", dtype="object"), [["x", None]], 100, random())
    assert set(drawn) == {"x", None}
    (nothing,) = on_the_grid(described("number", dtype="float64"), [[None, None]], 10, random())
    assert set(nothing) == {None}


def test_dates_are_seconds_and_days_around_the_data() -> None:
    own = ["2020-01-01", "2020-12-31T23:59:59", None]
    (made,) = on_the_grid(described("date", dtype="str"), [own], 2000, random())
    assert made.count(None) > 500
    texts = [text for text in made if text is not None]
    assert min(texts) < "2020-01-01"
    assert max(texts) > "2020-12-31T23:59:59"
    assert all("2019-11-20" < text < "2021-02-10" for text in texts)
    assert 0.4 < sum(text.endswith("T00:00:00") for text in texts) / len(texts) < 0.6


def test_dates_stay_within_what_their_type_holds() -> None:
    for dtype, own in {"datetime64[ns]": "2262-04-11T23:47:16.854775807", "str": "0001-01-01"}.items():
        (made,) = on_the_grid(described("date", dtype=dtype), [[own]], 500, random())
        assert len(made) == 500


class Counted(np.random.Generator):
    """Counts how often it is asked for whole numbers."""

    asked = 0

    def integers(self, *arguments: Any, **keywords: Any) -> Any:
        Counted.asked += 1
        return super().integers(*arguments, **keywords)


def test_of_many_columns_no_more_rows_are_made_than_are_kept() -> None:
    columns = [
        {"name": f"x{number}", "kind": "number", "nullable": True, "dtype": "float64"}
        for number in range(200)
    ]
    training = [[float(number), 2.0, 3.0] for number in range(200)]
    rows = adversarial({"columns": columns}, training, Counted(np.random.PCG64(0)), 50)
    assert {len(cells) for cells in rows} == {52}
    assert [cells[:2] for cells in rows] == [cells[-2:] for cells in rows]
    assert Counted.asked < 50 * 200  # the others would be 5,000 rows
