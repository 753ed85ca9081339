"""`prune`: remove old versions from a store, and the files of interrupted pushes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from skylayer.commands import store_options
from skylayer.commands.variables import Variable, whole
from skylayer.stores import rollouts

if TYPE_CHECKING:
    from skylayer.commands.variables import Options

VARIABLES = (
    Variable("KEEP", "number of the newest versions to keep", whole, required=True),
    *store_options.VARIABLES,
)
EXAMPLES = (
    "make prune KEEP=5",
    "make prune STORE=s3://my-bucket/models KEEP=5",
)


def run(options: Options) -> None:
    """Remove, and name what went."""
    store = store_options.chosen(options)
    gone = rollouts.prune(store, options.keep)
    for reference in gone:
        print(f"Removed {reference}")
    swept = rollouts.sweep(store, datetime.now(UTC))
    for reference in swept:
        print(f"Removed what an unfinished push left of {reference}")
    if not gone and not swept:
        print("Nothing to remove.")
