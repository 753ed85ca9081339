"""Tensors of the Open Inference Protocol, to rows and from answers."""

from __future__ import annotations

from typing import Any

import pytest
from openapi_documents import OUTPUTS

from serving.errors import Problem
from serving.protocols.tensors import datatype_of_column, output_tensors, output_types, rows_of
from serving.schema import Column, schema_of


def column(
    kind: str, name: str = "a", categories: list[Any] | None = None, *, nullable: bool = True
) -> Column:
    return Column({"name": name, "kind": kind, "nullable": nullable, "categories": categories})


def tensor(data: Any, datatype: str = "FP64", shape: Any = None, name: str = "a") -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": shape or [len(data)], "data": data}


NUMBERS = [column("number", "a"), column("number", "b")]


def refusal(inputs: Any, schema: list[Column] | None = None) -> str:
    with pytest.raises(Problem) as caught:
        rows_of(inputs, schema or NUMBERS)
    assert caught.value.status == 400
    return caught.value.detail


@pytest.mark.parametrize(
    ("kind", "categories", "datatype"),
    [
        ("number", None, "FP64"),
        ("integer", None, "INT64"),
        ("boolean", None, "BOOL"),
        ("text", None, "BYTES"),
        ("date", None, "BYTES"),
        ("category", ["x"], "BYTES"),
        ("category", [1, 2], "INT64"),
        ("category", [1, 2.5], "FP64"),
        ("category", [1, None], "FP64"),
        ("category", [True, False], "BOOL"),
        ("category", [True, 1], "BYTES"),
        ("category", [], "BYTES"),
    ],
)
def test_a_column_has_the_narrowest_datatype(kind: str, categories: list[Any] | None, datatype: str) -> None:
    assert datatype_of_column(column(kind, categories=categories)) == datatype


def test_a_tensor_for_each_column_in_any_order_becomes_rows() -> None:
    inputs = [tensor([3.0, 4.0], name="b", shape=[2, 1]), tensor([1.0, None])]
    assert rows_of(inputs, NUMBERS) == [[1.0, 3.0], [None, 4.0]]


@pytest.mark.parametrize("data", [[1.0, 2.0, 3.0, 4.0], [[1.0, 2.0], [3.0, 4.0]]])
def test_a_matrix_becomes_rows_flat_or_nested(data: list[Any]) -> None:
    assert rows_of([tensor(data, shape=[2, 2], name="any")], NUMBERS) == [[1.0, 2.0], [3.0, 4.0]]


def test_a_tensor_that_is_no_column_is_left_out_and_named() -> None:
    unknown: list[str] = []
    inputs = [
        tensor(["k", "l", "m"], "BYTES", name="id"),
        tensor([3.0], name="b"),
        tensor([1.0]),
        tensor([1.0, 2.0], shape=[1, 2], name="wide"),
    ]
    assert rows_of(inputs, NUMBERS, unknown) == [[1.0, 3.0]]
    assert unknown == ["id", "wide"]


def test_inputs_of_a_model_of_an_array_are_called_by_position_or_name() -> None:
    columns = [{"name": name, "kind": "number", "nullable": True} for name in ("x0", "x1")]
    schema = schema_of({"container": "array", "columns": columns})
    for first, second in (("0", "1"), ("x0", "x1"), ("x0", "1")):
        inputs = [tensor([2.0], name=second), tensor([1.0], name=first)]
        assert rows_of(inputs, schema) == [[1.0, 2.0]]
    missing = refusal([tensor([1.0], name="1")], schema)
    assert missing == "The inputs must be one for each column: x0 is missing."


def test_one_column_may_be_flat_or_a_matrix_under_any_name() -> None:
    schema = [column("integer")]
    assert rows_of([tensor([1, 2], "INT64", name="any")], schema) == [[1], [2]]
    assert rows_of([tensor([1, 2], "INT64", [2, 1], name="any")], schema) == [[1], [2]]
    assert rows_of([tensor([], "INT64", [0])], schema) == []


@pytest.mark.parametrize(
    ("kind", "datatype", "value", "read"),
    [
        ("boolean", "INT64", 1, True),
        ("boolean", "UINT8", 0, False),
        ("boolean", "INT64", 2, 2),
        ("boolean", "BOOL", True, True),
        ("boolean", "BYTES", "true", True),
        ("number", "BYTES", "2.5", 2.5),
        ("number", "INT8", 1, 1),
        ("text", "BYTES", "", None),
        ("text", "BYTES", None, None),
    ],
)
def test_a_value_becomes_its_column_s(kind: str, datatype: str, value: Any, read: Any) -> None:
    (row,) = rows_of([tensor([value], datatype)], [column(kind)])
    assert row == [read]
    assert type(row[0]) is type(read)


