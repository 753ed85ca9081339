"""Numbers from the command line, refused in one line where they can't be meant."""

from __future__ import annotations

from skylayer.errors import UserError

PORTS = range(1024, 65536)


def port(text: str) -> int:
    """A port that a program without privileges may listen on. Raises UserError."""
    if not text.isdecimal() or int(text) not in PORTS:
        raise UserError(f"PORT is {text!r}; it must be a number from {PORTS.start} to {PORTS.stop - 1}.")
    return int(text)


def whole(name: str, text: str) -> int:
    """A whole number above 0 for the variable `name`. Raises UserError."""
    if not text.isdecimal() or int(text) == 0:
        raise UserError(f"{name.upper()} is {text!r}; it must be a whole number above 0.")
    return int(text)
