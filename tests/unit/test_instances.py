from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving import instances
from serving.errors import Problem
from serving.instances import columns_of
from serving.schema import Column, schema_of


def column(name: str, kind: str, *, nullable: bool = False, **more: Any) -> Column:
    return Column({"name": name, "kind": kind, "nullable": nullable, **more})


SCHEMA = [
    column("number", "number", nullable=True),
    column("integer", "integer", dtype="uint8"),
    column("boolean", "boolean", nullable=True),
    column("category", "category", categories=["a", 1]),
    column("text", "text"),
    column("date", "date", nullable=True),
]
GOOD = {"number": 1.5, "integer": 255, "boolean": True, "category": "a", "text": "", "date": "2026-01-31"}

odd: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, 1, -1, 256, 2.0, 2.5, 10**400, float("inf"), 2**63, "", "a", "1", "2026-13-01", [], {}]
)
rows = st.lists(
    st.one_of(
        st.fixed_dictionaries({name: st.just(value) | odd for name, value in GOOD.items()}),
        st.fixed_dictionaries({name: st.just(value) | odd for name, value in GOOD.items()}).map(
            lambda row: list(row.values())
        ),
        st.just(GOOD),
        st.dictionaries(st.sampled_from([*GOOD, "other"]), odd),
        odd,
    ),
    min_size=1,
    max_size=6,
)


@given(rows)
def test_all_at_once_and_one_by_one_agree(batch: list[Any]) -> None:
    quick = instances._all_at_once(batch, SCHEMA)  # noqa: SLF001
    try:
        careful: Any = instances._one_by_one(batch, SCHEMA)  # noqa: SLF001
    except Problem:
        careful = None
    if quick is not None:
        assert quick == careful
        assert [list(map(type, values)) for values in quick] == [list(map(type, v)) for v in careful]
    elif careful is not None:  # only rows that mix shapes, or write integers with a point, need the long way
        assert len({type(row) for row in batch}) > 1 or any(
            isinstance(value, float) and value.is_integer()
            for row in batch
            for value in (row.values() if isinstance(row, dict) else row)
        )


def problems(value: Any, **of: Any) -> list[dict[str, Any]]:
    with pytest.raises(Problem) as caught:
        columns_of([{"x": value}], [column("x", **of)])
    assert caught.value.status == 422
    assert caught.value.errors is not None
    assert [error["pointer"] for error in caught.value.errors] == ["/instances/0/x"]
    return caught.value.errors


@pytest.mark.parametrize(
    ("kind", "value", "hint"),
    [
        ("number", "1.5", "send the number without quotes"),
        ("integer", "-1e3", "send the number without quotes"),
        ("boolean", "true", "send it without quotes"),
        ("text", 3, "send it in quotes"),
        ("number", None, "the training data had no missing value here"),
        ("number", "", "send null for a missing value"),
    ],
)
def test_usual_mistakes_get_a_hint(kind: str, value: Any, hint: str) -> None:
    assert problems(value, kind=kind)[0]["detail"].endswith(hint)


@pytest.mark.parametrize(
    ("dtype", "low", "high"), [("int8", -128, 127), ("uint8", 0, 255), ("Int16", -(2**15), 2**15 - 1)]
)
def test_integers_end_at_their_type(dtype: str, low: int, high: int) -> None:
    schema = [column("x", "integer", dtype=dtype)]
    assert columns_of([{"x": low}, {"x": high}], schema) == [[low, high]]
    assert str(high) in problems(low - 1, kind="integer", dtype=dtype)[0]["detail"]
    problems(high + 1, kind="integer", dtype=dtype)


def test_numbers_become_doubles_and_booleans_are_none() -> None:
    values = columns_of([{"x": 1}, {"x": None}, {"x": 2.5}], [column("x", "number", nullable=True)])
    assert values == [[1.0, None, 2.5]]
    assert isinstance(values[0][0], float)
    problems(True, kind="number")
    problems(True, kind="integer")
    problems(1, kind="boolean")


def test_categories_take_the_types_that_training_saw() -> None:
    problems(1, kind="category", categories=["a"])
    problems("1", kind="category", categories=[1, 2])
    assert columns_of([{"x": 1.0}], [column("x", "category", categories=[1, 2])]) == [[1.0]]
    problems(float("inf"), kind="category", categories=[1.5])
    problems(10**400, kind="category", categories=[1])


@pytest.mark.parametrize("text", ["2026-13-01", "yesterday", "", "31.01.2026", "2026-01-31T25:00"])
def test_dates_are_iso(text: str) -> None:
    problems(text, kind="date")
    assert columns_of([{"x": "2026-01-31T23:00+01:00"}], [column("x", "date")])


