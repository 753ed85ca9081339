"""Numbers of cards and tables, as people write them."""

from __future__ import annotations

import pytest

from skylayer.card.numbers import counted, extent, metric, metric_name, number, rows


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (14_103.2, "14,103"),
        (1_234.5, "1,234.5"),
        (12_345_678, "12,345,678"),
        (0.98913, "0.9891"),
        (0.5, "0.5"),
        (0.00012345, "0.0001234"),
        (1.0, "1"),
        (0.0, "0"),
        (-0.0, "0"),
        (-1_234.5, "-1,234.5"),
        (99_999.96, "100,000"),
        (0.99999, "1"),
        (3.2e-7, "3.2e-07"),
        (float("inf"), "inf"),
    ],
)
def test_a_number_reads_as_people_write_it(value: float, text: str) -> None:
    assert number(value) == text


def test_a_mean_stands_beside_its_deviation_of_two_digits() -> None:
    assert metric({"mean": 14_103.2, "standard_deviation": 712.3}) == "14,103 ± 710"
    assert metric({"mean": 0.98913, "standard_deviation": 0.00891}) == "0.9891 ± 0.0089"
    assert metric({"mean": 0.5, "standard_deviation": 0.0}) == "0.5 ± 0"


def test_a_metric_keeps_the_name_of_its_output() -> None:
    assert metric_name("mean_absolute_error") == "mean absolute error"
    assert metric_name("mean_absolute_error of weight_kg") == "mean absolute error of weight_kg"


def test_one_row_is_one_row() -> None:
    assert (rows(1), rows(0), rows(1309)) == ("1 row", "0 rows", "1,309 rows")
    assert (counted(1, "column"), counted(1000, "column")) == ("1 column", "1,000 columns")


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (1872, 2010, "1872 to 2010"),  # years
        (1872.0, 2010.0, "1872 to 2010"),
        (336, 5640, "336 to 5,640"),
        (1332, 215_196, "1,332 to 215,196"),
        (1000.5, 2000, "1,000.5 to 2,000"),
        (0.5, 14_103.25, "0.5 to 14,103"),
    ],
)
def test_a_range_that_may_be_of_years_has_no_commas(low: float, high: float, text: str) -> None:
    assert extent(low, high) == text
