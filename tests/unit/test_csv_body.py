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


def test_as_many_rows_as_allowed_are_taken_and_one_more_is_refused() -> None:
    assert len(read(b"number\n1\n2\n3\n", SCHEMA, 3)[0]) == 3
    with pytest.raises(Problem, match="more than 2 rows") as caught:
        read(b"number\n1\n2\n3\n", SCHEMA, 2)
    assert caught.value.status == 413


def test_a_blank_line_is_a_missing_value_only_where_there_is_one_column() -> None:
    assert rows("number\n1\n\n") == [{"number": 1.0}, {"number": None}]
    assert rows("number,text\n1,a\n\n") == [{"number": 1.0, "text": "a"}]


def test_a_long_name_is_shown_by_its_first_sixty_letters() -> None:
    name = "x" * 100
    assert refusal(f"{name},{name}\n".encode()).endswith(f"names the column '{'x' * 60}' twice.")


@pytest.mark.parametrize(
    ("kind", "nullable", "empty"),
    [("text", False, ""), ("text", True, None), ("category", False, None), ("date", False, None)],
)
def test_an_empty_cell_is_a_text_only_in_a_text_column_that_never_missed_one(
    kind: str, nullable: bool, empty: str | None
) -> None:
    column = Column({"name": "a", "kind": kind, "nullable": nullable, "categories": ["x"]})
    assert read(b"a\nx\n\n", [column], 10)[0] == [{"a": "x"}, {"a": empty}]


def test_true_is_a_boolean_only_in_a_boolean_column() -> None:
    assert rows("number,boolean\ntrue,2\n") == [{"number": "true", "boolean": "2"}]


def test_a_number_is_read_as_its_kind_and_an_integer_up_to_its_longest() -> None:
    row = rows("number,integer,size\n1,2,3\n")[0]
    assert [type(value) for value in row.values()] == [float, int, int]
    longest, longer = "9" * 400, "9" * 401
    assert rows(f"integer\n{longest}\n{longer}\n") == [{"integer": int(longest)}, {"integer": float("inf")}]


@pytest.mark.parametrize(
    ("answer", "targets", "header", "first"),
    [
        ({"predictions": [True], "classes": [False, True]}, [], "prediction", "true"),
        ({"predictions": [False]}, [], "prediction", "false"),
        (
            {"predictions": ["x"], "probabilities": [[0.5, 0.5]], "classes": [None, "x"]},
            [],
            "prediction,probability_,probability_x",
            "x,0.5,0.5",
        ),
        (
            {"predictions": [[1, 2]], "probabilities": [[[0.25, 0.75], [1.0]]]},
            ["a", "b"],
            "prediction_a,prediction_b,probability_a_0,probability_a_1,probability_b_0",
            "1,2,0.25,0.75,1.0",
        ),
    ],
)
def test_labels_are_those_that_are_known(
    answer: dict[str, Any], targets: list[str], header: str, first: str
) -> None:
    fields = [field for field in answer if field != "classes"]
    assert write(answer, fields, targets) == f"{header}\r\n{first}\r\n"


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\t=1", "\r=1"])
def test_a_text_like_a_formula_is_guarded_where_that_is_asked_for(text: str) -> None:
    answer = {
        "predictions": [text, "a=1"],
        "probabilities": [[-0.5, 1.0], [0.0, 1.0]],
        "classes": [text, "a=1"],
    }
    fields = ["predictions", "probabilities"]
    plain, guarded = (
        list(csv.reader(io.StringIO(write(answer, fields, [], guarded=guarded), newline="")))
        for guarded in (False, True)
    )
    header = ["prediction", f"probability_{text}", "probability_a=1"]
    assert plain == [header, [text, "-0.5", "1.0"], ["a=1", "0.0", "1.0"]]
    assert guarded == [header, [f"'{text}", "-0.5", "1.0"], ["a=1", "0.0", "1.0"]]
