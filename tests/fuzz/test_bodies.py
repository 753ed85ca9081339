"""The kernel's JSON reader against the Python path: a bounded sample of `make fuzz`."""

from __future__ import annotations

import json
import struct
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz import bodies, models
from serving.schema import Column

ROW = {"a": 41.25, "whole": 12, "flag": True, "straße": "Ü", "unused": "p"}


@cache
def forest() -> Any:
    return bodies.engine("forest")


@cache
def columns() -> list[Column]:
    return [Column(column) for column in models.schema()["columns"]]


def body_of(*rows: object) -> bytes:
    return json.dumps({"instances": rows}, ensure_ascii=False).encode()


def test_three_thousand_bodies_are_answered_as_python_does_or_handed_on() -> None:
    answered, handed_on = bodies.attack(3000, seed=1)
    assert answered > 300
    assert handed_on > 300


def test_the_usual_is_read_without_python() -> None:
    rows = [ROW, ROW | {"a": None, "straße": None}, ROW | {"straße": "never seen"}]
    for body in (body_of(*rows), body_of(*(list(row.values()) for row in rows)), body_of(ROW)):
        assert forest().predict_json(body) is not None
        assert bodies.disagreement(forest(), columns(), body) is None


@pytest.mark.parametrize(
    "row",
    [
        {**ROW, "whole": 32768},
        {**ROW, "whole": 1.5},
        {**ROW, "whole": None},
        {**ROW, "flag": 1},
        {**ROW, "a": "41"},
        {**ROW, "straße": "ñew"},
        {**ROW, "more": 1},
        {k: v for k, v in ROW.items() if k != "unused"},
        [1, 2],
    ],
)
def test_whatever_is_wrong_or_unusual_is_handed_on(row: object) -> None:
    assert forest().predict_json(body_of(row)) is None
    assert forest().predict_json(body_of(ROW, row)) is None


@pytest.mark.parametrize(
    "body",
    [
        b'{"instances":[{"a":1,"a":2,"whole":1,"flag":true,"unused":"p"}]}',
        b'{"instances":[[1,2,true,"x","p"],{"a":1,"a":2,"a":3,"a":4,"a":5}]}',
        b'{"instances":[]}',
        b'{"instances":[[1,2,true,"x","p"]]} x',
        b'{"instances":[[1,2,true,"x","p"]],"more":1}',
        b'{"Instances":[[1,2,true,"x","p"]]}',
        b'\xef\xbb\xbf{"instances":[[1,2,true,"x","p"]]}',
        b"",
        b"{" * 100_000,
        b"[" * 100_000,
    ],
    ids=[
        "key-twice",
        "keys-twice",
        "no-rows",
        "more-after",
        "another-key",
        "capital",
        "byte-order-mark",
        "empty",
        "deep-objects",
        "deep-lists",
    ],
)
def test_broken_bodies_are_handed_on(body: bytes) -> None:
    assert forest().predict_json(body) is None


def read_number(text: str) -> float | None:
    """What the reader makes of a number, by way of its dense input."""
    reader = forest().reader
    read = reader.read(f'{{"instances":[[{text},1,true,"x","p"]]}}'.encode())
    if read is None:
        return None
    index = next(
        i for i, (column, table) in enumerate(forest().metadata["dense"]) if column == 0 and table is None
    )
    return float(struct.unpack_from("d", read[0], 8 * index)[0])


@settings(max_examples=1500, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_pythons_in_every_bit(number: float) -> None:
    for text in (repr(number), f"{number:.4f}", f"{number:.17g}", f"{number:.3e}"):
        found = read_number(text)
        expected = float(int(text)) if text.lstrip("-").isdigit() else float(text)
        assert found is None or struct.pack("d", found) == struct.pack("d", expected), text


@settings(max_examples=500, deadline=None)
@given(st.floats(1e-6, 1e15))
def test_numbers_of_everyday_size_are_read_whatever_their_digits(number: float) -> None:
    text = f"{number:.17g}"
    if "e" not in text and len(text.replace(".", "").lstrip("0")) <= 18:
        assert read_number(text) == number or number.hex().startswith(
            ("0x1.0000000000000p", "0x1.fffffffffffffp")
        )


@settings(max_examples=500, deadline=None)
@given(st.integers(-(10**18), 10**18))
def test_whole_numbers_round_as_pythons_do(number: int) -> None:
    found = read_number(str(number))
    assert found is None or found == float(number)