def test_the_only_column_needs_no_name() -> None:
    assert columns_of(["a", ["b"], {"x": "c"}], [column("x", "text")]) == [["a", "b", "c"]]
    assert columns_of([{"x": "a"}, {"x": "b"}], [column("x", "text")]) == [["a", "b"]]


def test_pointers_escape_and_cut_names() -> None:
    with pytest.raises(Problem) as caught:
        columns_of([{"a/b~": 1, "y" * 5000: 1, "x": 1}], [column("x", "integer")])
    assert caught.value.errors is not None
    assert caught.value.errors[0]["pointer"] == "/instances/0/a~1b~0"
    assert len(caught.value.errors[1]["pointer"]) < 300


def refusal(rows: list[Any], schema: list[Column]) -> list[tuple[str, str]]:
    """Pointer and detail of each problem that is listed."""
    with pytest.raises(Problem) as caught:
        columns_of(rows, schema)
    assert caught.value.errors is not None
    return [(error["pointer"], error["detail"]) for error in caught.value.errors]


TWO = [column("a", "number"), column("b", "number", nullable=True)]
ONE = [column("a", "number")]


@pytest.mark.parametrize(
    ("row", "schema", "told"),
    [
        (1, TWO, [("", "expected an object or an array of 2 values, got the number 1")]),
        ([1, 2, 3], TWO, [("", "expected an array of 2 values, got 3 values")]),
        ([1], TWO, [("", "expected an array of 2 values, got 1 value")]),
        ([], ONE, [("", "expected an array of 1 value, got 0 values")]),
        (["x", 1], TWO, [("/0", 'a: expected a number, got the string "x"')]),
        ("x", ONE, [("", 'a: expected a number, got the string "x"')]),
        ({}, ONE, [("/a", "a: expected a number, got no such column")]),
        (
            {"a": 1},
            TWO,
            [("/b", "b: expected a number or null, got no such column; a missing value is sent as null")],
        ),
        (
            {"a": 1, "bb": 2},
            TWO,
            [
                ("/b", "b: expected a number or null, got no such column; a missing value is sent as null"),
                ("/bb", '"bb": expected only columns of the model, got an unknown column; did you mean "b"?'),
            ],
        ),
        (
            {"a": 1, "b": 2, "xyz": 3},
            TWO,
            [
                (
                    "/xyz",
                    (
                        '"xyz": expected only columns of the model, got an unknown column; '
                        "GET /model lists them, ?extra=ignore leaves others out"
                    ),
                )
            ],
        ),
        (
            {"": 0, "a": 1, "b": 2},
            TWO,
            [
                (
                    "/",
                    (
                        '"": expected only columns of the model, got an unknown column; '
                        "an index, as df.to_csv(index=False) leaves out and ?extra=ignore"
                    ),
                )
            ],
        ),
    ],
)
def test_what_is_wrong_with_a_row_is_told(
    row: Any, schema: list[Column], told: list[tuple[str, str]]
) -> None:
    assert refusal([row], schema) == [(f"/instances/0{place}", detail) for place, detail in told]


def test_a_likely_name_is_proposed_for_names_of_up_to_forty_letters() -> None:
    schema = [column("a" * 39 + "x", "number"), column("other", "number")]
    row = {"a" * 39 + "x": 1, "other": 1}
    assert refusal([{**row, "a" * 40: 1}], schema)[0][1].endswith(f'did you mean "{"a" * 39}x"?')
    assert refusal([{**row, "a" * 41: 1}], schema)[0][1].endswith("?extra=ignore leaves others out")


def test_the_most_similar_name_is_proposed() -> None:
    schema = [column(name, "number") for name in ("length_mm", "length_cm", "depth")]
    row = {"length_mm": 1, "length_cm": 1, "depth": 1}
    assert refusal([{**row, "lengthcm": 1}], schema)[0][1].endswith('did you mean "length_cm"?')


def comparisons(monkeypatch: pytest.MonkeyPatch, *found: str) -> list[str]:
    """The names that are compared from now on, as they come; `found` is what each is like."""
    compared: list[str] = []

    def get_close_matches(name: str, _: list[str], n: int) -> list[str]:
        compared.append(name)
        return [*found][:n]

    monkeypatch.setattr("difflib.get_close_matches", get_close_matches)
    return compared


