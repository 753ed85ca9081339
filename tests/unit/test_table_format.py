"""The table format is stated in the kernel's headers, in the compiler and in docs/table-format.md: they agree.

The headers are parsed, so that this file holds no list of its own.
"""

from __future__ import annotations

import ctypes
import enum
import inspect
import re
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from serving.engines import json_reader, json_writer, native
from skylayer.compiler import assembler, program, tree_nodes
from skylayer.compiler.kernel_build import SOURCES

if TYPE_CHECKING:
    import numpy as np

PAGE = (Path(__file__).parents[2] / "docs" / "table-format.md").read_text(encoding="utf-8")
PAGE = PAGE.replace("\N{MULTIPLICATION SIGN}", "x")
FORMATS = {"char": "s", "uint16_t": "H", "uint32_t": "I", "uint64_t": "Q", "float": "f", "double": "d"}
DOCUMENTED = {"u16": "H", "u32": "I", "u64": "Q", "f32": "f", "f64": "d", "8 bytes": "8s", "2 x u64": "2Q",
              "4 x (u64, u64)": "8Q"}  # fmt: skip
ENUMS = [
    kind
    for _, kind in inspect.getmembers(program, inspect.isclass)
    if issubclass(kind, enum.IntEnum | enum.IntFlag) and kind.__module__ == program.__name__
]


def source(name: str) -> str:
    """A file of the kernel without its comments."""
    return re.sub(r"/\*.*?\*/", "", (SOURCES / name).read_text(encoding="utf-8"), flags=re.DOTALL)


def enumerations(text: str) -> dict[str, dict[str, int]]:
    found = {}
    for name, body in re.findall(r"enum (\w+) \{(.*?)\}", text, re.DOTALL):
        values: dict[str, int] = {}
        following = 0
        for entry in filter(None, map(str.strip, body.split(","))):
            member, _, given = entry.partition("=")
            values[member.strip()] = following = int(given, 0) if given else following
            following += 1
        found[name] = values
    return found


def constants(text: str) -> dict[str, int]:
    found = re.findall(r"^#define (\w+) \(?(?:1u << (\d+)|(0x[0-9a-f]+|\d+)u?)\)?\s*$", text, re.MULTILINE)
    return {name: 1 << int(shift) if shift else int(value, 0) for name, shift, value in found}


def layout(text: str, name: str) -> tuple[str, list[str]]:
    """A C structure as a format of Python's struct, one letter an item, and its members' names."""
    body = re.search(rf"struct {name} \{{(.*?)\n?\}};", text, re.DOTALL)
    assert body, name
    letters, names = "", []
    for kind, members in re.findall(r"((?:struct )?\w+) ([^;]+);", body[1]):
        for member in members.split(","):
            match = re.fullmatch(r"(\w+)(?:\[(\d+)\])?", member.strip())
            assert match, member
            one = layout(text, kind[7:])[0] if kind.startswith("struct ") else FORMATS[kind]
            count = int(match[2] or 1)
            letters += f"{count}s" if one == "s" else one * count
            names.append(match[1])
    return letters, names


def spelled_out(form: str) -> str:
    """A struct's format without byte order and counts, but those of strings."""
    return re.sub(r"(\d+)([A-Zdf])", lambda m: m[2] * int(m[1]), form.lstrip("<="))


TABLE = source("table.h")


def c_enumeration(kind: type[enum.IntEnum | enum.IntFlag]) -> dict[str, int]:
    """The C enumeration of the same name: reduce for Reduce, check_flag for CheckFlag."""
    name = re.sub(r"(?<!^)([A-Z])", r"_\1", kind.__name__).lower()
    members = enumerations(TABLE)[name]
    return {m.removeprefix(f"{name.upper()}_"): v for m, v in members.items() if not m.endswith("END")}


@pytest.mark.parametrize("kind", ENUMS, ids=lambda kind: kind.__name__)
def test_codes_kinds_and_flags_are_those_of_the_kernel(kind: type[enum.IntEnum | enum.IntFlag]) -> None:
    assert c_enumeration(kind) == {member.name: member.value for member in kind}


def test_no_enumeration_of_the_format_is_the_kernels_alone() -> None:
    shared = {re.sub(r"(?<!^)([A-Z])", r"_\1", kind.__name__).lower() for kind in ENUMS}
    assert set(enumerations(TABLE)) - {"rules"} == shared  # rules: how a walk decides, in no table
    assert len(ENUMS) > 6


@pytest.mark.parametrize(("structure", "packed"), [
    (("table.h", "header"), assembler.HEADER.format),
    (("table.h", "header"), native.HEADER.format),
    (("table.h", "operation"), assembler.RECORD.format),
    (("cells.h", "schema"), vars(json_reader)["_SCHEMA"].format),
    (("cells.h", "column"), vars(json_reader)["_COLUMN"].format),
    (("cells.h", "target"), vars(json_reader)["_TARGET"].format),
    (("cells.h", "encoding"), vars(json_reader)["_ENCODING"].format),
    (("cells.h", "entry"), vars(json_reader)["_ENTRY"].format),
    (("json_answer.c", "layout"), vars(json_writer)["_LAYOUT"].format),
    (("json_answer.c", "field"), vars(json_writer)["_FIELD"].format),
    (("json_answer.c", "label"), vars(json_writer)["_PAIR"].format),
    (("json_answer.c", "label_range"), vars(json_writer)["_PAIR"].format),
], ids=lambda v: "/".join(v) if isinstance(v, tuple) else "")  # fmt: skip
def test_what_python_packs_has_the_kernels_layout(structure: tuple[str, str], packed: str) -> None:
    letters = layout(source(structure[0]), structure[1])[0]
    assert spelled_out(packed) == letters
    assert struct.calcsize(f"<{letters}") == struct.calcsize(f"@{letters}")  # no padding