@pytest.mark.parametrize(
    ("inputs", "detail"),
    [
        (None, "inputs must be a list of at least one tensor."),
        ([], "inputs must be a list of at least one tensor."),
        ({}, "inputs must be a list of at least one tensor."),
        (["a"], "Each input must be an object with name, shape, datatype and data."),
        ([{}], "Each input must be an object with name, shape, datatype and data."),
        ([{"name": 1}], "Each input must be an object with name, shape, datatype and data."),
        (
            [tensor([1.0], "FP8")],
            (
                "Input 'a': datatype must be one of BOOL, BYTES, FP16, FP32, FP64, BF16, INT8, INT16, INT32, INT64, "
                "UINT8, UINT16, UINT32, UINT64."
            ),
        ),
        ([tensor([1.0], shape=[1, 1, 1])], "Input 'a': shape must be [rows] or [rows, columns]."),
        ([tensor([1.0], shape="1")], "Input 'a': shape must be [rows] or [rows, columns]."),
        ([tensor([1.0], shape=[-1])], "Input 'a': shape must be [rows] or [rows, columns]."),
        ([tensor([1.0], shape=[1, -1])], "Input 'a': shape must be [rows] or [rows, columns]."),
        ([tensor([1.0], shape=[True])], "Input 'a': shape must be [rows] or [rows, columns]."),
        ([tensor([1.0], shape=[3])], "Input 'a': the shape [3] holds 3 values, data 1."),
        ([tensor([1.0], shape=[2, 2])], "Input 'a': the shape [2, 2] holds 4 values, data 1."),
        ([tensor("1", shape=[1])], "data must be a list of values, row after row."),
        ([tensor([[1.0], 2.0])], "Input 'a': data holds values that are not of the datatype FP64."),
        ([tensor([True])], "Input 'a': data holds values that are not of the datatype FP64."),
        ([tensor([1.5], "INT64")], "Input 'a': data holds values that are not of the datatype INT64."),
        ([tensor([1.0], shape=[1, 1])], "A matrix must have the 2 columns a, b; this one has 1."),
        ([tensor([1.0])], "The inputs must be one for each column: b is missing."),
        (
            [tensor([1.0]), tensor([1.0], name="c")],
            "The inputs must be one for each column: b is missing; 'c' is not a column.",
        ),
        (
            [tensor([1.0]), tensor([1.0], name="b"), tensor([1.0])],
            "The inputs must be one for each column: a name occurs twice.",
        ),
        (
            [tensor([1.0]), tensor([1.0, 2.0], name="b")],
            "The inputs must be one for each column: they have different numbers of rows.",
        ),
        (
            [tensor([1.0]), tensor([1.0, 2.0], shape=[1, 2], name="b")],
            "The inputs must be one for each column: 'b' must have the shape [rows] or [rows, 1].",
        ),
    ],
)
def test_what_is_wrong_with_the_inputs_is_told(inputs: Any, detail: str) -> None:
    assert refusal(inputs) == detail


def test_every_type_of_a_datatype_may_come_at_once() -> None:
    data = [1, 2.5, None]
    assert rows_of([tensor(data)], [column("number")]) == [[1], [2.5], [None]]
    assert (
        output_tensors({"predictions": data}, {"fields": ["predictions"]})["predictions"]["datatype"]
        == "FP64"
    )


def test_an_absent_shape_or_datatype_is_refused() -> None:
    assert "datatype must be" in refusal([{"name": "a", "shape": [1], "data": [1.0]}])
    assert "datatype must be" in refusal([{**tensor([1.0]), "datatype": ["FP64"]}])
    assert "shape must be" in refusal([{"name": "a", "datatype": "FP64", "data": [1.0]}])
    assert "shape must be" in refusal([{**tensor([1.0]), "shape": []}])


def test_long_names_and_long_lists_are_cut() -> None:
    assert refusal([tensor([1.0], "X", name="x" * 100)]).startswith(f"Input '{'x' * 60}': ")
    unknown = refusal([tensor([1.0]), tensor([1.0], name="x" * 100)])
    assert unknown.endswith(f": b is missing; '{'x' * 60}' is not a column.")
    wide = refusal([tensor([1.0]), tensor([1.0, 2.0], name="y" * 100, shape=[1, 2])], [
        column("number", "a"), column("number", "y" * 100)
    ])  # fmt: skip
    assert wide.endswith(f": '{'y' * 60}' must have the shape [rows] or [rows, 1].")
    many = [column("number", f"c{index:02}") for index in range(20)]
    assert refusal([tensor([1.0], name="c00"), tensor([1.0], name="c01")], many).count(" is missing") == 10


FIELDS = ["predictions", "probabilities"]


