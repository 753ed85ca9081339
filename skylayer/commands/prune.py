"""`prune`: remove old versions from a store, and what unfinished pushes left there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from skylayer.commands import store_options
from skylayer.errors import UserError
from skylayer.stores import rollouts

if TYPE_CHECKING:
    import argparse

EXAMPLES = (
    "make prune KEEP=5",
    "make prune STORE=s3://my-bucket/models KEEP=5",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the store and how many stay."""
    store_options.add_arguments(parser)
    parser.add_argument("keep", help="how many of the newest versions stay")


def run(options: argparse.Namespace) -> None:
    """Remove, and name what went."""
    if not options.keep.isdigit() or int(options.keep) < 1:
        raise UserError(f"KEEP is {options.keep!r}; it must be a number from 1: how many versions stay.")
    store = store_options.chosen(options)
    gone = rollouts.prune(store, int(options.keep))
    for reference in gone:
        print(f"Removed {reference}")
    swept = rollouts.sweep(store, datetime.now(UTC))
    for reference in swept:
        print(f"Removed what an unfinished push left of {reference}")
    if not gone and not swept:
        print("Nothing to remove.")
