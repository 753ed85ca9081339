from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.csv_body import read, write
from serving.errors import Problem
from serving.schema import Column

SCHEMA = [
    Column({"name": name, "kind": kind, "nullable": name != "text", "categories": categories})
    for name, kind, categories in [
        ("number", "number", None),
        ("integer", "integer", None),
        ("boolean", "boolean", None),
        ("text", "text", None),
        ("size", "category", [1, 2.5]),
        ("flag", "category", [True, False]),
    ]
]


def rows(text: str) -> list[dict[str, Any]]:
    return read(text.encode(), SCHEMA, 100)[0]


def refusal(body: bytes) -> str:
    with pytest.raises(Problem) as caught:
        read(body, SCHEMA, 100)
    assert caught.value.status == 400
    return caught.value.detail


def test_a_document_may_be_as_long_as_the_body() -> None:
    before = csv.field_size_limit(131_072)
    try:
        document = "x" * 200_000
        assert rows(f"text\n{document}\n") == [{"text": document}]
    finally:
        csv.field_size_limit(before)


def test_cells_are_read_by_their_column() -> None:
    text = "number,integer,boolean,text,size,flag\n1,2,TRUE,3,1,true\n-.5e3,-2,false,,2.5,False\n,,,x,,\n"
    assert rows(text) == [
        {"number": 1.0, "integer": 2, "boolean": True, "text": "3", "size": 1, "flag": True},
        {"number": -500.0, "integer": -2, "boolean": False, "text": "", "size": 2.5, "flag": False},
        {"number": None, "integer": None, "boolean": None, "text": "x", "size": None, "flag": None},
    ]


@pytest.mark.parametrize("cell", ["nan", "NaN", "inf", "1_000", " 1", "\uff11", "1,5", "0x10", "--1", "."])
def test_what_is_no_number_stays_text_for_validation(cell: str) -> None:
    assert rows(f'number\n"{cell}"\n') == [{"number": cell}]


def test_huge_numbers_end_as_infinity_or_integer() -> None:
    assert rows(f"number,integer\n1e400,{'9' * 5000}\n") == [
        {"number": float("inf"), "integer": float("inf")}
    ]


def test_quotes_line_ends_and_byte_order_mark() -> None:
    body = '\ufefftext,number\r\n"a, ""b""\r\nc",1\r\nd,2\r\n\r\n'
    instances, lines = read(body.encode(), SCHEMA, 100)
    assert instances == [{"text": 'a, "b"\r\nc', "number": 1.0}, {"text": "d", "number": 2.0}]
    assert lines == [2, 4]
    assert rows("number\n1\n\n2\n") == [{"number": 1.0}, {"number": None}, {"number": 2.0}]


def test_malformed_tables_are_refused() -> None:
    assert "UTF-8" in refusal(b"number\n\xff\n")
    assert "empty" in refusal(b" \n")
    assert "twice" in refusal(b"number,number\n1,2\n")
    assert refusal(b"number,text\n1\n") == "Line 2 of the CSV body has 1 cells where the header has 2."
    assert "Line 3" in refusal(b"number,text\n1,a\n1,a,b\n")
    assert "Line 3" in refusal(b"number,text\n1,a\n\n2,b\n")
    assert "not CSV" in refusal(b'text\n"a"b\n')
    assert "not CSV" in refusal(b'text\n"a\n')


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=5))
def test_what_csv_writes_is_read(texts: list[str]) -> None:
    table = io.StringIO(newline="")
    writer = csv.writer(table)
    writer.writerow(["text", "number"])
    writer.writerows([text, 1] for text in texts)
    assert [row["text"] for row in rows(table.getvalue())] == texts


@given(st.binary(max_size=60))
def test_any_bytes_are_a_table_or_a_problem(body: bytes) -> None:
    try:
        read(body, SCHEMA, 100)
    except Problem as problem:
        assert problem.status == 400  # noqa: PT017 (some bodies are tables)


@pytest.mark.parametrize(
    ("answer", "classes", "targets", "lines"),
    [
        ({"predictions": [1.5, None]}, None, ["y"], ["prediction", "1.5", '""']),
        ({"predictions": [[1, 2]]}, None, ["a", "b"], ["prediction_a,prediction_b", "1,2"]),
        (
            {"predictions": ["x"], "probabilities": [[0.25, 0.75]]},
            ["x", "y"],
            ["t"],
            ["prediction,probability_x,probability_y", "x,0.25,0.75"],
        ),
        (
            {"predictions": [["x", 1]], "probabilities": [[[0.25, 0.75], [1.0]]]},
            [["x", "y"], [1]],
            ["a", "b"],
            [
                "prediction_a,prediction_b,probability_a_x,probability_a_y,probability_b_1",
                "x,1,0.25,0.75,1.0",
            ],
        ),
        ({"predictions": [-1], "scores": [-0.5]}, None, [], ["prediction,score", "-1,-0.5"]),
        (
            {"predictions": [0], "distances": [[1.0, 2.0]]},
            None,
            [],
            ["prediction,distance_0,distance_1", "0,1.0,2.0"],
        ),
    ],
)
def test_answers_become_tables(
    answer: dict[str, Any], classes: list[Any] | None, targets: list[str], lines: list[str]
) -> None:
    assert write({**answer, "classes": classes}, list(answer), targets) == "".join(f"{x}\r\n" for x in lines)
