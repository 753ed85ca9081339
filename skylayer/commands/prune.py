"""`prune`: remove old versions from a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skylayer.commands import stored
from skylayer.errors import UserError
from skylayer.stores import operations

if TYPE_CHECKING:
    import argparse

EXAMPLES = (
    "make prune KEEP=5",
    "make prune STORE=s3://my-bucket/models KEEP=5",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the store and how many stay."""
    stored.add_arguments(parser)
    parser.add_argument("keep", help="how many of the newest versions stay")


def run(options: argparse.Namespace) -> None:
    """Remove, and name what went."""
    if not options.keep.isdigit() or int(options.keep) < 1:
        raise UserError(f"KEEP is {options.keep!r}; it must be a number from 1: how many versions stay.")
    store = stored.chosen(options)
    gone = operations.prune(store, int(options.keep))
    for reference in gone:
        print(f"Removed {reference}")
    if not gone:
        print("Nothing to remove.")
