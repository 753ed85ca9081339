from __future__ import annotations

import csv
import io
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.csv_body import Rows, read, write
from serving.errors import Problem
from serving.instances import columns_of
from serving.schema import Column, schema_of

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


def table(text: str | bytes, most: int = 100, **more: Any) -> Rows:
    """What a table is read as by a model of its columns."""
    body = text if isinstance(text, bytes) else text.encode()
    names = body.partition(b"\n")[0].decode("utf-8", "replace").removeprefix("\ufeff").strip().split(",")
    return read(body, [column for column in SCHEMA if column.name in names], most, **more)


def rows(text: str) -> list[dict[str, Any]]:
    return table(text).instances


def refusal(body: bytes) -> str:
    with pytest.raises(Problem) as caught:
        table(body)
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


@pytest.mark.parametrize("cell", ["inf", "1_000", "\uff11", "1,5", "0x10", "--1", ".", "1 2"])
def test_what_is_no_number_stays_text_for_validation(cell: str) -> None:
    assert rows(f'number\n"{cell}"\n') == [{"number": cell}]


def test_huge_numbers_end_as_infinity_or_integer() -> None:
    assert rows(f"number,integer\n1e400,{'9' * 5000}\n") == [
        {"number": float("inf"), "integer": float("inf")}
    ]


def test_quotes_line_ends_and_byte_order_mark() -> None:
    body = '\ufefftext,number\r\n"a, ""b""\r\nc",1\r\nd,2\r\n\r\n'
    found = table(body)
    assert found.instances == [{"text": 'a, "b"\r\nc', "number": 1.0}, {"text": "d", "number": 2.0}]
    assert found.lines == [2, 4]
    assert rows("number\n1\n\n2\n") == [{"number": 1.0}, {"number": None}, {"number": 2.0}]


def test_malformed_tables_are_refused() -> None:
    assert "UTF-8" in refusal(b"number\n\xff\n")
    assert "empty" in refusal(b" \n")
    assert "twice" in refusal(b"number,number\n1,2\n")
    assert refusal(b"number,text\n1\n") == "Line 2 of the CSV body has 1 cells where the header has 2."
    assert "Line 3" in refusal(b"number,text\n1,a\n1,a,b\n")
    assert "not CSV" in refusal(b'text\n"a"b\n')
    assert "not CSV" in refusal(b'text\n"a\n')


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=5))
def test_what_csv_writes_is_read(texts: list[str]) -> None:
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(["text", "number"])
    writer.writerows([text, 1] for text in texts)
    assert [row["text"] for row in rows(written.getvalue())] == texts


@given(st.binary(max_size=60))
def test_any_bytes_are_a_table_or_a_problem(body: bytes) -> None:
    try:
        read(body, SCHEMA, 100, header=None)
    except Problem as problem:
        assert problem.status in {400, 422}  # noqa: PT017 (some bodies are tables)


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
    body = "number\n1\n2\n3\n"
    assert len(table(body, 3).instances) == 3
    assert len(read(body.encode(), SCHEMA[:1], 3, header=None).instances) == 3
    assert len(read(b"1\n2\n3\n", SCHEMA[:1], 3, header=None).instances) == 3
    for text, header in ((body, True), (body, None), ("1\n2\n3\n", False), ("1\n2\n3\n4\n", None)):
        with pytest.raises(Problem, match="more than 2 rows") as caught:
            read(text.encode(), SCHEMA[:1], 2, header=header)
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
    assert read(b"a\nx\n\n", [column], 10).instances == [{"a": "x"}, {"a": empty}]


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


@pytest.mark.parametrize(
    "cell",
    ["", " ", "NaN", "nan", "-nan", "NA", "N/A", "n/a", "#N/A", "<NA>", "null", "NULL", "None", " NA "],
)
def test_what_pandas_takes_for_missing_is(cell: str) -> None:
    names = [column.name for column in SCHEMA if column.name != "text"]
    assert rows(f"{','.join(names)}\n{','.join([cell] * len(names))}\n") == [dict.fromkeys(names)]


