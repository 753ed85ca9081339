"""Which rows and texts would take too much time or memory, said before anything is started."""

from __future__ import annotations

import os
from collections import namedtuple

from serving import limits
from serving.errors import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Of one character of a text: nanoseconds, bytes while it is worked on, and nanoseconds that its terms take besides.
TextCost = namedtuple("TextCost", ("nanoseconds", "bytes", "terms"), defaults=(0,))  # noqa: PYI024 (typing costs a cold start)

_MEGABYTE = 1024 * 1024
_DEFAULT_MEMORY = 1024


def memory() -> int:
    """Bytes that a request may take: half of the function's memory; the rest is for the process and its answer."""
    return int(os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE") or _DEFAULT_MEMORY) * _MEGABYTE // 2


def check_texts(columns: list[list[Any]], costs: list[TextCost], spent: int, most_of_terms: int = 0) -> None:
    """Refuse texts that take longer than what is left of a request's time, or one that takes too much memory.

    Args:
        columns: The columns of texts; what is no text costs nothing.
        costs: Of a character of each.
        spent: Nanoseconds that the rows take otherwise.
        most_of_terms: Nanoseconds that all terms take, however many there are.

    Raises:
        Problem: 413, with the number of characters that fits.
    """
    characters = needed = terms = 0
    in_memory, too_large = memory(), False
    for texts, cost in zip(columns, costs, strict=True):
        lengths = [len(text) for text in texts if isinstance(text, str)]
        characters += sum(lengths)
        needed += sum(lengths) * cost.nanoseconds
        terms += sum(lengths) * cost.terms
        in_memory = min(in_memory, memory() // cost.bytes)
        too_large = too_large or max(lengths, default=0) > memory() // cost.bytes
    left = max(0, int(limits.MAX_SECONDS * 1e9) - spent)
    if not too_large and needed + min(terms, most_of_terms) <= left:
        return
    most = characters * left // max(1, needed + terms)  # so few that their terms don't take the most
    if needed:
        most = max(most, characters * (left - most_of_terms) // needed)
    most = min(most, in_memory)
    raise Problem(
        413,
        f"The texts have {characters} characters; those of a request may have {most} with this model: "
        "send fewer or shorter texts at a time.",
        limits={"characters": most},
    )
