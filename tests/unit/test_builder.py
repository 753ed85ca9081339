"""What the builder decides: which columns become numbers, what a category's code is, what is checked."""

from __future__ import annotations

import math
from typing import Any

import pytest

from skylayer.compiler import CannotCompile, registry
from skylayer.compiler.builder import Builder
from skylayer.compiler.frame import RawColumn
from skylayer.compiler.prediction import Prediction
from skylayer.compiler.program import Code, DenseInput, Encoding, Program, Unary


def column(kind: str = "number", dtype: str = "float64", index: int = 0, **more: Any) -> RawColumn:
    return RawColumn(index, f"x{index}", kind, dtype, more.pop("null", math.nan), **more)


def encoding_of(feature: RawColumn, categories: list[Any], unknown: float | None = None) -> Encoding:
    """The encoding that the builder makes of a column and the codes 0, 1, … of its categories."""
    builder = Builder(registry, ("Encoder",))
    codes = [float(i) for i in range(len(categories))]
    slot = builder.codes(feature, categories, codes, unknown=unknown, detail="unknown")
    (encoding,) = builder.finish(Prediction((slot,))).encodings
    return encoding


def finished(builder: Builder, *slots: int) -> Program:
    return builder.finish(Prediction(slots))


def test_a_column_is_one_input_however_often_it_is_read() -> None:
    builder = Builder(registry, ("Model",))
    first = builder.numbers((column(), column(index=1)))
    assert builder.numbers((column(index=1), column())) == first[::-1]
    assert finished(builder, *first).dense == (DenseInput(0), DenseInput(1))


def test_a_column_with_a_fill_is_replaced_where_it_is_missing() -> None:
    builder = Builder(registry, ("Model",))
    (slot,) = builder.numbers((column(fill=2.5),))
    (operation,) = finished(builder, slot).operations
    assert (operation.code, operation.arrays[0].tolist()) == (Code.REPLACE, [2.5])


@pytest.mark.parametrize("kind", ["category", "text", "date"])
def test_a_column_that_holds_no_numbers_is_refused_by_name(kind: str) -> None:
    with pytest.raises(CannotCompile, match=f"column 'x0' holds {kind} values where numbers are needed"):
        Builder(registry, ("Scaler",)).numbers((column(kind, "str"),))


@pytest.mark.parametrize("dtype", ["float32", "float16", "Float32"])
def test_a_column_of_less_precision_is_refused(dtype: str) -> None:
    with pytest.raises(CannotCompile, match=f"is {dtype}: the native engine computes in float64"):
        Builder(registry, ("Scaler",)).numbers((column(dtype=dtype),))


def test_nan_and_none_among_the_categories_are_two() -> None:
    categories = ["a", None, math.nan]
    assert encoding_of(column("category", "object", null=None), categories).missing == 1.0
    assert encoding_of(column("category", "object", null=math.nan), categories).missing == 2.0
    assert encoding_of(column("category", "object"), categories).entries == (("a", 0.0),)


@pytest.mark.parametrize("unknown", [None, -1.0])
def test_a_missing_value_that_is_no_category_is_unknown(unknown: float | None) -> None:
    table = encoding_of(column("category", "str"), ["a", "b"], unknown)
    assert (table.missing, table.unknown) == (unknown, unknown)


def test_a_missing_value_that_is_filled_has_the_code_of_its_fill() -> None:
    assert encoding_of(column("category", "str", fill="b"), ["a", "b"]).missing == 1.0
    assert encoding_of(column("category", "str", fill="z"), ["a", "b"], -1.0).missing == -1.0


@pytest.mark.parametrize(
    ("kind", "dtype", "rounded"),
    [
        ("number", "float64", True),
        ("integer", "float64", True),
        ("integer", "int64", False),
        ("category", "str", False),
    ],
)
def test_only_columns_of_floats_round_what_they_look_up(kind: str, dtype: str, rounded: bool) -> None:
    assert encoding_of(column(kind, dtype), [1.0, 2.0]).rounded is rounded


def test_equal_tables_of_one_column_are_one_input() -> None:
    builder = Builder(registry, ("Encoder",))
    slots = [
        builder.codes(column("category", "str"), ["a"], [code], unknown=None, detail="")
        for code in (0.0, 0.0, 1.0)
    ]
    assert slots[0] == slots[1] != slots[2]
    assert len(finished(builder, *slots).encodings) == 2


