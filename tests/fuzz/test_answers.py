"""The kernel's JSON writer against the Python path: a bounded sample of `make fuzz`."""

from __future__ import annotations

import math
import struct
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fuzz import answers
from serving.engines.json_writer import writer_of
from skylayer.compiler.kernel_build import SOURCES


def written(value: float, **changes: Any) -> str | None:
    output = {"field": "n", "shape": "scalar", "count": 1, "integer": False, "classes": None} | changes
    writer = writer_of(answers.kernel(), [output], ["n"])
    assert writer is not None
    text = writer.write(bytearray(struct.pack("d", value)), 1)
    return None if text is None else text.removeprefix('"n":[').removesuffix("]")


def test_three_thousand_answers_are_written_as_python_does_or_handed_on() -> None:
    wrote, handed_on = answers.attack(3000, seed=1)
    assert wrote > 1500
    assert handed_on > 100


@settings(max_examples=3000, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
@example(5e-324)
@example(2.0**-44)
@example(9007199254740993.0)
@example(1.7976931348623157e308)
def test_every_double_is_written_as_python_writes_it(number: float) -> None:
    assert written(number) == repr(number)


def test_powers_of_two_and_of_ten_and_their_neighbours_are_written_as_python_writes_them() -> None:
    powers = [math.ldexp(1.0, e) for e in range(-1074, 1024)] + [float(f"1e{e}") for e in range(-323, 309)]
    for power in powers:
        for number in (power, -power, math.nextafter(power, 0), math.nextafter(power, math.inf)):
            assert written(number) == (repr(number) if math.isfinite(number) else "null")


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_json_has_no_number_for_is_null(number: float) -> None:
    assert written(number) == "null"


@settings(max_examples=500, deadline=None)
@given(st.floats(-(2.0**62), 2.0**62))
def test_whole_numbers_are_cut_as_python_cuts_them(number: float) -> None:
    assert written(number, integer=True) == str(int(number))


@pytest.mark.parametrize("number", [math.nan, math.inf, 2.0**63, -(2.0**63)])
def test_what_is_no_integer_of_64_bits_is_handed_on(number: float) -> None:
    assert written(number, integer=True) is None


@pytest.mark.parametrize("position", [-1.0, 2.0, 1e300, math.nan])
def test_a_class_that_there_is_not_is_handed_on(position: float) -> None:
    assert written(1.0, classes=[["no", "yes"]]) == '"yes"'
    assert written(position, classes=[["no", "yes"]]) is None


def test_a_label_that_is_no_json_has_no_writer() -> None:
    output = {"field": "n", "shape": "scalar", "count": 1, "integer": False, "classes": [[math.nan]]}
    assert writer_of(answers.kernel(), [output], ["n"]) is None


def test_the_powers_of_ten_are_those_that_their_script_writes() -> None:
    script = SOURCES / "powers_of_ten.py"
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert done.stdout == (SOURCES / "powers_of_ten.h").read_text()
