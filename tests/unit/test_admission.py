"""Work is bounded before it starts: by what a row takes, and by what a character does."""

from __future__ import annotations

import time
from typing import Any

import pytest

from serving import limits
from serving.engines import admission
from serving.engines.admission import TextCost, check_texts
from serving.engines.pace import FEW_CHARACTERS, FEW_ROWS, Pace
from serving.engines.text import cost_of
from serving.errors import Problem

NUMBER = {"name": "x", "kind": "number", "nullable": False}
TEXT = {"name": "t", "kind": "text", "nullable": True}


@pytest.fixture(autouse=True)
def _a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_SECONDS", 1.0)
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")


@pytest.mark.parametrize(
    ("nanoseconds", "rows"), [(0, 10**9), (1, 10**9), (10**6, 1_000), (10**9, 1), (10**12, 1)]
)
def test_so_many_rows_fit_into_a_second(nanoseconds: int, rows: int) -> None:
    assert limits.rows_in_time(nanoseconds) == rows


def test_too_many_rows_are_told_how_many_fit() -> None:
    assert limits.check_rows([1, 2, 3], 3) == [1, 2, 3]
    with pytest.raises(Problem) as caught:
        limits.check_rows([1, 2, 3], 2)
    document = caught.value.document()
    assert document["status"] == 413
    assert document["detail"] == "The body has 3 rows; at most 2 are taken at a time."
    assert document["limits"] == {"rows": 2}


def refused(columns: list[list[Any]], costs: list[TextCost], spent: int) -> int:
    with pytest.raises(Problem) as caught:
        check_texts(columns, costs, spent)
    assert caught.value.status == 413
    assert str(caught.value.limits["characters"]) in caught.value.detail
    return caught.value.limits["characters"]


def test_characters_that_take_longer_than_what_is_left_are_refused() -> None:
    micro = TextCost(1_000, 1)
    check_texts([["a" * 1_000_000, None]], [micro], 0)
    assert refused([["a" * 500_000, "a" * 500_001]], [micro], 0) == 1_000_000
    assert refused([["a" * 1_000_000]], [micro], 500_000_000) == 500_000
    assert refused([["a"]], [micro], 2_000_000_000) == 0
    assert refused([["a" * 600_000], ["b" * 600_000]], [micro, TextCost(3_000, 1)], 0) == 500_000


def test_terms_take_no_longer_than_they_all_do() -> None:
    costs = [TextCost(1_000, 1, 3_000)]
    check_texts([["a" * 250_000]], costs, 0, 10**9)
    assert refused_with(costs, 250_001, 10**9) == 250_000
    check_texts([["a" * 700_000]], costs, 0, 300_000_000)
    assert refused_with(costs, 700_001, 300_000_000) == 700_000
    check_texts([["a" * 700_000]], costs, 300_000_000, 0)


def refused_with(costs: list[TextCost], characters: int, most_of_terms: int) -> int:
    with pytest.raises(Problem) as caught:
        check_texts([["a" * characters]], costs, 0, most_of_terms)
    return caught.value.limits["characters"]


def test_a_text_that_takes_more_than_half_of_the_memory_is_refused() -> None:
    assert admission.memory() == 64 * 1024 * 1024
    wide = TextCost(0, 1_024)
    check_texts([["a" * 65_536] * 9], [wide], 0)
    assert refused([["b", "a" * 65_537]], [wide], 0) == 65_536
    both = TextCost(1_000, 1_024)  # and the time that is left allows less
    assert refused([["a" * 65_537]], [both], 990_000_000) == 10_000


