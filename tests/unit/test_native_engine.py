"""The native engine between columns and kernel: whom a refusal names, how texts are counted, what it opens."""

from __future__ import annotations

import dataclasses
import os
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from programs import operation, program

from serving.artifact import ArtifactError
from serving.engines import native
from serving.errors import RowError
from skylayer.compiler.assembler import HEADER, assemble, serialize
from skylayer.compiler.kernel_build import host_kernel
from skylayer.compiler.program import (
    CheckFlag,
    Code,
    DenseInput,
    Encoding,
    Output,
    Program,
    SparseInput,
    Unary,
)
from skylayer.formats.hdf5.tables import split
from skylayer.proof.trace import open_program

if TYPE_CHECKING:
    from pathlib import Path

    from serving.engines.native import NativeEngine

NAMES = ["a", "b"]
CHECKED = program(
    2,
    [
        operation(Code.CHECK, (1, 0), 2, 0, flags=CheckFlag.NOT_NEGATIVE, refusal="negative values"),
        operation(Code.UNARY, (0,), 2, 1, kind=Unary.NEGATE),
    ],
)


def engine(made: Program, names: list[str] = NAMES) -> NativeEngine:
    return open_program(assemble(made), names, ["predictions"])


@pytest.mark.parametrize(
    ("origins", "values", "row", "named"),
    [
        ({0: 0, 1: 1}, [[1.0, -1.0], [1.0, 1.0]], 1, "a"),
        ({0: 0, 1: 1}, [[1.0, 1.0], [-1.0, 1.0]], 0, "b"),
        ({0: 1, 1: 0}, [[1.0, -1.0], [1.0, 1.0]], 1, "b"),
        ({1: 1}, [[1.0, -1.0], [1.0, 1.0]], 1, None),
    ],
    ids=["its first column", "its second column", "made of another", "of no column"],
)
def test_a_refusal_names_the_row_and_the_column_that_its_input_is_made_of(
    origins: dict[int, int], values: list[list[Any]], row: int, named: str | None
) -> None:
    opened = engine(dataclasses.replace(CHECKED, origins=origins))
    with pytest.raises(RowError) as caught:
        opened.predict(values, 2)
    error = caught.value
    assert (error.row, error.column, error.detail) == (row, named, "negative values")
    assert opened.predict([[1.0], [0.0]], 1) == {"predictions": [-1.0]}


def test_a_category_without_a_code_names_its_row_and_column() -> None:
    encoding = Encoding((("x", 1.0), (2, 5.0)), 7.0, None, rounded=False, detail="unseen")
    made = dataclasses.replace(
        program(2, [operation(Code.UNARY, (1,), 2, 1, kind=Unary.NEGATE)]),
        dense=(DenseInput(0), DenseInput(1, 0)),
        encodings=(encoding,),
    )
    opened = engine(made)
    assert opened.predict([[0.0] * 3, ["x", None, 2]], 3) == {"predictions": [-1.0, -7.0, -5.0]}
    with pytest.raises(RowError) as caught:
        opened.predict([[0.0] * 2, ["x", "y"]], 2)
    assert (caught.value.row, caught.value.column, caught.value.detail) == (1, "b", "unseen")


def test_a_table_with_the_earlier_name_of_its_encodings_is_read() -> None:
    encoding = Encoding((("x", 1.0),), 7.0, 2.0, rounded=False, detail="unseen")
    made = dataclasses.replace(
        program(1, [operation(Code.UNARY, (0,), 1, 1, kind=Unary.NEGATE)]),
        dense=(DenseInput(0, 0),),
        encodings=(encoding,),
    )
    parts = split(assemble(made))
    earlier = parts.metadata.replace(b'"encodings":', b'"tables":')
    assert earlier != parts.metadata
    opened = open_program(serialize(dataclasses.replace(parts, metadata=earlier)), ["a"], ["predictions"])
    assert opened.predict([["x", None, "y"]], 3) == {"predictions": [-1.0, -7.0, -2.0]}


@pytest.mark.parametrize(("rounded", "found"), [(True, 3.0), (False, -1.0)])
def test_a_long_integer_is_rounded_before_it_is_looked_up_where_its_column_is_of_doubles(
    rounded: bool, found: float
) -> None:
    encoding = Encoding(((2.0**53, 3.0),), 7.0, -1.0, rounded=rounded, detail="unseen")
    made = dataclasses.replace(
        program(1, [operation(Code.UNARY, (0,), 1, 1, kind=Unary.NEGATE)]),
        dense=(DenseInput(0, 0),),
        encodings=(encoding,),
    )
    assert engine(made, ["a"]).predict([[2**53 + 1, None]], 2) == {"predictions": [-found, -7.0]}


def counted(words: list[str], column: int) -> SparseInput:
    description = {
        "analyzer": "word", "ngram_range": (1, 1), "vocabulary": words, "strip_accents": None,
        "token_pattern": r"\w+", "stop_words": [], "lowercase": True, "binary": False,
    }  # fmt: skip
    return SparseInput(column, len(words), description)


def of_texts(*columns: SparseInput) -> Program:
    """A program that answers every slot of its texts."""
    width = sum(column.width for column in columns)
    negated = operation(Code.UNARY, range(width), width, width, kind=Unary.NEGATE)
    output = Output("predictions", tuple(range(width, 2 * width)), "vector")
    return dataclasses.replace(program(0, [negated], output), dense=(), sparse=columns)


