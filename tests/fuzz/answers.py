"""Answers for the kernel's JSON writer: its bytes are those of Python's json, or it hands them on."""

from __future__ import annotations

import ctypes
import random
import struct
from array import array
from functools import cache
from typing import TYPE_CHECKING, Any

from fuzz import models
from serving import json_body
from serving.artifact import ArtifactError
from serving.engines.json_reader import pointer_to
from serving.engines.json_writer import decoders_of, writer_of
from serving.engines.native import open_kernel

if TYPE_CHECKING:
    from collections.abc import Callable

_LABELS = ("x", "Ü", 'a"b', "\U0001f40d" * 9, "", "\\", "\n", 0, -7, 10**30, 1.5, 1e-7, True, False)
_NUMBERS = (
    0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 0.1, 0.30000000000000004, 1e15, 1e16, 1e17, 123456789012345680.0, 1e22, 1e23,
    1e-4, 1e-5, 9.999e-5, 5e-324, 2.2250738585072014e-308, 2.225073858507201e-308, 1.7976931348623157e308,
    2.0**-44, 2.0**53, 2.0**62, 2.0**63, -(2.0**63), 2.0**64, float("nan"), float("inf"), float("-inf"),
)  # fmt: skip


@cache
def kernel() -> Any:
    """The kernel under attack."""
    return open_kernel(models.kernel_path())


def number(source: random.Random) -> float:
    """A double: any bits, or one of the everyday, or one at an edge."""
    bits = source.getrandbits(64)
    candidates: list[float] = [
        struct.unpack("<d", bits.to_bytes(8, "little"))[0],
        source.random(),
        source.gauss(0, 1) * 10.0 ** source.randint(-30, 30),
        round(source.uniform(-1000, 1000), source.randint(0, 6)),
        source.randrange(200) / 200,
        float(source.randrange(-5, 20)),
        source.choice(_NUMBERS),
    ]
    return source.choice(candidates)


def make_output(source: random.Random, field: str) -> dict[str, Any]:
    """The description of one output, as a table's metadata has it."""
    shape = source.choice(("scalar", "vector", "nested"))
    sizes = [source.randrange(4) for _ in range(source.randrange(1, 4))]
    sizes[0] += not sum(sizes)
    count = {"scalar": 1, "vector": source.randrange(1, 6), "nested": sum(sizes)}[shape]
    labels = [[source.choice(_LABELS) for _ in range(source.randrange(1, 9))] for _ in range(count)]
    return {
        "field": field,
        "shape": shape,
        "count": count,
        "sizes": sizes,
        "integer": source.random() < 0.3,
        "classes": labels if source.random() < 0.4 else None,
    }


def make_values(source: random.Random, outputs: list[dict[str, Any]], rows: int) -> array[float]:
    """Answers of so many rows: mostly what the outputs promise, now and then anything."""
    wild = source.choice((0.0, 0.0, 0.02, 0.3))
    values = array("d")
    for _ in range(rows):
        for output in outputs:
            for k in range(output["count"]):
                if output["classes"] is not None and source.random() >= wild:
                    values.append(float(source.randrange(len(output["classes"][k]))))
                elif output["integer"] and source.random() >= wild:
                    values.append(float(source.randrange(-1000, 1000)))
                else:
                    values.append(number(source))
    return values


def expected(outputs: list[dict[str, Any]], fields: list[str], values: array[float]) -> str | None:
    """The members as Python writes them; None where it refuses a value."""
    width = sum(output["count"] for output in outputs)
    decoders = dict(decoders_of(outputs, fields))
    try:
        return json_body.encode({field: decoders[field](values.tolist(), width) for field in fields})[1:-1]
    except (ArtifactError, ValueError, OverflowError):
        return None


def attack(count: int, seed: int, progress: Callable[[], None] = lambda: None) -> tuple[int, int]:
    """Write so many answers; return how many the writer wrote, and how many it handed on.

    Raises:
        AssertionError: It wrote one otherwise than Python, or one that doesn't fit.
    """
    written = 0
    for index in range(count):
        source = random.Random(f"{seed} {index}")  # noqa: S311 - reproducible, not secret
        fields = ["predictions", "probabilities", "scores"][: source.randrange(1, 4)]
        outputs = [make_output(source, field) for field in fields]
        rows = source.choice((1, 1, 2, 3, 17))
        values = make_values(source, outputs, rows)
        source.shuffle(fields)
        del fields[source.randrange(1, 4) :]
        writer = writer_of(kernel(), outputs, fields)
        assert writer is not None
        answers = bytearray(values.tobytes())
        text = writer.write(answers, rows)
        if text is not None:
            assert text == expected(outputs, fields, values), f"answer {index} of seed {seed}"
            written += 1
            room = bytearray(source.randrange(1, len(text)))
            layout, into = ctypes.byref(writer.layout), pointer_to(room)
            length = kernel().skylayer_write_json(layout, pointer_to(answers), rows, into, len(room))
            assert length < 0, "it wrote what doesn't fit"
        progress()
    return written, count - written
