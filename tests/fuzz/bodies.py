"""Bodies for the kernel's JSON reader: whatever it answers, the Python path answers the same."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

from fuzz import models
from serving import json_body
from serving.engines.native import NativeEngine, open_kernel
from serving.errors import Problem, RowError
from serving.instances import columns_of
from serving.schema import Column

if TYPE_CHECKING:
    from collections.abc import Callable

_NUMBERS = (
    "0", "-0", "-0.0", "0.0", "1", "12", "1.5", "41.17", "1e3", "1E-3", "1e22", "1e23", "1e-22", "1e-23", "1e400",
    "1e-400", "5e-324", "9007199254740993", "9007199254740993.0", "123456789012345678", "1234567890123456789",
    "0.1234567890123456", "0.30000000000000004", "2.220446049250313e-16", "1.7976931348623157e308", "01", "+1",
    ".5", "1.", "1.e5", "1e", "1e+", "0x10", "NaN", "Infinity", "-Infinity", "--1", "1_0", "٣", "32767", "32768",
    "-32769", "3.0", "4.35e-5", "99999999999999999e-17", "1" + "0" * 400,
)  # fmt: skip
_TEXTS = (
    '"x"',
    '"why"',
    '"Ü"',
    '"\\u00dc"',
    '"new"',
    '"ñew"',
    '""',
    '"a\\"b"',
    '"\x01"',
    '"x',
    "'x'",
    '"\ud7ff"',
)
_OTHERS = ("null", "true", "false", "True", "nul", "[]", "{}", "[1]", '{"a":1}', "")
_SPACES = ("", "", "", " ", "\n", "\t", " \r\n ", "\u00a0", "\f")


def engine(name: str) -> NativeEngine:
    """An estimator's engine with its reader."""
    schema = models.schema()
    names = [column["name"] for column in schema["columns"]]
    fields = ["predictions"] if name == "boosting" else ["predictions", "probabilities"]
    opened = NativeEngine(open_kernel(models.kernel_path()), bytearray(models.tables()[name]), names, fields)
    opened.read_json(schema["columns"])
    return opened


def disagreement(native: NativeEngine, columns: list[Column], body: bytes) -> str | None:
    """What is wrong if the reader answers a body; None if it hands it on, or is right."""
    short = native.predict_json(body)
    if short is None:
        return None
    try:
        document = json_body.parse(body)
        if not isinstance(document, dict) or list(document) != ["instances"]:
            return "the reader takes a document that isn't one of instances"
        instances = document["instances"]
        whole = native.predict(columns_of(instances, columns), len(instances))
    except (Problem, RowError) as error:
        return f"the reader takes what Python refuses: {error!r}"
    written = json_body.encode(whole)[1:-1], len(instances)
    if short != written:
        return f"the reader answers {short}, Python {written}"
    return None


def make(source: random.Random, columns: list[Column]) -> bytes:
    """One body: mostly right, often odd, sometimes broken."""
    oddness = source.choice((0.0, 0.02, 0.2))
    rows = source.choice((1, 1, 2, 3, 17))
    order = columns[:]
    if source.random() < 0.3:
        source.shuffle(order)
    objects = source.random() < 0.7

    def space() -> str:
        return source.choice(_SPACES[:7]) if source.random() < 0.1 else ""

    def row() -> str:
        cells = []
        for column in order if objects else columns:
            cell = space() + _cell(source, column, oddness) + space()
            cells.append(
                f"{space()}{json.dumps(column.name, ensure_ascii=False)}{space()}:{cell}" if objects else cell
            )
        if source.random() < oddness / 4:
            cells.append(source.choice(cells) if cells and source.random() < 0.5 else '"zz":1')
        if cells and source.random() < oddness / 4:
            cells.pop(source.randrange(len(cells)))
        inner = ",".join(cells)
        return f"{{{inner}}}" if objects else f"[{inner}]"

    lines = ",".join(row() for _ in range(rows))
    text = f'{space()}{{{space()}"instances"{space()}:{space()}[{lines}]{space()}}}{space()}'
    body = bytearray(text.encode("utf-8", "surrogatepass"))
    for _ in range(source.choice((0, 0, 0, 0, 1, 3))):
        damage(source, body)
    return bytes(body)


def _cell(source: random.Random, column: Column, oddness: float) -> str:
    if source.random() < oddness:
        return source.choice(source.choice((_NUMBERS, _TEXTS, _OTHERS)))
    if column.nullable and source.random() < 0.1:
        return "null"
    usual: dict[str, Callable[[], str]] = {
        "number": lambda: repr(
            source.choice((round(source.gauss(40, 5), 2), source.gauss(0, 1), source.uniform(0, 1e-6)))
        ),
        "integer": lambda: str(source.randint(-300, 300)),
        "boolean": lambda: source.choice(("true", "false")),
    }
    return (
        usual[column.kind]()
        if column.kind in usual
        else source.choice(('"x"', '"why"', '"Ü"', '"new"', '"p"'))
    )


def damage(source: random.Random, body: bytearray) -> None:
    """Change a byte or two, or cut the end off."""
    at = source.randrange(len(body)) if body else 0
    what = source.randrange(4)
    if what == 0 and body:
        body[at] ^= 1 << source.randrange(8)
    elif what == 1:
        del body[at : at + source.randrange(1, 9)]
    elif what == 2:
        body[at:at] = source.choice((b",", b"}", b"]", b"{", b"[", b'"', b"\\", b"\xff", b"0", b"-", b"e9"))
    else:
        del body[at:]


def attack(count: int, seed: int, progress: Callable[[], None] = lambda: None) -> tuple[int, int]:
    """Send so many bodies; return how many the reader answered, and how many it handed on.

    Raises:
        AssertionError: It answered one otherwise than Python; the message holds the body.
    """
    columns = [Column(column) for column in models.schema()["columns"]]
    engines = [engine(name) for name in models.tables()]
    engines = [opened for opened in engines if opened.reader is not None]  # texts are Python's to read
    answered = 0
    for number in range(count):
        source = random.Random(f"{seed} {number}")  # noqa: S311 - reproducible, not secret
        body = make(source, columns)
        native = engines[number % len(engines)]
        wrong = disagreement(native, columns, body)
        assert wrong is None, f"body {number} of seed {seed}, {body!r}: {wrong}"
        answered += native.predict_json(body) is not None
        progress()
    return answered, count - answered
