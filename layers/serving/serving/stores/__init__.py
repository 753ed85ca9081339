"""Where model versions are kept beside the layer: a directory, an object store or a database.

Every place holds the same three kinds of thing, under the same keys::

    artifacts/<name>/<version>/<file>   content of an artifact's files, written once
    versions/<name>/<version>           a small record, written last: a version without one doesn't exist
    pointer                             which version answers; the one thing that is ever replaced

What a running function needs is here: read the pointer, read a file. Writing belongs to build time. Each place
is a module of its own, which `serving.stores.open` imports when its address is used.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Protocol

    class Place(Protocol):
        """What can be read from a store."""

        def read_pointer(self, token: str | None) -> tuple[bytes | None, str | None] | None:
            """The pointer and its token; (None, None) if there is none; None if the token is still its own."""

        def chunks(self, key: str) -> Iterator[bytes]:
            """The content under a key, piece by piece. Raises StoreError if it can't be read."""


LAYER = "layer"
POINTER = "pointer"
SCHEMES = ("file://", "s3://", "dynamodb://")


class StoreError(Exception):
    """A store can't be reached or doesn't hold what it should; one line that says which and what."""


class Missing(StoreError):
    """The store holds nothing under a key."""


def split(uri: str) -> tuple[str, str]:
    """The scheme of a store's address, with `://`, and the rest.

    Raises:
        StoreError: It is not an address of a store.
    """
    for scheme in SCHEMES:
        rest = uri.removeprefix(scheme)
        if rest != uri and rest.strip("/"):
            return scheme, rest
    raise StoreError(
        f"{uri!r} is not a store: use layer, file:///a/directory, s3://bucket/prefix or dynamodb://table."
    )


def artifact_key(reference: str, file: str) -> str:
    """The key of a version's file; `reference` is `<name>/<version>`."""
    return f"artifacts/{reference}/{file}"
