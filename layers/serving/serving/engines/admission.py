"""Which rows and texts would take too much time or memory, said before anything is started."""

from __future__ import annotations

import os
from collections import namedtuple

from serving import limits
from serving.errors import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Of one character of a text: nanoseconds, and bytes while it is worked on.
TextCost = namedtuple("TextCost", ("nanoseconds", "bytes"))  # noqa: PYI024 (typing costs a cold start)

_MEGABYTE = 1024 * 1024
_DEFAULT_MEMORY = 1024


def memory() -> int:
    """Bytes that a request may take: half of the function's memory; the rest is for the process and its answer."""
    return int(os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE") or _DEFAULT_MEMORY) * _MEGABYTE // 2


def check_texts(columns: list[list[Any]], costs: list[TextCost], spent: int) -> None:
    """Refuse texts that take longer than what is left of a request's time, or one that takes too much memory.

    Args:
        columns: The columns of texts; what is no text costs nothing.
        costs: Of a character of each.
        spent: Nanoseconds that the rows take otherwise.

    Raises:
        Problem: 413, with the number of characters that fits.
    """
    characters = needed = 0
    for texts, cost in zip(columns, costs, strict=True):
        lengths = [len(text) for text in texts if isinstance(text, str)]
        longest = max(lengths, default=0)
        if longest * cost.bytes > memory():
            most = memory() // cost.bytes
            raise Problem(
                413,
                f"A text has {longest} characters; one may have {most} with this model: cut it.",
                limits={"characters": most},
            )
        characters += sum(lengths)
        needed += sum(lengths) * cost.nanoseconds
    left = max(0, int(limits.MAX_SECONDS * 1e9) - spent)
    if needed > left:
        most = characters * left // needed
        raise Problem(
            413,
            f"The texts have {characters} characters; those of a request may have {most} with this model: "
            "send fewer or shorter texts at a time.",
            limits={"characters": most},
        )
