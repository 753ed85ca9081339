"""What a graph takes and gives, as columns and fields: for every combination of inputs, and every refusal."""

from __future__ import annotations

from math import prod
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.engines.onnx_api import CODES
from skylayer.errors import UserError
from skylayer.formats.onnx.signature import MAXIMUM_COLUMNS, Value, answers_of, feeds_of
from skylayer.formats.recognition import looks_like_onnx

TYPES = st.sampled_from([*CODES, "string"])
ROWS = st.sampled_from([None, "batch", "N"])
INNER = st.lists(st.integers(1, 4), max_size=3)
NAMES = st.text("abcxyz_0", min_size=1, max_size=6)


@st.composite
def inputs(draw: st.DrawFn) -> list[Value]:
    names = draw(st.lists(NAMES, min_size=1, max_size=5, unique=True))
    return [Value(name, f"tensor({draw(TYPES)})", (draw(ROWS), *draw(INNER))) for name in names]


@given(inputs())
def test_every_value_of_a_row_is_one_column(values: list[Value]) -> None:
    try:
        feeds = feeds_of(values)
    except UserError as refusal:
        assert "same name" in str(refusal)  # noqa: PT017 (nothing else may be wrong with them)
        return
    assert [(feed.name, feed.type) for feed in feeds] == [
        (value.name, value.type.removeprefix("tensor(").removesuffix(")")) for value in values
    ]
    columns = [name for feed in feeds for name in feed.columns]
    assert len(set(columns)) == len(columns)
    for feed, value in zip(feeds, values, strict=True):
        assert feed.shape == value.shape[1:]
        assert len(feed.columns) == prod(feed.shape)
        if len(values) > 1 and prod(feed.shape) == 1:
            assert feed.columns == (value.name,)


@given(inputs(), st.data())
def test_names_come_from_the_metadata_before_the_sample_and_the_graph(
    values: list[Value], data: st.DataObject
) -> None:
    total = sum(prod(size for size in value.shape[1:] if isinstance(size, int)) for value in values)
    names = tuple(f"column {place}" for place in range(total))
    feeds = feeds_of(values, names)
    assert [name for feed in feeds for name in feed.columns] == list(names)
    header = data.draw(st.permutations([*names, "target"]))
    assert feeds_of(values, names, header) == feeds
    with pytest.raises(UserError, match="lacks the columns column 0, which"):
        feeds_of(values, names, [name for name in header if name != names[0]])


@given(st.integers(2, 30))
def test_a_header_names_the_columns_of_a_wide_input_in_order(width: int) -> None:
    wide = [Value("x", "tensor(float)", (None, width))]
    header = [f"h{place}" for place in range(width)]
    assert feeds_of(wide, None, header)[0].columns == tuple(header)
    assert feeds_of([Value("x", "tensor(float)", (None, "k"))], None, header)[0].columns == tuple(header)
    with pytest.raises(UserError, match=f"has {width + 1} columns and the graph takes {width}"):
        feeds_of(wide, None, [*header, "target"])


@pytest.mark.parametrize(
    ("value", "match"),
    [
        (Value("x", "tensor(float)", ()), "takes no batch of rows"),
        (Value("x", "tensor(float)", (1, 3)), "takes no batch of rows"),
        (Value("x", "tensor(float)", (None, None)), "doesn't say how many columns"),
        (Value("x", "tensor(float)", (None, "h", 3)), "several dimensions of any size"),
        (Value("x", "tensor(float)", (None, 0)), "takes 0 values"),
        (Value("x", "tensor(float)", (None, MAXIMUM_COLUMNS + 1)), "can be served"),
        (Value("x", "tensor(complex64)", (None, 3)), "must be a tensor of float"),
        (Value("x", "seq(tensor(float))", (None,)), "can't be an input"),
        (Value("x", "optional(tensor(float))", (None,)), "can't be an input"),
    ],
)
def test_an_input_that_rows_cannot_fill_is_named(value: Value, match: str) -> None:
    with pytest.raises(UserError, match=match) as refusal:
        feeds_of([value])
    assert str(refusal.value).count("\n") == 0
    assert "x" in str(refusal.value)


LABELS, TEXTS = Value("label", "tensor(int64)", (None,)), Value("label", "tensor(string)", (None,))
DEGREES = Value("degrees", "tensor(float)", (None, 3))


@pytest.mark.parametrize(
    ("outputs", "normalized", "expected"),
    [
        ([LABELS], (), ("classification", "label", None, ())),
        ([TEXTS, DEGREES], (), ("classification", "label", "degrees", ())),
        ([DEGREES, LABELS], (), ("classification", "label", "degrees", ())),
        ([DEGREES], ("degrees",), ("classification", None, "degrees", ())),
        ([DEGREES], (), ("regression", None, None, ("degrees",))),
        ([Value("y", "tensor(float)", (None, 1))], ("y",), ("regression", None, None, ("y",))),
        ([DEGREES, Value("y", "tensor(double)", (None,))], (), ("regression", None, None, ("degrees", "y"))),
    ],
)
def test_outputs_are_labels_degrees_or_numbers(outputs: Any, normalized: Any, expected: Any) -> None:
    found = answers_of(outputs, frozenset(normalized))
    assert (found.task, found.labels, found.degrees, found.numbers) == expected


@pytest.mark.parametrize("outputs", [[], [LABELS, Value("other", "tensor(int64)", (None,))]])
def test_outputs_of_another_kind_are_listed(outputs: Any) -> None:
    with pytest.raises(UserError, match="export it with the outputs that are needed"):
        answers_of(outputs, frozenset())


@given(st.binary(max_size=40))
def test_no_text_and_no_other_format_passes_for_onnx(content: bytes) -> None:
    assert not looks_like_onnx(b"\x80" + content)
    assert not looks_like_onnx(b"PK\x03\x04" + content)
    assert not looks_like_onnx(b"a" + content)
