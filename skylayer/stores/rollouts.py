"""Promote, roll back, prune: each a decision on the pointer, then one conditional write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serving.stores.pointer import MAX_PREVIOUS, Challenger, Pointer
from skylayer.artifact.drafts import UNFINISHED
from skylayer.errors import UserError
from skylayer.stores.interface import Conflict

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from skylayer.stores.interface import Store, Version


def resolve(text: str, versions: list[Version]) -> str:
    """The one version that a user means by `<name>/<version>`, a version, or the beginning of one.

    Raises:
        UserError: None or several fit.
    """
    found = [
        version.reference
        for version in versions
        if version.reference == text or version.reference.partition("/")[2].startswith(text)
    ]
    exact = [reference for reference in found if reference == text]
    if len(exact or found) == 1:
        return (exact or found)[0]
    if not found:
        raise UserError(f"There is no version {text} here: make versions lists what there is.")
    raise UserError(f"{text} may be {' or '.join(sorted(found))}: give more of it.")


def promote(store: Store, reference: str) -> Pointer:
    """Make a version the champion; challenger and shadow end. Raises UserError if another was quicker."""
    return _change(store, reference, lambda pointer: promoted(pointer, reference))


def challenge(store: Store, reference: str, weight: float, header: str) -> Pointer:
    """Give a version a share of the requests."""
    return _change(store, reference, lambda pointer: challenged(pointer, reference, weight, header))


def set_shadow(store: Store, reference: str) -> Pointer:
    """Let a version score what the champion answers."""
    return _change(store, reference, lambda pointer: shadowed(pointer, reference))


def roll_back(store: Store) -> Pointer:
    """End a roll-out, or else return to the champion before."""
    return _change(store, None, rolled_back)


def prune(store: Store, keep: int) -> list[str]:
    """Remove all but the newest versions and those that the pointer names; what was removed.

    `previous` in the pointer keeps its last one, so that one rollback is always possible.
    """
    pointer, _ = store.read_pointer()
    gone = prunable(store.versions(), pointer, keep)
    for reference in gone:
        store.remove(reference)
    return gone


def sweep(store: Store, now: datetime) -> list[str]:
    """Remove what pushes left that began an hour ago or earlier and never ended; what they were of."""
    return store.sweep(now - UNFINISHED)


def promoted(pointer: Pointer | None, reference: str) -> Pointer:
    """The pointer with another champion."""
    if pointer is None:
        return Pointer(reference)
    if pointer.champion == reference:
        return Pointer(reference, previous=pointer.previous)
    return Pointer(reference, previous=(*pointer.previous, pointer.champion)[-MAX_PREVIOUS:])


def challenged(pointer: Pointer | None, reference: str, weight: float, header: str) -> Pointer:
    """The pointer with a challenger."""
    pointer = _with_champion(pointer, reference)
    return pointer._replace(challenger=Challenger(reference, weight, header))


def shadowed(pointer: Pointer | None, reference: str) -> Pointer:
    """The pointer with a shadow."""
    return _with_champion(pointer, reference)._replace(shadow=reference)


def rolled_back(pointer: Pointer | None) -> Pointer:
    """The pointer without challenger and shadow if it has one, else with the champion before."""
    if pointer is None:
        raise UserError("Nothing was promoted here, so there is nothing to roll back.")
    if pointer.challenger or pointer.shadow:
        return pointer._replace(challenger=None, shadow=None)
    if not pointer.previous:
        raise UserError(f"{pointer.champion} is the first champion here: there is none before it.")
    return Pointer(pointer.previous[-1], previous=pointer.previous[:-1])


def prunable(versions: list[Version], pointer: Pointer | None, keep: int) -> list[str]:
    """What may go: neither among the newest nor named by the pointer. `versions` has the newest first."""
    needed = {*pointer.references, *pointer.previous[-1:]} if pointer else set()
    return [version.reference for version in versions[keep:] if version.reference not in needed]


def _with_champion(pointer: Pointer | None, reference: str) -> Pointer:
    if pointer is None:
        raise UserError("There is no champion to compare with: make promote VERSION=… first.")
    if pointer.champion == reference:
        raise UserError(f"{reference} is the champion already.")
    return pointer


def _change(store: Store, reference: str | None, decide: Callable[[Pointer | None], Pointer]) -> Pointer:
    pointer, token = store.read_pointer()
    changed = decide(pointer)
    missing = [name for name in changed.references if not store.has(name)]
    if missing:
        raise UserError(f"{missing[0]} is not in {store.uri}: make push STORE={store.uri} first.")
    if changed == pointer:
        return changed
    try:
        store.replace_pointer(changed, token)
    except Conflict:
        now, _ = store.read_pointer()
        champion = now.champion if now else "nothing"
        raise UserError(
            f"Somebody else was quicker and {champion} is the champion now: nothing was changed."
        ) from None
    if reference is not None and not store.has(reference):
        raise UserError(f"{reference} was pruned at the same moment: make rollback, or push it again.")
    return changed
