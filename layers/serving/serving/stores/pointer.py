"""The pointer of a store: which version answers, which others are tried, and which answered before.

As JSON::

    {"format": 1, "champion": "penguins/0123456789abcdef", "previous": ["penguins/…", …],
     "challenger": {"version": "penguins/…", "weight": 0.2, "header": "x-session"}, "shadow": "penguins/…"}

`challenger` and `shadow` are null where there is none. Of `previous` the last one answered last.
"""

from __future__ import annotations

import json
import re
from collections import namedtuple

from serving.artifact import NAME_PATTERN, VERSION_PATTERN
from serving.stores import StoreError

FORMAT = 1
MAX_PREVIOUS = 20
HEADER = "x-session"

_REFERENCE = re.compile(f"{NAME_PATTERN}/{VERSION_PATTERN}")
_HEADER = re.compile(r"[a-z0-9-]{1,64}")

# version: a reference; weight: share of requests, 0 to 1; header: requests with the same value stay together.
Challenger = namedtuple("Challenger", ("version", "weight", "header"))  # noqa: PYI024 (typing costs a cold start)


class Pointer(
    namedtuple("Pointer", ("champion", "challenger", "shadow", "previous"), defaults=(None, None, ()))  # noqa: PYI024
):
    """References, `<name>/<version>`, of the versions that play a part."""

    __slots__ = ()

    @property
    def references(self) -> list[str]:
        """Every version that a function needs, the champion first."""
        challenger = self.challenger.version if self.challenger else None
        return [name for name in dict.fromkeys((self.champion, challenger, self.shadow)) if name]


def parse(content: bytes) -> Pointer:
    """A pointer from its bytes.

    Raises:
        StoreError: It isn't one; the message names the member.
    """
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise StoreError("The store's pointer is not JSON.") from None
    if not isinstance(document, dict) or type(document.get("format")) is not int:
        raise StoreError("The store's pointer has no format number.")
    if document["format"] > FORMAT:
        raise StoreError(f"The store's pointer has format {document['format']}: update Skylayer to read it.")
    previous = document.get("previous", [])
    if not isinstance(previous, list):
        raise StoreError("previous in the store's pointer is not an array.")
    return Pointer(
        champion=_reference("champion", document.get("champion")),
        challenger=_challenger(document.get("challenger")),
        shadow=None if document.get("shadow") is None else _reference("shadow", document["shadow"]),
        previous=tuple(_reference("previous", name) for name in previous),
    )


def write(pointer: Pointer) -> bytes:
    """A pointer's bytes."""
    document = {"format": FORMAT, **pointer._asdict()}
    document["challenger"] = pointer.challenger._asdict() if pointer.challenger else None
    return (json.dumps(document, indent=1) + "\n").encode()


def _challenger(found: object) -> Challenger | None:
    if found is None:
        return None
    if not isinstance(found, dict):
        raise StoreError("challenger in the store's pointer is not an object.")
    weight, header = found.get("weight"), found.get("header", HEADER)
    if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not 0 <= weight <= 1:
        raise StoreError(f"challenger.weight in the store's pointer is {weight!r}, not a number from 0 to 1.")
    if not isinstance(header, str) or not _HEADER.fullmatch(header):
        raise StoreError(
            f"challenger.header in the store's pointer is {header!r}, not a lower-case header name."
        )
    return Challenger(_reference("challenger.version", found.get("version")), float(weight), header)


def _reference(member: str, found: object) -> str:
    if not isinstance(found, str) or not _REFERENCE.fullmatch(found):
        raise StoreError(f"{member} in the store's pointer is {found!r}, not <name>/<version>.")
    return found