def test_codes_of_a_computed_number_are_looked_up_by_the_kernel() -> None:
    builder = Builder(registry, ("Encoder",))
    (number,) = builder.unary(Unary.FLOOR, builder.numbers((column(),)))
    slot = builder.codes(number, [3, 1, math.nan], [0.0, 1.0, 2.0], unknown=None, detail="unknown")
    operation = finished(builder, slot).operations[-1]
    keys, codes, (nan, _) = (array.tolist() for array in operation.arrays)
    assert (operation.code, keys, codes, nan) == (Code.LOOKUP, [1.0, 3.0], [1.0, 0.0], 2.0)
    assert operation.refusal == "unknown"


@pytest.mark.parametrize(
    ("feature", "categories", "reason"),
    [
        (column("boolean", "boolean"), [True], "extension dtype boolean"),
        (column("date", "datetime64[ns]"), ["2026-01-01"], "holds dates where categories are needed"),
        (column("category", "object"), [("a", 1)], "isn't a JSON value"),
    ],
    ids=["extension", "date", "tuple"],
)
def test_categories_that_cannot_come_over_json_are_refused(
    feature: RawColumn, categories: list[Any], reason: str
) -> None:
    with pytest.raises(CannotCompile, match=reason):
        encoding_of(feature, categories)


def test_a_column_is_checked_once_for_each_way_to_check() -> None:
    builder = Builder(registry, ("Model",))
    frame = (column(), column(index=1))
    for _ in range(2):
        builder.check(frame)
        builder.check(frame, allow_nan=True)
    builder.check((*frame, column(index=2)))
    checks = finished(builder, 0).operations
    assert [(o.code, len(o.inputs), o.flags) for o in checks] == [
        (Code.CHECK, 2, 0),
        (Code.CHECK, 2, 1),
        (Code.CHECK, 1, 0),
    ]


@pytest.mark.parametrize(
    ("allowed", "refusal"),
    [
        ({}, "Model doesn't accept a missing value or infinity"),
        ({"allow_nan": True}, "Model doesn't accept infinity"),
        (
            {"float32": True},
            "Model doesn't accept a missing value, infinity or a value too large for float32",
        ),
        ({"not_negative": True}, "Model doesn't accept a missing value, infinity or a negative value"),
    ],
)
def test_a_check_says_what_it_refuses(allowed: dict[str, bool], refusal: str) -> None:
    builder = Builder(registry, ("Model",))
    builder.check((column(),), **allowed)
    (check,) = finished(builder, 0).operations
    assert check.refusal == refusal


def test_counts_of_a_text_need_no_check_but_for_signs() -> None:
    builder = Builder(registry, ("Model",))
    slots = builder.sparse_input(column("text", "str"), 3, {})
    builder.check(slots, float32=True)
    builder.check(slots, not_negative=True)
    program = finished(builder, *slots)
    assert [o.flags for o in program.operations] == [4]


def test_inputs_are_numbered_before_operations_and_texts_after_numbers() -> None:
    builder = Builder(registry, ("Model",))
    words = builder.sparse_input(column("text", "str", index=0), 2, {})
    negated = builder.unary(Unary.NEGATE, words)
    numbers = builder.numbers((column(index=1), column(index=2)))
    program = finished(builder, *numbers, *words, *negated)
    assert program.outputs[0].slots == (0, 1, 2, 3, 4, 5)
    assert [(o.inputs, o.first) for o in program.operations] == [((2, 3), 4)]
    assert program.origins == {0: 1, 1: 2, 2: 0, 3: 0, 4: 0, 5: 0}


def test_a_refusal_names_the_step_and_the_way_to_it() -> None:
    builder = Builder(registry, ("Pipeline", "scale"))
    with pytest.raises(CannotCompile) as refused:
        builder.cannot("it is odd", "unit=2")
    assert "scale(unit=2)" in str(refused.value)
    assert builder.path == ("Pipeline", "scale")


def test_an_estimator_that_nothing_lowers_is_refused_and_the_path_restored() -> None:
    builder = Builder(registry, ("Pipeline",))
    with pytest.raises(CannotCompile, match="object"):
        builder.predict(object(), (), "model")
    assert builder.path == ("Pipeline",)