def test_names_are_compared_only_for_problems_that_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = comparisons(monkeypatch)
    refusal([{"a": 1, "b": 1, **{f"c{number}": 1 for number in range(10_000)}}], TWO)
    assert len(compared) == 100


def test_a_name_is_compared_once_for_all_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = comparisons(monkeypatch, "a")
    told = refusal([{"a": 1, "b": 1, "c": 1}] * 50, TWO)
    assert compared == ["c"]
    assert {detail for _, detail in told} == {
        '"c": expected only columns of the model, got an unknown column; did you mean "a"?'
    }


@pytest.mark.parametrize(("columns", "compared"), [(49, 100), (50, 100), (51, 98), (5_000, 1), (5_001, 0)])
def test_a_wide_model_compares_no_more_names_than_a_narrow_one(
    columns: int, compared: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = comparisons(monkeypatch)
    schema = [column(f"x{number}", "number") for number in range(columns)]
    row = {each.name: 1 for each in schema}
    refusal([{**row, **{f"c{number}": 1 for number in range(200)}}], schema)
    assert len(calls) == compared


def test_an_unknown_name_is_found_among_known_ones() -> None:
    assert [place for place, _ in refusal([{"a": 1, "b": 1, "c": 1, "d": 1}], TWO)] == [
        "/instances/0/c",
        "/instances/0/d",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([1], "an array"),
        ({}, "an object"),
        (float("inf"), "a number beyond the range of a double"),
        (float("nan"), "a number beyond the range of a double"),
        (1.5, "the number 1.5"),
        (0.0, "the number 0.0"),
        (None, "null"),
        (True, "true"),
        (False, "false"),
        ("é", 'the string "é"'),
        ("x" * 40, f'the string "{"x" * 40}"'),
        ("x" * 41, "a string of 41 characters"),
        (10**39, f"the number {10**39}"),
        (10**40, "a number of 41 digits"),
    ],
)
def test_a_value_is_described(value: Any, text: str) -> None:
    assert instances.describe(value) == text


@pytest.mark.parametrize(("length", "shown"), [(200, "x" * 200), (201, "x" * 200 + "…")])
def test_a_name_of_up_to_two_hundred_letters_is_shown(length: int, shown: str) -> None:
    assert refusal([{"a": 1, "b": 1, "x" * length: 1}], TWO)[0][0] == f"/instances/0/{shown}"


@pytest.mark.parametrize(
    ("number", "detail"),
    [
        (1, "The instances have 1 problem."),
        (2, "The instances have 2 problems."),
        (100, "The instances have 100 problems."),
        (101, "The instances have 101 problems; the first 100 are listed."),
    ],
)
def test_all_problems_are_counted_and_a_hundred_listed(number: int, detail: str) -> None:
    with pytest.raises(Problem) as caught:
        columns_of(["x"] * number, ONE)
    assert (caught.value.detail, caught.value.count, caught.value.status) == (detail, number, 422)
    listed = caught.value.errors or []
    assert len(listed) == min(number, 100)
    assert listed[-1] == {
        "pointer": f"/instances/{len(listed) - 1}",
        "detail": 'a: expected a number, got the string "x"',
        "expected": "a number",
        "received": 'the string "x"',
    }


def positional(*names: str, kind: str = "number") -> list[Column]:
    """The columns of a model that was fitted on an array."""
    return schema_of({
        "container": "array",
        "columns": [{"name": name, "kind": kind, "nullable": False} for name in names],
    })  # fmt: skip


@pytest.mark.parametrize("rows", [
    [{"0": 1, "1": 2}, {"1": 4, "0": 3}],
    [{"x0": 1, "x1": 2}, {"0": 3, "1": 4}],
    [{"0": 1, "x1": 2}, [3, 4]],
])  # fmt: skip
def test_columns_of_an_array_are_called_by_position_or_name(rows: list[Any]) -> None:
    assert columns_of(rows, positional("x0", "x1")) == [[1.0, 3.0], [2.0, 4.0]]


def test_columns_with_names_have_no_positions() -> None:
    assert refusal([{"0": 1, "1": 2}], TWO)[0][0] == "/instances/0/a"


def test_a_problem_of_a_position_points_to_what_the_client_sent() -> None:
    schema = positional("x0", "x1")
    assert refusal([{"0": 1, "1": "a"}], schema) == [
        ("/instances/0/1", 'x1: expected a number, got the string "a"')
    ]
    assert [place for place, _ in refusal([{"0": 1, "x0": 1, "2": 2}], schema)] == [
        "/instances/0/x1",
        "/instances/0/0",
        "/instances/0/2",
    ]
