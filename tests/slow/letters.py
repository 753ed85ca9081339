"""Terms of somebody's own, which no compiler knows; a module by itself, since it is shipped with the model."""

from __future__ import annotations


def letters(text: str) -> list[str]:
    """Three letters from each place of a text."""
    return [text[at : at + 3] for at in range(len(text))]
