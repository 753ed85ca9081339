"""`rollback`: end a roll-out, or return to the previous champion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skylayer.commands import store_options
from skylayer.stores import rollouts

if TYPE_CHECKING:
    from skylayer.commands.variables import Options

VARIABLES = store_options.VARIABLES
EXAMPLES = (
    "make rollback",
    "make rollback STORE=s3://my-bucket/models",
)


def run(options: Options) -> None:
    """Change the pointer and say what it is now."""
    store = store_options.chosen(options)
    pointer = rollouts.roll_back(store)
    print(f"{store_options.described(pointer, store.uri)}.")
    print(store_options.live_with(store.uri))
