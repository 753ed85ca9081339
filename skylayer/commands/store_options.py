"""What the verbs on a store share: its address, whose AWS it is in, and how a pointer reads."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from skylayer import project
from skylayer.aws import emulator
from skylayer.commands.variables import Variable, switch
from skylayer.errors import UserError
from skylayer.stores import open_store

if TYPE_CHECKING:
    from serving.stores.pointer import Pointer
    from skylayer.commands.variables import Options
    from skylayer.stores.interface import Store


VARIABLES = (
    Variable("STORE", "layer (default), file://…, s3://bucket/prefix or dynamodb://table", default="layer"),
    Variable("LOCAL", "1: in the emulator that make up started", switch, False),
)


def chosen(options: Options, *, create: bool = False) -> Store:
    """The store that the options mean. Raises UserError if it can't be."""
    if options.local:
        running = emulator.running(project.STATE / "emulator")
        if running is None:
            raise UserError("LOCAL=1 means the emulator, and none runs here: make up starts it.")
        os.environ.update(running.environment)
    return open_store(options.store, create=create)


def described(pointer: Pointer, uri: str) -> str:
    """A pointer in one line."""
    parts = [f"{pointer.champion} is the champion in {uri}"]
    if pointer.challenger:
        share = f"{pointer.challenger.weight:.0%}"
        parts.append(f"{pointer.challenger.version} answers {share}, by {pointer.challenger.header}")
    if pointer.shadow:
        parts.append(f"{pointer.shadow} is its shadow")
    return "; ".join(parts)


def live_with(uri: str) -> str:
    """When a change of the pointer becomes visible."""
    if uri == "layer":
        return "It goes live with the next make up or make deploy."
    return "Functions that follow this store answer with it within their StoreSeconds."