@pytest.mark.parametrize(
    ("kind", "nullable", "categories", "cell", "read_as"),
    [
        ("text", False, [], "NA", "NA"),
        ("text", True, [], "NA", None),
        ("text", True, [], " NA", " NA"),
        ("category", True, ["x"], "NA", None),
        ("category", True, ["NA"], "NA", "NA"),
        ("category", True, [" "], " ", " "),
        ("category", False, ["x"], "None", None),
        ("category", True, [1, 2], "null", None),
        ("date", True, None, " nan", None),
    ],
)
def test_a_word_for_missing_is_a_text_where_training_knew_it(
    kind: str, nullable: bool, categories: list[Any] | None, cell: str, read_as: Any
) -> None:
    column = Column({"name": "a", "kind": kind, "nullable": nullable, "categories": categories})
    assert read(f'a\n"{cell}"\n'.encode(), [column], 1).instances == [{"a": read_as}]


@pytest.mark.parametrize(
    ("cell", "value"),
    [("1", True), ("0", False), ("1.0", True), ("0.0", False), (" True", True), ("2", "2"), ("yes", "yes")],
)
def test_booleans_come_as_words_or_as_zero_and_one(cell: str, value: Any) -> None:
    assert rows(f"boolean,flag\n{cell},{cell}\n") == [{"boolean": value, "flag": value}]


def test_numbers_may_stand_among_blanks_or_in_quotes() -> None:
    assert rows('number,integer,size\n 1.5," 2",1.0\n') == [{"number": 1.5, "integer": 2, "size": 1.0}]


def test_a_blank_line_is_no_row_of_several_columns() -> None:
    found = read(b"\nnumber,text\n\n1,a\n\n2,b\n\n", [SCHEMA[0], SCHEMA[3]], 9)
    assert found.instances == [{"number": 1.0, "text": "a"}, {"number": 2.0, "text": "b"}]
    assert found.lines == [4, 6]


def test_a_row_may_end_before_columns_that_may_be_missing() -> None:
    assert rows("text,number,integer\na\nb,1\n") == [
        {"text": "a", "number": None, "integer": None},
        {"text": "b", "number": 1.0, "integer": None},
    ]
    assert refusal(b"number,text\n1\n") == "Line 2 of the CSV body has 1 cells where the header has 2."
    unknown = read(b"text,id\na\n", [SCHEMA[3]], 9, ignore_unknown=True)
    assert (unknown.instances, unknown.ignored) == ([{"text": "a"}], ["id"])


def test_a_column_that_may_be_missing_needs_no_place_in_the_header() -> None:
    found = read(b"integer\n2\n", SCHEMA[:2], 9)
    assert (found.instances, found.missing) == ([{"number": None, "integer": 2}], ["number"])
    assert table("number\n1\n").missing == []


def told(body: bytes, schema: list[Column], **more: Any) -> dict[str, str]:
    """Pointer and detail of what is wrong with a header."""
    with pytest.raises(Problem) as caught:
        read(body, schema, 9, **more)
    assert caught.value.status == 422
    errors = caught.value.errors or []
    assert {error["line"] for error in errors} == {1}
    return {error["pointer"]: error["detail"] for error in errors}


def test_a_column_that_is_none_is_refused_by_its_name_or_left_out() -> None:
    body, index = b"id,number\nk,1\n", b",number\n0,1\n"
    assert told(body, SCHEMA[:1]) == {
        "/instances/0/id": '"id": expected only columns of the model, got an unknown column; '
        "GET /model lists them, ?extra=ignore leaves others out"
    }
    assert told(index, SCHEMA[:1])["/instances/0/"].endswith(
        "an index, as df.to_csv(index=False) leaves out and ?extra=ignore"
    )
    for sent, name in ((body, "id"), (index, "")):
        found = read(sent, SCHEMA[:1], 9, ignore_unknown=True)
        assert (found.instances, found.ignored) == ([{"number": 1.0}], [name])
    several = read(b",,number\n0,1,2\n", SCHEMA[:1], 9, ignore_unknown=True)
    assert (several.instances, several.ignored) == ([{"number": 2.0}], ["", ""])


