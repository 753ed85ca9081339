"""The short cut from a JSON body to a table's inputs, and from its answers to JSON: what Python does, or nothing."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving import json_body, limits
from serving.engines.inputs import encoder_of
from serving.engines.json_reader import JsonReader, reader_of
from serving.engines.json_writer import decoders_of, writer_of
from serving.engines.native import open_kernel
from skylayer.compiler.kernel_build import host_kernel

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES = settings(max_examples=60, deadline=None, derandomize=True)


def column(name: str, kind: str, *, nullable: bool = False, **more: Any) -> dict[str, Any]:
    return {"name": name, "kind": kind, "nullable": nullable, **more}


def codes(
    entries: list[Any], *, missing: float | None = None, unknown: float | None = None
) -> dict[str, Any]:
    return {"entries": entries, "missing": missing, "unknown": unknown, "rounded": False, "detail": "unseen"}


COLUMNS = [
    column("n", "number", nullable=True),
    column("small", "integer", dtype="int8"),
    column("yes", "boolean"),
    column("strict", "category", categories=["a", "abc", "b", "12345678x", "12345678y", "é"]),
    column("open", "category", categories=["a", 1], nullable=True),
]
STRICT = codes([["a", 5.0], ["abc", 6.0], ["b", 7.0], ["12345678x", 8.0], ["12345678y", 9.0], ["é", 10.0]])
OPEN = codes([["a", 1.0], [1, 2.0]], missing=-3.0, unknown=-4.0)
METADATA: dict[str, Any] = {
    # The first column is read twice, and the inputs aren't in the order of the columns.
    "dense": [[4, 1], [0, None], [3, 0], [1, None], [2, None], [0, None]],
    "sparse": [],
    "encodings": [STRICT, OPEN],
}
ROW = {"n": 0.5, "small": 3, "yes": True, "strict": "b", "open": "a"}


def reader(columns: list[dict[str, Any]] = COLUMNS, metadata: dict[str, Any] = METADATA) -> JsonReader | None:
    return reader_of(open_kernel(str(host_kernel())), columns, metadata)


def read(instances: list[Any]) -> tuple[list[float], int] | None:
    """The inputs that the reader gives for a body, one input after the other."""
    opened = reader()
    assert opened is not None
    found = opened.read(json.dumps({"instances": instances}, ensure_ascii=False).encode())
    return None if found is None else ([v for (v,) in struct.iter_unpack("<d", found[0])], found[1])


def encoded(rows: list[dict[str, Any]]) -> list[float]:
    """The same, as the engine in Python has them."""
    values: list[float] = []
    for index, table in METADATA["dense"]:
        encode, _ = encoder_of(METADATA["encodings"], index, table)
        name = COLUMNS[index]["name"]
        values += map(float, encode([row[name] for row in rows], name))
    return values


ROWS = st.fixed_dictionaries(
    {
        "n": st.one_of(st.none(), st.integers(-1000, 1000), st.sampled_from([0.5, -2.25, 1e3, 1e-5])),
        "small": st.integers(-128, 127),
        "yes": st.booleans(),
        "strict": st.sampled_from([key for key, _ in STRICT["entries"]]),
        "open": st.sampled_from([None, "a", "b", "", "12345678z"]),
    }
)


@EXAMPLES
@given(st.lists(ROWS, min_size=1, max_size=5), st.permutations([c["name"] for c in COLUMNS]), st.booleans())
def test_the_inputs_of_a_usual_body_are_those_that_python_gives(
    rows: list[dict[str, Any]], order: list[str], named: bool
) -> None:
    own = [c["name"] for c in COLUMNS]
    shown: list[Any] = [
        {name: row[name] for name in order} if named else [row[name] for name in own] for row in rows
    ]
    found = read(shown)
    assert found is not None
    values, count = found
    assert count == len(rows)
    assert struct.pack(f"<{len(values)}d", *values) == struct.pack(f"<{len(values)}d", *encoded(rows))


@pytest.mark.parametrize("count", [1, 2, 50])
@pytest.mark.parametrize("named", [True, False])
def test_the_shortest_rows_are_read_as_well(count: int, named: bool) -> None:
    """As short as a row can be: digits, and commas between them."""
    one = reader_of(
        open_kernel(str(host_kernel())),
        [column("x", "number"), column("y", "number")],
        {"dense": [[0, None], [1, None]], "sparse": [], "encodings": []},
    )
    assert one is not None
    row = b'{"x":1,"y":2}' if named else b"[1,2]"
    found = one.read(b'{"instances":[' + b",".join([row] * count) + b"]}")
    assert found is not None
    assert found[1] == count
    assert struct.unpack(f"<{2 * count}d", found[0]) == (1.0,) * count + (2.0,) * count


@pytest.mark.parametrize(
    "row",
    [
        {**ROW, "more": 1},
        {name: value for name, value in ROW.items() if name != "yes"},
        {**ROW, "small": 128},
        {**ROW, "small": -129},
        {**ROW, "small": None},
        {**ROW, "yes": 1},
        {**ROW, "n": "0.5"},
        {**ROW, "n": True},
        {**ROW, "strict": "c"},
        {**ROW, "strict": "12345678z"},
        {**ROW, "strict": None},
        {**ROW, "open": 1},
        {**ROW, "open": 'a"'},
        [0.5, 3, True, "b"],
        [0.5, 3, True, "b", "a", 1],
    ],
    ids=lambda row: json.dumps(row)[:60],
)
def test_what_is_wrong_or_rare_is_left_to_python(row: Any) -> None:
    assert read([ROW, row]) is None
    assert read([row, ROW]) is None


def test_a_body_without_rows_or_with_more_than_the_limit_is_left_to_python(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert read([]) is None
    monkeypatch.setattr(limits, "MAX_ROWS", 2)
    assert read([ROW] * 2) is not None
    assert read([ROW] * 3) is None


def with_metadata(**changed: Any) -> dict[str, Any]:
    return {**METADATA, **changed}


@pytest.mark.parametrize(
    ("columns", "metadata"),
    [
        (COLUMNS, with_metadata(sparse=[[0, 1, {}]])),
        (COLUMNS, with_metadata(dense=[])),
        ([column("t", "text"), *COLUMNS[1:]], with_metadata(dense=[[1, None]])),
        ([column("t", "date"), *COLUMNS[1:]], with_metadata(dense=[[0, None]])),
        (COLUMNS, with_metadata(dense=[[3, None]])),
        (COLUMNS, with_metadata(dense=[[0, 0]])),
        (COLUMNS, with_metadata(encodings=[codes([["a", None]]), OPEN])),
        ([*COLUMNS[:3], column("strict", "category", categories=[1, 2]), COLUMNS[4]], METADATA),
    ],
    ids=[
        "texts",
        "no inputs",
        "a text",
        "a date",
        "no codes",
        "codes of a number",
        "a refused key",
        "numbers",
    ],
)
def test_a_table_of_other_inputs_has_no_reader(
    columns: list[dict[str, Any]], metadata: dict[str, Any]
) -> None:
    assert reader(columns, metadata) is None
    assert reader() is not None


# --- from answers -----------------------------------------------------------------------------------------------------

Description = dict[str, Any]


def described(field: str, count: int, shape: str, **more: Any) -> Description:
    return {
        "field": field, "count": count, "shape": shape, "classes": None, "sizes": [], "integer": False, **more,
    }  # fmt: skip


LABELS = ["cat", 'a "quoted" one', 7, True, 0.25]
OUTPUTS = [
    described("unused", 1, "scalar"),
    described("predictions", 1, "scalar", classes=[LABELS]),
    described("several", 2, "vector", classes=[["x"], ["a label longer than any number is", None]]),
    described("probabilities", 5, "nested", sizes=[2, 3]),
    described("scores", 2, "vector"),
    described("count", 1, "scalar", integer=True),
]
FIELDS = ["count", "predictions", "probabilities", "scores", "several"]
NUMBERS = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True), st.sampled_from([0.0, -0.0, 1e16, 1e-5, 123456789.125])
)


def answers(draw: Callable[[Any], Any]) -> list[float]:
    index = [float(draw(st.integers(0, n - 1))) for n in (len(LABELS), 1, 2)]
    numbers = [draw(NUMBERS) for _ in range(8)]
    return [numbers[7], *index, *numbers[:7], float(draw(st.integers(-10, 10**6)))]


@EXAMPLES
@given(st.data())
def test_the_text_of_answers_is_that_of_their_values(data: st.DataObject) -> None:
    writer = writer_of(open_kernel(str(host_kernel())), OUTPUTS, FIELDS)
    assert writer is not None
    rows = data.draw(st.integers(1, 4))
    given_rows = [answers(data.draw) for _ in range(rows)]
    values = [value for row in given_rows for value in row]
    decoded = dict(decoders_of(OUTPUTS, FIELDS))
    expected = {name: decoded[name](values, len(given_rows[0])) for name in FIELDS}
    text = writer.write(bytearray(struct.pack(f"<{len(values)}d", *values)), rows)
    assert text == json_body.encode(expected)[1:-1]


def test_numbers_of_the_longest_text_have_room() -> None:
    outputs = [described("scores", 10, "vector")]
    writer = writer_of(open_kernel(str(host_kernel())), outputs, ["scores"])
    assert writer is not None
    longest = -2.2250738585072014e-308
    for rows in (1, 2, 1000):
        text = writer.write(bytearray(struct.pack(f"<{10 * rows}d", *[longest] * (10 * rows))), rows)
        assert text == json_body.encode({"scores": [[longest] * 10] * rows})[1:-1]


def test_a_label_that_json_cannot_carry_has_no_writer() -> None:
    outputs = [described("predictions", 1, "scalar", classes=[[float("nan")]])]
    assert writer_of(open_kernel(str(host_kernel())), outputs, ["predictions"]) is None
