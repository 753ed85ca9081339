"""What a verb takes as NAME=value, after `python -m skylayer VERB` and on make's command line alike.

A verb lists its variables; what it doesn't list is refused by name, so no value is ever ignored. An empty value
counts as not given: a workflow may pass a variable that nobody set.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from skylayer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

PORTS = range(1024, 65536)
# The Makefile passes NAME=value as GIVEN_NAME in the environment.
FROM_MAKE = "GIVEN_"


class Options(SimpleNamespace):
    """The values of a verb's variables, by their names in lower case, and `given`: the NAME=value they came from."""

    given: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """One NAME=value: what it is for, how its text is read, and what holds without it.

    `read` raises ValueError with the words that follow "it must be".
    """

    name: str
    meaning: str
    read: Callable[[str], Any] = str
    default: Any = None
    required: bool = False


def from_make(environment: Mapping[str, str]) -> dict[str, str]:
    """What was given on make's command line."""
    return {
        name.removeprefix(FROM_MAKE): text for name, text in environment.items() if name.startswith(FROM_MAKE)
    }


def from_arguments(arguments: Iterable[str]) -> dict[str, str]:
    """What was given as NAME=value. Raises UserError for anything else."""
    given = {}
    for argument in arguments:
        name, equals, text = argument.partition("=")
        if not equals:
            raise UserError(f"{argument!r} is not NAME=value.")
        given[name] = text
    return given


def read(variables: Iterable[Variable], given: Mapping[str, str]) -> Options:
    """The options of a verb that takes `variables`.

    Raises:
        UserError: A name that it doesn't take, a value that can't be meant, or a required one that is missing.
    """
    known = {variable.name: variable for variable in variables}
    for name in given:
        if name not in known:
            takes = f"it takes {', '.join(known)}" if known else "it takes none"
            raise UserError(f"{name} is not a variable of this verb; {takes}.")
    values = {name: _value(variable, given.get(name, "")) for name, variable in known.items()}
    pairs = tuple(f"{name}={text}" for name, text in given.items())
    return Options(given=pairs, **{name.lower(): value for name, value in values.items()})


def _value(variable: Variable, text: str) -> Any:
    if not text:
        if variable.required:
            raise UserError(f"Give {variable.name}=…: {variable.meaning}.")
        return variable.default
    try:
        return variable.read(text)
    except ValueError as error:
        raise UserError(f"{variable.name} is {text!r}; it must be {error}.") from None


def port(text: str) -> int:
    """A port that a program without privileges may listen on."""
    if not text.isdecimal() or int(text) not in PORTS:
        raise ValueError(f"a number from {PORTS.start} to {PORTS.stop - 1}")
    return int(text)


def whole(text: str) -> int:
    """A whole number above 0."""
    if not text.isdecimal() or int(text) == 0:
        raise ValueError("a whole number above 0")
    return int(text)


def switch(text: str) -> bool:
    """Whether something is asked for: 1, or not given."""
    if text != "1":
        raise ValueError("1 or not given")
    return True


def one_of(*choices: str) -> Callable[[str], str]:
    """A reader of one of a few words."""

    def chosen(text: str) -> str:
        if text not in choices:
            raise ValueError(f"one of {', '.join(choices)}")
        return text

    return chosen
