"""`rollback`: end a roll-out, or return to the champion before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skylayer.commands import stored
from skylayer.stores import operations

if TYPE_CHECKING:
    import argparse

EXAMPLES = (
    "make rollback",
    "make rollback STORE=s3://my-bucket/models",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the store."""
    stored.add_arguments(parser)


def run(options: argparse.Namespace) -> None:
    """Change the pointer and say what it is now."""
    store = stored.chosen(options)
    pointer = operations.roll_back(store)
    print(f"{stored.described(pointer, store.uri)}.")
    print(stored.live_with(store.uri))
