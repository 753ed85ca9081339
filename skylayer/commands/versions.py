"""`versions`: list the versions in a store, and the role of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from skylayer.commands import store_options

if TYPE_CHECKING:
    from serving.stores.pointer import Pointer
    from skylayer.commands.variables import Options

VARIABLES = store_options.VARIABLES
EXAMPLES = (
    "make versions",
    "make versions STORE=s3://my-bucket/models",
)


def run(options: Options) -> None:
    """Print one line a version, the newest first."""
    store = store_options.chosen(options)
    versions = store.versions()
    if not versions:
        print(f"There is no version in {store.uri}: make push puts one there.")
        return
    pointer, _ = store.read_pointer()
    grid = Table(box=None, pad_edge=False)
    for name in ("model", "version", "created", "engine"):
        grid.add_column(name, no_wrap=True)
    grid.add_column("kB", justify="right", no_wrap=True)
    grid.add_column("part", no_wrap=True)
    for version in versions:
        name, _, number = version.reference.partition("/")
        size = f"{version.size / 1000:,.0f}"
        grid.add_row(name, number, version.created, version.engine, size, part(pointer, version.reference))
    Console(width=max(120, Console().width), highlight=False).print(grid)


def part(pointer: Pointer | None, reference: str) -> str:
    """What a version does in the roll-out; empty if nothing."""
    if pointer is None:
        return ""
    parts = ["champion"] if pointer.champion == reference else []
    if pointer.challenger and pointer.challenger.version == reference:
        parts.append(f"challenger {pointer.challenger.weight:.0%}")
    if pointer.shadow == reference:
        parts.append("shadow")
    if not parts and pointer.previous[-1:] == (reference,):
        parts.append("previous")
    return ", ".join(parts)
