"""`make predict` asks for fewer rows at a time where the model takes long for each."""

from __future__ import annotations

import pytest

from skylayer.commands.predict import TooMuch, answer
from skylayer.errors import UserError

ROWS = [[str(number)] for number in range(10)]


def asking(most: int, asked: list[tuple[int, int]]) -> object:
    def ask(body: bytes, before: int) -> str:
        rows = body.decode().split("\r\n")[1:-1]
        asked.append((len(rows), before))
        if len(rows) > most:
            raise TooMuch("too many")
        return "".join(f"{line}\r\n" for line in ["prediction", *rows])

    return ask


@pytest.mark.parametrize(
    ("most", "asked"),
    [
        (10, [(10, 5)]),
        (9, [(10, 5), (5, 5), (5, 10)]),
        (3, [(10, 5), (5, 5), (2, 5), (3, 7), (5, 10), (2, 10), (3, 12)]),
    ],
)
def test_rows_that_are_too_many_are_asked_for_in_halves(most: int, asked: list[tuple[int, int]]) -> None:
    seen: list[tuple[int, int]] = []
    table = answer(asking(most, seen), ["a"], ROWS, 5)  # type: ignore[arg-type]
    assert table == "prediction\r\n" + "".join(f"{number}\r\n" for number in range(10))
    assert seen == asked


def test_a_row_that_is_too_much_by_itself_is_refused() -> None:
    with pytest.raises(UserError, match="too many"):
        answer(asking(0, []), ["a"], ROWS, 0)  # type: ignore[arg-type]
