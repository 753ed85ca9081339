"""What the command line reports in one line, with exit code 2 and no traceback."""

from __future__ import annotations

_LONGEST = 2000  # characters


class UserError(Exception):
    """Something that the user can fix: the message says what is wrong and how."""


def one_line(text: str, longest: int = _LONGEST) -> str:
    """A text without line breaks and a terminal's escape sequences, since a file names its parts as it likes."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    half = longest // 2
    return line if len(line) <= longest else f"{line[:half]} … {line[-half:]}"