@pytest.mark.parametrize(
    ("analyzer", "ngrams", "terms"),
    [("char", [1, 1], 1), ("char", [2, 5], 4), ("char_wb", [1, 2], 3), ("word", [1, 3], 1)],
)
def test_a_character_makes_so_many_terms(analyzer: str, ngrams: list[int], terms: float) -> None:
    description = {
        "analyzer": analyzer,
        "ngram_range": ngrams,
        "strip_accents": None,
        "token_pattern": r"(?u)\b\w\w+\b",
    }
    nanoseconds, found, size = cost_of(description)
    assert found == terms
    assert nanoseconds == 100 + 1_000 * terms
    assert size == 16 + 90 * terms
    assert cost_of({**description, "strip_accents": "unicode"})[0] == nanoseconds + 400
    assert cost_of({**description, "features": 8})[0] > 4 * nanoseconds
    assert cost_of({**description, "token_pattern": "."})[1] == terms * (3 if analyzer == "word" else 1)


class Slow:
    """An engine whose rows take a millisecond each and whose characters a microsecond; it counts its rows."""

    def __init__(self, held: int = 0) -> None:
        self.rows = 0
        self._held = held

    def __call__(self, columns: list[list[Any]], rows: int) -> None:
        self.rows += rows
        held = bytearray(self._held * rows)
        time.sleep(
            0.001 * rows + 1e-6 * sum(len(text or "") for text in columns[-1] if not isinstance(text, float))
        )
        del held


def test_few_rows_are_taken_without_a_measurement() -> None:
    slow = Slow()
    Pace([NUMBER], lambda: [{"x": 1.0}]).admit(slow, [[0.0] * FEW_ROWS], FEW_ROWS)
    assert slow.rows == 0


def test_rows_are_measured_once_and_those_that_would_take_too_long_are_refused() -> None:
    slow = Slow()
    pace = Pace([NUMBER], lambda: [{"x": 1.0}, {"x": 2.0}])
    with pytest.raises(Problem) as caught:
        pace.admit(slow, [[0.0] * 5_000], 5_000)
    asked = slow.rows
    assert asked < 300
    most = caught.value.limits["rows"]
    assert 300 < most < 3_000
    assert pace.most_rows == most
    pace.admit(slow, [[0.0] * most], most)
    with pytest.raises(Problem):
        pace.admit(slow, [[0.0] * (most + 1)], most + 1)
    assert slow.rows == asked


def test_rows_that_would_take_too_much_memory_are_refused() -> None:
    slow = Slow(held=1024 * 1024)
    pace = Pace([NUMBER], lambda: [{"x": 1.0}])
    with pytest.raises(Problem) as caught:
        pace.admit(slow, [[0.0] * 5_000], 5_000)
    assert 50 < caught.value.limits["rows"] <= 64


def test_a_row_of_seconds_is_not_asked_for_sixty_four_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.engines.pace._LONG_ENOUGH", 0.0005)
    slow = Slow()
    pace = Pace([NUMBER], lambda: [{"x": 1.0}])
    with pytest.raises(Problem):
        pace.admit(slow, [[0.0] * 5_000], 5_000)
    assert slow.rows == 3


@pytest.mark.parametrize("text", ["some words", "", None, "words " * 2_000])
def test_characters_are_measured_and_those_that_would_take_too_long_are_refused(text: str | None) -> None:
    slow = Slow()
    pace = Pace([NUMBER, TEXT], lambda: [{"x": 1.0, "t": text}])
    pace.admit(slow, [[0.0], ["a" * FEW_CHARACTERS]], 1)
    with pytest.raises(Problem) as caught:
        pace.admit(slow, [[0.0], ["a" * 3_000_000]], 1)
    assert 20_000 < caught.value.limits["characters"] < 2_500_000  # a busy machine takes fewer
    pace.admit(slow, [[0.0], ["a" * 20_000]], 1)


@pytest.mark.parametrize("golden", [[], [{"y": 1.0}]])
def test_without_golden_rows_that_it_answers_nothing_is_refused(golden: list[dict[str, Any]]) -> None:
    slow = Slow()
    pace = Pace([NUMBER], lambda: golden)
    pace.admit(slow, [[0.0] * 5_000], 5_000)