def test_the_failure_that_the_engine_reads_has_the_kernels_layout() -> None:
    letters, names = layout(source("skylayer.h"), "skylayer_failure")
    assert [name for name, *_ in vars(native)["_Failure"]._fields_] == names
    assert struct.calcsize(f"@{letters}") == ctypes.sizeof(vars(native)["_Failure"])


@pytest.mark.parametrize(("name", "record"), [
    ("node", tree_nodes.NODE), ("node_f64", tree_nodes.NODE_F64), ("tree", tree_nodes.TREE),
], ids=lambda v: v if isinstance(v, str) else "")  # fmt: skip
def test_nodes_have_the_kernels_layout(name: str, record: np.dtype[Any]) -> None:
    letters, names = layout(TABLE, name)
    sizes = [struct.calcsize(letter) for letter in letters]
    offsets = [sum(sizes[:k]) for k in range(len(sizes))]
    fields: Any = record.fields or {}
    assert list(fields) == names
    assert [(field[0].itemsize, field[1]) for field in fields.values()] == list(
        zip(sizes, offsets, strict=True)
    )


def test_constants_are_those_of_the_kernel() -> None:
    known = {**constants(TABLE), **constants(source("pairwise.h"))}
    ours = {
        name: value
        for module in (program, tree_nodes)
        for name, value in vars(module).items()
        if name.isupper() and type(value) is int
    }
    others = {"LEAF", "LEAF_F64", "LEAF_LIMIT"}  # it masks a leaf's number
    assert {name: known[name] for name in ours.keys() - others} == {n: ours[n] for n in ours.keys() - others}
    assert {"LANES", "FEATURE", "CATEGORICAL", "NEIGHBOUR_STACK"} <= ours.keys() - others
    assert known["LEAF_INDEX"] == tree_nodes.LEAF_LIMIT - 1
    assert known["FORMAT_VERSION"] == assembler.VERSION
    assert known["ENDIAN_MARK"] == assembler.ENDIAN_MARK
    assert known["FOREIGN_MARK"] == int.from_bytes(assembler.ENDIAN_MARK.to_bytes(4, "little"), "big")
    assert constants(source("decimal.h"))["LONGEST_NUMBER"] == vars(json_writer)["_LONGEST_NUMBER"]


def test_statuses_are_those_of_the_header() -> None:
    statuses = enumerations(source("skylayer.h"))["skylayer_status"]
    assert statuses["SKYLAYER_OK"] == vars(native)["_OK"]
    assert statuses["SKYLAYER_ROW_REFUSED"] == vars(native)["_ROW_REFUSED"]


def test_kinds_of_values_in_json_are_those_of_the_kernel() -> None:
    read, written = enumerations(source("cells.h")), enumerations(source("json_answer.c"))
    assert {name.upper(): value for name, value in vars(json_reader)["_KINDS"].items()} == read["kind"]
    assert {name.upper(): value for name, value in vars(json_writer)["_SHAPES"].items()} == written["shape"]
    ours = {name: vars(json_writer)[f"_{name}"] for name in written["kind"]}
    assert ours == written["kind"]


def rows_under(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading of the page."""
    section = PAGE[PAGE.index(f"\n{heading}") :]
    lines = re.search(r"\|---.*\n((?:\|.*\n)+)", section)
    assert lines, heading
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1].splitlines()]


@pytest.mark.parametrize(("heading", "name"), [
    ("## Header", "header"), ("## Operation", "operation"),
    ("### Node of TREES:", "node"), ("### Node of TREES_F64:", "node_f64"),
])  # fmt: skip
def test_the_page_has_the_kernels_layout(heading: str, name: str) -> None:
    rows = rows_under(heading)
    assert "".join(spelled_out(DOCUMENTED[kind]) for _, kind, *_ in rows) == layout(TABLE, name)[0]
    size = 0
    for at, kind, *_ in rows:
        assert int(at) == size
        size += struct.calcsize(f"<{DOCUMENTED[kind]}")
    assert f"{heading.rstrip(':')}: {size} bytes" in PAGE


def test_the_page_has_every_operation() -> None:
    section = PAGE[PAGE.index("| code | name |") :].split("\n\n")[0]
    found = re.findall(r"^\| (\d+) \| (\w+) \|", section, re.MULTILINE)
    assert {name: int(code) for code, name in found} == {code.name: code.value for code in program.Code}


@pytest.mark.parametrize(
    "kind", [kind for kind in ENUMS if kind is not program.Code], ids=lambda kind: kind.__name__
)
def test_the_page_has_every_kind_and_flag(kind: type[enum.IntEnum | enum.IntFlag]) -> None:
    of = kind.__name__.removesuffix("Flag").upper()
    start = rf"Flags of {of}S?\b" if issubclass(kind, enum.IntFlag) else rf"{of}\b"
    paragraphs = [p for p in PAGE.split("\n\n") if re.match(start, p) and re.search(r"\d [A-Z]", p)]
    assert len(paragraphs) == 1
    found = re.findall(r"(?:^|[:·])\s+(\d+) ([A-Z][A-Z0-9_]+)", paragraphs[0])
    assert {name: int(value) for value, name in found} == {member.name: member.value for member in kind}