@pytest.mark.parametrize(
    ("task", "output", "types"),
    [
        ("regression", {"fields": ["predictions"], "targets": ["y"]}, [("predictions", "FP64", [-1])]),
        (
            "regression",
            {"fields": ["predictions"], "targets": ["x", "y"]},
            [("predictions", "FP64", [-1, 2])],
        ),
        (
            "classification",
            {"fields": FIELDS, "classes": ["a", "b"], "targets": ["y"]},
            [("predictions", "BYTES", [-1]), ("probabilities", "FP64", [-1, 2])],
        ),
        (
            "classification",
            {"fields": FIELDS, "classes": [["a", "b", "c"], ["d", "e"]], "targets": ["x", "y"]},
            [
                ("predictions", "BYTES", [-1, 2]),
                ("probabilities_x", "FP64", [-1, 3]),
                ("probabilities_y", "FP64", [-1, 2]),
            ],
        ),
        (
            "classification",
            {"fields": FIELDS, "classes": [[0, 1], [2, 3]], "targets": ["x", "y"]},
            [
                ("predictions", "INT64", [-1, 2]),
                ("probabilities_x", "FP64", [-1, 2]),
                ("probabilities_y", "FP64", [-1, 2]),
            ],
        ),
        (
            "classification",
            {"fields": FIELDS, "classes": [0, 1], "targets": ["x", "y"]},
            [("predictions", "INT64", [-1, 2]), ("probabilities", "FP64", [-1, 2])],
        ),
        (
            "classification",
            {"fields": ["predictions", "scores"], "classes": [0, 1], "targets": ["y"]},
            [("predictions", "INT64", [-1]), ("scores", "FP64", [-1])],
        ),
        (
            "classification",
            {"fields": ["predictions", "scores"], "classes": ["a", "b", "c"], "targets": ["y"]},
            [("predictions", "BYTES", [-1]), ("scores", "FP64", [-1, 3])],
        ),
        (
            "outlier_detection",
            {"fields": ["predictions", "scores"]},
            [("predictions", "INT64", [-1]), ("scores", "FP64", [-1])],
        ),
        (
            "clustering",
            {"fields": ["predictions", "distances"]},
            [("predictions", "INT64", [-1]), ("distances", "FP64", [-1, -1])],
        ),
        (
            "clustering",
            {"fields": FIELDS},
            [("predictions", "INT64", [-1]), ("probabilities", "FP64", [-1, -1])],
        ),
    ],
)
def test_outputs_are_described_without_golden_rows(
    task: str, output: dict[str, Any], types: list[tuple[str, str, list[int]]]
) -> None:
    found = [(each["name"], each["datatype"], each["shape"]) for each in output_types(output, task, {})]
    assert found == types


@pytest.mark.parametrize("kind", OUTPUTS)
def test_outputs_are_described_as_they_are_answered(kind: str) -> None:
    task, output, golden = OUTPUTS[kind]
    described = {each["name"]: each for each in output_types(output, task, golden)}
    answered = output_tensors({field: values * 3 for field, values in golden.items()}, output)
    assert described.keys() == answered.keys()
    for name, tensor in answered.items():
        assert (tensor["datatype"], tensor["shape"]) == (
            described[name]["datatype"],
            [3, *described[name]["shape"][1:]],
        )


def test_a_label_has_the_data_type_of_all_classes() -> None:
    output = {"fields": ["predictions"], "classes": [1, 2.5], "targets": ["y"]}
    assert output_tensors({"predictions": [1]}, output)["predictions"]["datatype"] == "FP64"
    assert output_types(output, "classification", {"predictions": [1]})[0]["datatype"] == "FP64"


@pytest.mark.parametrize(
    ("answer", "targets", "tensors"),
    [
        ({"predictions": ["a", "b"]}, None, {"predictions": ("BYTES", [2], ["a", "b"])}),
        ({"predictions": [1, None]}, None, {"predictions": ("FP64", [2], [1, None])}),
        ({"predictions": [1, "x", True]}, None, {"predictions": ("BYTES", [3], ["1", "x", "True"])}),
        ({"predictions": [True]}, None, {"predictions": ("BOOL", [1], [True])}),
        (
            {"predictions": [[1, 2, 3], [4, 5, 6]]},
            ["x", "y", "z"],
            {"predictions": ("INT64", [2, 3], [1, 2, 3, 4, 5, 6])},
        ),
        (
            {"probabilities": [[[0.25, 0.75], [1.0]], [[0.5, 0.5], [1.0]]]},
            ["x", "y"],
            {
                "probabilities_x": ("FP64", [2, 2], [0.25, 0.75, 0.5, 0.5]),
                "probabilities_y": ("FP64", [2, 1], [1.0, 1.0]),
            },
        ),
        (
            {"probabilities": [[[0.25, 0.75], [1.0]]]},
            None,
            {"probabilities_0": ("FP64", [1, 2], [0.25, 0.75]), "probabilities_1": ("FP64", [1, 1], [1.0])},
        ),
    ],
)
def test_an_answer_becomes_tensors(
    answer: dict[str, Any], targets: list[str] | None, tensors: dict[str, tuple[str, list[int], list[Any]]]
) -> None:
    found = output_tensors(answer, {"fields": list(answer), "targets": targets})
    assert {name: (each["datatype"], each["shape"], each["data"]) for name, each in found.items()} == tensors