@pytest.mark.parametrize("ignore", [False, True])
def test_a_name_that_may_be_a_missing_one_misspelt_is_never_left_out(ignore: bool) -> None:
    found = told(b"numbre,integer\n1,2\n", SCHEMA[:2], ignore_unknown=ignore)
    assert list(found) == ["/instances/0/number", "/instances/0/numbre"]
    assert found["/instances/0/numbre"].endswith('did you mean "number"?')
    assert list(told(b"integer\n2\n", [SCHEMA[1], SCHEMA[3]])) == ["/instances/0/text"]


def test_an_index_is_no_misspelt_name() -> None:
    found = read(b",integer\n0,2\n", SCHEMA[:2], 9, ignore_unknown=True)
    assert (found.instances, found.ignored, found.missing) == (
        [{"number": None, "integer": 2}],
        [""],
        ["number"],
    )


NUMBERS = schema_of({
    "container": "array",
    "columns": [{"name": f"x{i}", "kind": "number", "nullable": False} for i in range(2)],
})  # fmt: skip


@pytest.mark.parametrize(
    ("text", "header", "values"),
    [
        ("0,1\n5,6\n", None, [[5.0, 6.0]]),
        ("x0,x1\n5,6\n", None, [[5.0, 6.0]]),
        ("1,0\n5,6\n", None, [[6.0, 5.0]]),
        (",0,1\n0,5,6\n", None, [[5.0, 6.0]]),
        ("3,4\n5,6\n", None, [[3.0, 4.0], [5.0, 6.0]]),
        ("1,2\n5,6\n", None, [[1.0, 2.0], [5.0, 6.0]]),
        ("0,1\n5,6\n", True, [[5.0, 6.0]]),
        ("0,1\n5,6\n", False, [[0.0, 1.0], [5.0, 6.0]]),
    ],
)
def test_a_header_of_positions_and_no_header(text: str, header: bool | None, values: list[Any]) -> None:
    found = read(text.encode(), NUMBERS, 9, header=header, ignore_unknown=True)
    assert sorted(found.instances[0]) in (["0", "1"], ["x0", "x1"])
    assert columns_of(found.instances, NUMBERS) == [list(column) for column in zip(*values, strict=True)]
    assert found.header is (len(values) == 1)


@pytest.mark.parametrize(
    ("line", "header"),
    [
        ("a,1", False),
        ("a,", True),  # no number: it may be a header of which one name is empty
        ("text,number", True),
        ("a,b", True),
        ("a,1,2", True),
        ("number,1", False),
    ],
)
def test_a_first_line_is_a_row_if_it_reads_as_one(line: str, header: bool) -> None:
    schema = [SCHEMA[3], SCHEMA[0]]
    try:
        found = read(f"{line}\n".encode(), schema, 9, header=None).header
    except Problem:
        found = True
    assert found is header


def test_a_table_without_header_is_written_so() -> None:
    assert write({"predictions": [1, 2]}, ["predictions"], [], header=False) == "1\r\n2\r\n"


@pytest.mark.parametrize("rows", [1, 9_000])
def test_a_header_of_half_a_million_names_costs_no_more_than_its_length(rows: int) -> None:
    names = ",".join(f"n{number}" for number in range(300_000))
    columns = [Column({"name": f"c{number}", "kind": "number", "nullable": True}) for number in range(300)]
    header = ",".join([*(column.name for column in columns), names])
    started = time.process_time()
    body = header + "\n" + "1\n" * rows
    found = read(body.encode(), columns, 10_000, ignore_unknown=True)
    assert time.process_time() - started < 3
    assert (len(found.instances), found.instances[0]["c0"], len(found.ignored)) == (rows, 1.0, 300_000)
