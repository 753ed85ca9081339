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
    met = signed(cells)
    largest, single = float(np.finfo(np.float64).max), float(np.finfo(np.float32).max)
    first_above = 3.4028235677973366e38  # the first that float32 rounds to infinity
    for value in (0.0, -0.0, 5e-324, -5e-324, single, first_above, -first_above, largest, -largest, 1e16):
        assert (float, value, math.copysign(1.0, value)) in met, value
    assert math.nextafter(first_above, 0.0) in cells
    assert {math.nextafter(1.5, math.inf), 5.0, -5.0} <= set(cells)
    assert None in cells


def test_a_column_of_categories_meets_every_type_that_could_be_taken_for_another() -> None:
    schema = described("category", dtype="object", categories=["x", 1.0, True])
    (cells,) = adversarial(schema, [["x", 1.0, True]], random(), 1000)
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
        ("date", {"dtype": "datetime64[us]"}, ["2020-01-01"], {"2020-01-01", "2024-02-29"}, {1}),
    ],
    ids=["int64", "int8", "boolean", "text", "date"],
)
def test_a_column_meets_what_its_validation_lets_through(
    kind: str, more: dict[str, Any], own: list[Any], some: set[Any], never: set[Any]
) -> None:
    (cells,) = adversarial(described(kind, **more), [own], random(), 1000)
    assert some <= set(cells)
    assert not never & set(cells)


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
    [([0.0, 10.0], 0.01), ([0.0, 0.5], 0.001), ([3.0, 3.0], 0.01)],
    ids=["wide", "narrow", "one"],
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


def test_integers_reach_one_beyond_the_data_and_no_further_than_their_type() -> None:
    (made,) = on_the_grid(described("integer", dtype="int8"), [[120, 127]], 500, random())
    assert set(made) == set(range(118, 128))
    assert {type(v) for v in made} == {int}


def test_values_are_missing_as_often_as_in_the_data_and_others_are_drawn_from_it() -> None:
    (made,) = on_the_grid(described("number", dtype="float64"), [[1.0, 2.0, None, None]], 4000, random())
    assert 0.45 < made.count(None) / 4000 < 0.55
    (drawn,) = on_the_grid(described("category", dtype="object"), [["x", None]], 100, random())
    assert set(drawn) == {"x", None}
    (nothing,) = on_the_grid(described("number", dtype="float64"), [[None, None]], 10, random())
    assert set(nothing) == {None}