def test_the_terms_of_a_text_are_counted_row_by_row() -> None:
    opened = engine(of_texts(counted(["ape", "bee"], 0)), ["text"])
    rows = ["ape bee ape", "", "BEE and cat", "ape"]
    wanted = [[-2.0, -1.0], [-0.0, -0.0], [-0.0, -1.0], [-1.0, -0.0]]
    assert opened.predict([rows], 4) == {"predictions": wanted}


def test_the_terms_of_several_columns_lie_side_by_side() -> None:
    opened = engine(of_texts(counted(["ape", "bee"], 1), counted(["cat"], 0)))
    wanted = [[-1.0, -0.0, -2.0], [-0.0, -2.0, -0.0]]
    assert opened.predict([["cat cat", "ape"], ["ape", "bee bee"]], 2) == {"predictions": wanted}


@pytest.mark.parametrize("value", [None, 5])
def test_what_is_no_text_names_its_row_and_column(value: Any) -> None:
    opened = engine(of_texts(counted(["ape"], 1)))
    with pytest.raises(RowError, match="a text is needed here") as caught:
        opened.predict([["", ""], ["ape", value]], 2)
    assert (caught.value.row, caught.value.column) == (1, "b")


def test_a_token_pattern_that_is_none_says_so() -> None:
    words = counted(["ape"], 0)
    broken = dataclasses.replace(words, description={**words.description, "token_pattern": "("})
    with pytest.raises(ArtifactError, match="its token pattern is none"):
        engine(of_texts(broken), ["text"])


def test_members_are_those_of_predict_once_bodies_are_read_from_their_bytes() -> None:
    made = program(2, [operation(Code.UNARY, (1,), 2, 1, kind=Unary.NEGATE)])
    opened = engine(made)
    columns: list[list[Any]] = [[1.0, 2.0], [0.5, -3.0]]
    body = b'{"instances":[[1,0.5],[2,-3]]}'
    assert opened.predict_members(columns, 2) is None
    assert opened.predict_json(body) is None
    opened.read_json([{"name": name, "kind": "number", "nullable": False} for name in NAMES])
    assert opened.predict(columns, 2) == {"predictions": [-0.5, 3.0]}
    assert opened.predict_members(columns, 2) == '"predictions":[-0.5,3.0]'
    assert opened.predict_json(body) == ('"predictions":[-0.5,3.0]', 2)
    assert opened.predict_json(b'{"instances":[[1,"x"]]}') is None


def test_a_row_that_the_kernel_refuses_from_its_bytes_is_left_to_python() -> None:
    opened = engine(CHECKED)
    opened.read_json([{"name": name, "kind": "number", "nullable": False} for name in NAMES])
    assert opened.predict_json(b'{"instances":[[1,1]]}') is not None
    assert opened.predict_json(b'{"instances":[[1,1],[-1,1]]}') is None


# --- what it opens ----------------------------------------------------------------------------------------------------


def opened(path: Path, table: bytes, fields: list[str] | None = None) -> NativeEngine:
    path.write_bytes(table)
    kernel = native.open_kernel(str(host_kernel()))
    return native.open_table(str(path), kernel, NAMES, fields or ["predictions"])


def test_a_file_shorter_than_a_header_is_no_table(tmp_path: Path) -> None:
    table = assemble(CHECKED)
    assert opened(tmp_path / "whole", table).predict([[1.0], [2.0]], 1) == {"predictions": [-1.0]}
    for size in (0, 1, HEADER.size - 1):
        with pytest.raises(ArtifactError, match=f"{size} bytes are no table"):
            opened(tmp_path / "cut", table[:size])
    with pytest.raises(ArtifactError, match=r"cut: .*\.$"):
        opened(tmp_path / "cut", table[: HEADER.size])


def test_metadata_that_is_no_json_or_does_not_fit_says_so(tmp_path: Path) -> None:
    table = bytearray(assemble(CHECKED))
    at = HEADER.unpack_from(table)[12]
    for damage in (b"}", b"["):
        with pytest.raises(ArtifactError, match="its metadata doesn't fit"):
            opened(tmp_path / "damaged", bytes(table[:at] + damage + table[at + 1 :]))


def test_a_field_that_the_table_lacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="The table does not answer scores"):
        opened(tmp_path / "table", assemble(CHECKED), ["predictions", "scores"])


@pytest.mark.parametrize(
    ("machine", "platform", "name"),
    [
        ("x86_64", "linux", "kernel-x86_64.so"),
        ("arm64", "darwin", "kernel-aarch64.dylib"),
        ("aarch64", "linux", "kernel-aarch64.so"),
    ],
)
def test_the_kernel_beside_the_package_is_named_after_the_machine(
    machine: str, platform: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def opens(path: str) -> None:
        asked.append(path)
        raise OSError("no such file")

    monkeypatch.delenv("SKYLAYER_KERNEL", raising=False)
    monkeypatch.setattr(native, "open_kernel", opens)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(machine=machine), raising=False)
    with pytest.raises(ArtifactError, match="can't be loaded: no such file"):
        native.find_kernel()
    assert asked[0].endswith(f"/serving/{name}")
    monkeypatch.setenv("SKYLAYER_KERNEL", "/elsewhere/kernel")
    with pytest.raises(ArtifactError):
        native.find_kernel()
    assert asked[1] == "/elsewhere/kernel"


def test_a_status_that_is_no_refusal_is_an_error_with_its_message() -> None:
    opened = engine(CHECKED)
    opened._scratch_size = 0  # noqa: SLF001 - no table that passes the check can bring this about
    with pytest.raises(RuntimeError, match=r"answered with status \d+: \w+"):
        opened.predict([[1.0], [1.0]], 1)
