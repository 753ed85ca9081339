"""NumPy's files, read and written without NumPy: NumPy itself is the judge."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving import npy
from serving.errors import Problem

NUMBERS = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"]


def file_of(array: Any, version: tuple[int, int] | None = None, *, allow_pickle: bool = False) -> bytes:
    """The file that NumPy writes of an array."""
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asanyarray(array), version, allow_pickle=allow_pickle)
    return file.getvalue()


def refusal(body: bytes, columns: int = 2, most: int = 9) -> str:
    with pytest.raises(Problem) as caught:
        npy.read(body, columns, most)
    return f"{caught.value.status} {caught.value.detail}"


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", NUMBERS)
@pytest.mark.parametrize("layout", ["C", "F"])
def test_numbers_of_every_type_and_layout_are_read(order: str, kind: str, layout: Any) -> None:
    array = np.array([[0, 1], [1, 0], [1, 1]]).astype(order + kind, order=layout)
    found = npy.read(file_of(array), 2, 3)
    assert found == array.tolist()
    assert type(found[0][0]) is type(array.tolist()[0][0])


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_each_version_is_read(version: tuple[int, int]) -> None:
    assert npy.read(file_of([[1.5, 2.5]], version), 2, 9) == [[1.5, 2.5]]


def test_nan_is_a_missing_value_and_infinity_is_left_to_validation() -> None:
    assert npy.read(file_of([[np.nan, np.inf]]), 2, 9) == [[None, float("inf")]]


def test_one_dimension_is_rows_of_one_column() -> None:
    assert npy.read(file_of([1, 2, 3]), 1, 3) == [[1], [2], [3]]
    assert npy.read(file_of([[1], [2]]), 1, 3) == [[1], [2]]
    assert refusal(file_of([1, 2])) == "400 The array must have the shape [rows, 2], not [2]."


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), min_size=1, max_size=6))
def test_texts_are_read_as_numpy_reads_them(texts: list[str]) -> None:
    array = np.array(texts)
    assert npy.read(file_of(array), 1, 9) == [[text] for text in array.tolist()]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "400 The body is no file of NumPy's: it must begin with \\x93NUMPY."),
        ("\ufffdNUMPY".encode(), "400 The body is no file of NumPy's: it must begin with \\x93NUMPY."),
        (b"\x93NUMPY", "400 The body is a file of NumPy's in a version"),
        (b"\x93NUMPY\x04\x00\x10\x00", "400 The body is a file of NumPy's in a version"),
        (b"\x93NUMPY\x01\x00\xff\xff", "400 The array's header is not one of"),
        (file_of([[1.0, 2.0]])[:-1], "400 The array's header promises 16 bytes of values, and 15 came."),
        (file_of([[1.0, 2.0]]) + b"x", "400 The array's header promises 16 bytes of values, and 17 came."),
        (file_of([["ab", "c"]])[:-4], "400 The array's header promises 16 bytes of values, and 12 came."),
        (file_of([[1.0, 2.0, 3.0]]), "400 The array must have the shape [rows, 2], not [1, 3]."),
        (file_of(np.zeros((2, 2, 2))), "400 The array's header is not one of"),
        (file_of(np.zeros(())), "400 The array must have the shape [rows, 2], not []."),
        (file_of(np.zeros((10, 2))), "413 The body has 10 rows; at most 9 are taken at a time."),
        (file_of([[1j, 2j]]), "400 An array of the type '<c16' can't be read"),
        (file_of(np.array([[b"a", b"b"]])), "400 An array of the type '|S1' can't be read"),
        (file_of(np.zeros(1, [("a", "f8"), ("b", "f8")])), "400 The array's header is not one of"),
        (file_of(np.array([[None, 1]]), allow_pickle=True), "400 The array's header is not one of"),
        (
            file_of(np.array([["a", "b"]], "<U1")).replace(b"a\0\0\0", b"\xff\xff\xff\xff"),
            "400 The array holds what is no character.",
        ),
    ],
    ids=range(17),
)
def test_what_is_no_array_of_rows_is_refused(body: bytes, told: str) -> None:
    assert refusal(body).startswith(told)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_problem(tail: bytes) -> None:
    with pytest.raises(Problem):
        npy.read(b"\x93NUMPY" + tail, 1, 9)


@given(st.data())
def test_a_damaged_file_is_rows_or_a_problem(data: st.DataObject) -> None:
    body = bytearray(file_of(data.draw(st.sampled_from([[[1.0, 2.0]], [["a", "b"]], [[True, False]]]))))
    for _ in range(data.draw(st.integers(1, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert [len(row) for row in npy.read(bytes(body), 2, 9)] in ([2], [])
    except Problem as problem:
        assert problem.status in {400, 413}  # noqa: PT017 (some are still arrays)


@pytest.mark.parametrize(
    ("rows", "dtype", "read"),
    [
        ([1, -2], "<i8", [1, -2]),
        ([1, 2.5], "<f8", [1.0, 2.5]),
        ([2**63, 1], "<f8", [2.0**63, 1.0]),
        ([True, False], "|b1", [True, False]),
        ([True, 2], "<U4", ["True", "2"]),
        (["Adelie", "é😀", None], "<U6", ["Adelie", "é😀", ""]),
        ([""], "<U1", [""]),
        ([[0.25, 0.75], [1, 0]], "<f8", [[0.25, 0.75], [1.0, 0.0]]),
        ([["a", 1]], "<U1", [["a", "1"]]),
    ],
)
def test_numpy_reads_what_is_written(rows: list[Any], dtype: str, read: list[Any]) -> None:
    array = np.load(io.BytesIO(npy.write(rows)), allow_pickle=False)
    assert (array.dtype.str, array.tolist()) == (dtype, read)
    assert len(npy.write(rows).partition(b"\n")[0]) % 64 == 63


def test_a_missing_prediction_is_nan() -> None:
    array = np.load(io.BytesIO(npy.write([1, None])))
    assert array[0] == 1
    assert np.isnan(array[1])
