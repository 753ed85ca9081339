"""XML from a stranger as a tree of elements: no document type, so no entities, and nothing is fetched."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

from skylayer.formats.boosters.errors import Damaged

if TYPE_CHECKING:
    from collections.abc import Iterator

MAXIMUM_DEPTH = 2_000


@dataclass
class Element:
    """One element.

    Attributes:
        name: Without its namespace.
        attributes: By name.
        children: In order.
        text: Directly within it.
    """

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element] = field(default_factory=list)
    text: str = ""

    def all(self, *names: str) -> Iterator[Element]:
        """The children of these names."""
        return (child for child in self.children if child.name in names)

    def one(self, name: str) -> Element | None:
        """The child of this name, None if there is none.

        Raises:
            Damaged: There are several.
        """
        found = list(self.all(name))
        if len(found) > 1:
            raise Damaged(f"{self.name} has {len(found)} times {name}")
        return found[0] if found else None

    def get(self, name: str, default: str | None = None) -> str:
        """An attribute.

        Raises:
            Damaged: It isn't there, and has no default.
        """
        value = self.attributes.get(name, default)
        if value is None:
            raise Damaged(f"a {self.name} has no {name}")
        return value

    def number(self, name: str, default: float | None = None) -> float:
        """An attribute that is a finite number.

        Raises:
            Damaged: It isn't.
        """
        if name not in self.attributes and default is not None:
            return default
        return finite(self.get(name), f"{name} of a {self.name}")


def finite(text: str, what: str) -> float:
    """A finite number that is written as a text.

    Raises:
        Damaged: It is none.
    """
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not abs(value) < float("inf"):
        raise Damaged(f"{what} is {text[:40]!r}, no finite number")
    return value


def parse(content: bytes) -> Element:
    """The root element of a document.

    Raises:
        Damaged: It isn't XML, declares a document type, or is nested deeper than `MAXIMUM_DEPTH`.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    top = Element("")
    open_elements = [top]

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(open_elements) > MAXIMUM_DEPTH:
            raise Damaged(f"it is nested more than {MAXIMUM_DEPTH} times")
        element = Element(name.rpartition(" ")[2], attributes)
        open_elements[-1].children.append(element)
        open_elements.append(element)

    def end(_: str) -> None:
        open_elements.pop()

    def data(text: str) -> None:
        if not text.isspace():
            open_elements[-1].text += text

    def refuse(*_: Any) -> None:
        raise Damaged("it declares a document type, which isn't read")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = data
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, LookupError, ValueError) as error:  # an encoding that Python doesn't know, too
        raise Damaged(f"{error}") from None
    return top.children[0]
