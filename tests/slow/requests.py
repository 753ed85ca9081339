"""Legal requests, and illegal ones that have to be read as far: how each is made of a few numbers."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

from serving import limits
from serving.http import Request

if TYPE_CHECKING:
    import random

    from serving.model import Model
    from serving.schema import Column

ROUTES = ("predict", "csv", "invocations", "infer")
NUMBERS = (0.0, 1.0, -0.5, 1e-310, 5e-324, 1e300, -1e15, 0.1 + 0.2, 123456.789)
ALPHABETS = ("a", "ab ", "a b ", "the north ", "é ", "a\u0301", "\N{PENGUIN} ", "ﬁ.", "x1_", "\n\t a")
LONG_ONCE = ("floats", "strings")  # in the first row only
WRONG = ("nothing", "names", "types", "null", "digits", "floats", "strings", "nested", "wide")


@dataclass(frozen=True)
class Plan:
    """What a request is made of.

    Attributes:
        route: Which protocol.
        rows: How many.
        characters: Of each text.
        alphabet: What texts repeat.
        number: What every number is; None for numbers that differ.
        wrong: What is wrong with it, "nothing" as a rule.
    """

    route: str
    rows: int
    characters: int
    alphabet: str
    number: float | None
    wrong: str

    def changed(self, chance: random.Random, most: int) -> Plan:
        """Another plan near this one; `most` is how many rows the model says it takes."""
        part = chance.randrange(6)
        if part == 0:
            return replace(self, route=chance.choice(ROUTES))
        if part == 1:
            return replace(
                self, rows=chance.choice((1, most, self.rows * 2, chance.randint(1, most), most + 1))
            )
        if part == 2:
            return replace(
                self, characters=chance.choice((self.characters * 2, self.characters // 2 + 1, 20, 5_000_000))
            )
        if part == 3:
            return replace(self, alphabet=chance.choice(ALPHABETS))
        if part == 4:
            return replace(self, number=chance.choice((None, *NUMBERS)))
        return replace(self, wrong=chance.choice(WRONG + ("nothing",) * 4))


def plan(chance: random.Random, most: int) -> Plan:
    """Any plan."""
    return Plan(
        chance.choice(ROUTES),
        chance.choice((1, 64, most, chance.randint(1, most))),
        chance.choice((20, 500, 50_000, 5_000_000)),
        chance.choice(ALPHABETS),
        chance.choice((None, *NUMBERS)),
        chance.choice(WRONG + ("nothing",) * len(WRONG)),
    )


def request(of: Plan, model: Model, chance: random.Random) -> Request:
    """The request of a plan, its body as long as a body may be at most."""
    rows = max(1, min(of.rows, limits.MAX_ROWS + 1))
    if of.wrong == "digits":
        rows = min(rows, 1_000 // len(model.schema))
    # About as long as a body may be; what is a little too long is cut below.
    longest = limits.MAX_BODY_BYTES // len(model.schema) // (1 if of.wrong in LONG_ONCE else rows)
    of = replace(of, characters=max(1, min(of.characters, longest)))
    while True:
        body, kind = _body(of, model, rows, chance)
        if len(body) <= limits.MAX_BODY_BYTES:
            break
        if rows > 1 and (of.wrong not in LONG_ONCE or of.characters < len(body) // 100):
            rows = max(1, int(rows * 0.9 * limits.MAX_BODY_BYTES / len(body)))
        else:
            of = replace(of, characters=int(of.characters * 0.9 * limits.MAX_BODY_BYTES / len(body)))
    name = model.reference["name"]
    path = {"csv": "/predict", "infer": f"/v2/models/{name}/infer"}.get(of.route, f"/{of.route}")
    return Request("POST", path, {"content-type": kind}, body)


def _body(of: Plan, model: Model, rows: int, chance: random.Random) -> tuple[bytes, str]:
    if of.wrong == "wide" and of.route != "infer":
        header = ",".join(f"n{number}" for number in range(600_000))
        return (
            (f"{header}\n1{',' * 599_999}\n".encode(), "text/csv")
            if of.route == "csv"
            else (_names(of, 400_000), "application/json")
        )
    columns = [_values(of, column, rows, chance) for column in model.schema]
    names = [column.name for column in model.schema]
    if of.wrong == "names":
        names = [f"{name[:-1]}ä" for name in names]
    table = list(zip(*columns, strict=True))
    if of.route == "csv":
        return "\n".join([",".join(names), *(",".join(map(cell, row)) for row in table)]).encode(), "text/csv"
    if of.route == "infer":
        tensors = [_tensor(*each) for each in zip(names, columns, model.schema, strict=True)]
        return _json({"inputs": tensors}), "application/json"
    return _json({"instances": [dict(zip(names, row, strict=True)) for row in table]}), "application/json"


def _names(of: Plan, many: int) -> bytes:
    row = ",".join(f'"n{number}":1' for number in range(many))
    rows = ",".join(["{}"] * max(1, min(of.rows, 10_000) - 1))
    return f'{{"instances":[{{{row}}},{rows}]}}'.encode()


def _values(of: Plan, column: Column, rows: int, chance: random.Random) -> list[Any]:
    most = of.characters
    wrong: dict[str, list[Any]] = {
        "types": [True if column.kind != "boolean" else "x"],
        "null": [None],
        "digits": [10**4_000],
        "nested": [[[[[]]]]],
        "floats": [_Literal("0." + "1" * most), 1.5],
        "strings": ["9" * most + "x", "1"],
    }
    if of.wrong in wrong:
        first, *others = wrong[of.wrong]
        return [first, *[others[0] if others else first] * (rows - 1)]
    if column.kind == "text":
        return [(of.alphabet * (of.characters // len(of.alphabet) + 1))[: of.characters]] * rows
    if of.number is not None:
        return [of.number] * rows
    return [chance.gauss(0, 1) for _ in range(rows)]


class _Literal(float):
    """A number of the digits that it is given."""

    digits: str

    def __new__(cls, digits: str) -> Self:
        number = super().__new__(cls, digits)
        number.digits = digits
        return number


def cell(value: Any) -> str:
    """A value as a cell of CSV."""
    if isinstance(value, _Literal):
        return value.digits
    text = (
        ""
        if value is None
        else str(value)
        if not isinstance(value, int)
        else f"{Decimal(value):.3e}"
        if value > 1
        else "true"
    )
    return f'"{text}"' if any(letter in text for letter in ',"\n') else text


def _tensor(name: str, values: list[Any], column: Column) -> dict[str, Any]:
    texts = column.kind == "text" or any(isinstance(value, str) for value in values)
    return {
        "name": name,
        "shape": [len(values)],
        "datatype": "BYTES" if texts else "FP64",
        "data": values,
    }


def _json(document: Any) -> bytes:
    literals: list[str] = []

    def known(value: Any) -> Any:
        if isinstance(value, _Literal):
            literals.append(value.digits)
            return f"\0{len(literals) - 1}\0"
        if isinstance(value, dict):
            return {name: known(item) for name, item in value.items()}
        if isinstance(value, list):
            return [known(item) for item in value]
        return "\1" if type(value) is int and value > 1 << 64 else value

    text = json.dumps(known(document), ensure_ascii=False, separators=(",", ":"))
    text = text.replace('"\\u0001"', "9" * 4_000)
    for number, digits in enumerate(literals):
        text = text.replace(f'"\\u0000{number}\\u0000"', digits)
    return text.encode()
