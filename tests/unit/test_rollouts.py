"""Promote, challenge, shadow, roll back, prune: what each makes of a pointer, and what it refuses."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from serving.stores.pointer import Challenger, Pointer
from skylayer.errors import UserError
from skylayer.stores import rollouts
from skylayer.stores.interface import Conflict, Version

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

A, B, C, D = (f"birds/{digit * 16}" for digit in "abcd")
SHARE = Challenger(B, 0.2, "x-session")


def version(reference: str) -> Version:
    return Version(reference, "2026-01-01T00:00:00Z", "native", 1, "2026-01-01T00:00:00Z")


@dataclasses.dataclass
class Memory:
    """A store of references alone; `meanwhile` is what another client does before each write."""

    there: list[str]
    pointer: Pointer | None = None
    token: int = 0
    meanwhile: Callable[[Memory], None] = lambda _: None
    uri: str = "file:///models"

    def push(self, folder: Path, progress: Callable[[int], None]) -> bool:
        raise NotImplementedError

    def sweep(self, before: datetime) -> list[str]:
        raise NotImplementedError

    def versions(self) -> list[Version]:
        return [version(reference) for reference in self.there]

    def has(self, reference: str) -> bool:
        return reference in self.there

    def read_pointer(self) -> tuple[Pointer | None, str | None]:
        return self.pointer, str(self.token)

    def replace_pointer(self, pointer: Pointer, token: str | None) -> None:
        self.meanwhile(self)
        if token != str(self.token):
            raise Conflict
        self.pointer, self.token = pointer, self.token + 1

    def remove(self, reference: str) -> None:
        self.there.remove(reference)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, Pointer(B)),
        (Pointer(A), Pointer(B, previous=(A,))),
        (Pointer(A, SHARE, C, (D,)), Pointer(B, previous=(D, A))),
        (Pointer(B, Challenger(A, 1.0, "x"), C, (D,)), Pointer(B, previous=(D,))),
    ],
    ids=["first", "second", "ends-a-roll-out", "again"],
)
def test_a_promoted_version_answers_alone(before: Pointer | None, after: Pointer) -> None:
    assert rollouts.promoted(before, B) == after


def test_only_so_many_champions_are_remembered() -> None:
    old = tuple(f"birds/{i:016x}" for i in range(20))
    assert rollouts.promoted(Pointer(A, previous=old), B).previous == (*old[1:], A)


def test_a_challenger_replaces_the_one_before_and_keeps_the_shadow() -> None:
    pointer = Pointer(A, Challenger(D, 1.0, "x"), C, (D,))
    assert rollouts.challenged(pointer, B, 0.2, "x-session") == Pointer(A, SHARE, C, (D,))
    assert rollouts.shadowed(pointer, B) == Pointer(A, Challenger(D, 1.0, "x"), B, (D,))


def test_there_must_be_another_champion_to_compare_with() -> None:
    with pytest.raises(UserError, match="no champion to compare with"):
        rollouts.challenged(None, B, 0.2, "x")
    with pytest.raises(UserError, match="no champion to compare with"):
        rollouts.shadowed(None, B)
    with pytest.raises(UserError, match="is the champion already"):
        rollouts.shadowed(Pointer(B), B)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Pointer(A, SHARE, C, (D,)), Pointer(A, previous=(D,))),
        (Pointer(A, SHARE), Pointer(A)),
        (Pointer(A, None, C, (D,)), Pointer(A, previous=(D,))),
        (Pointer(A, previous=(C, D)), Pointer(D, previous=(C,))),
    ],
    ids=["both", "challenger", "shadow", "champion-before"],
)
def test_rolling_back_ends_a_roll_out_first(before: Pointer, after: Pointer) -> None:
    assert rollouts.rolled_back(before) == after


def test_without_an_earlier_champion_there_is_nothing_to_roll_back() -> None:
    with pytest.raises(UserError, match="Nothing was promoted"):
        rollouts.rolled_back(None)
    with pytest.raises(UserError, match="is the first champion"):
        rollouts.rolled_back(Pointer(A))


@pytest.mark.parametrize(
    ("pointer", "keep", "gone"),
    [
        (None, 1, [B, C, D]),
        (None, 4, []),
        (Pointer(D), 1, [B, C]),
        (Pointer(A, Challenger(C, 0.5, "x"), D), 0, [B]),
        (Pointer(A, previous=(C, D)), 0, [B, C]),
    ],
    ids=["newest", "all-kept", "champion", "roll-out", "last-champion"],
)
def test_what_is_in_use_is_not_pruned(pointer: Pointer | None, keep: int, gone: list[str]) -> None:
    assert rollouts.prunable([version(name) for name in (A, B, C, D)], pointer, keep) == gone
    store = Memory([A, B, C, D], pointer)
    assert rollouts.prune(store, keep) == gone
    assert store.there == [name for name in (A, B, C, D) if name not in gone]


@pytest.mark.parametrize("text", [A, "a" * 16, "a", "aaaa"])
def test_a_version_is_named_by_its_beginning(text: str) -> None:
    assert rollouts.resolve(text, [version(A), version(B)]) == A


def test_a_name_that_fits_none_or_several_is_refused() -> None:
    twins = [version("birds/" + "a" * 16), version("wine/" + "a" * 16)]
    with pytest.raises(UserError, match="There is no version c here"):
        rollouts.resolve("c", twins)
    with pytest.raises(UserError, match=r"a may be birds/a+ or wine/a+: give more of it"):
        rollouts.resolve("a", twins)
    assert rollouts.resolve("wine/" + "a" * 16, twins) == "wine/" + "a" * 16


def test_what_the_store_lacks_is_not_promoted() -> None:
    store = Memory([A])
    with pytest.raises(UserError, match=r"is not in file:///models: make push"):
        rollouts.promote(store, B)
    assert store.pointer is None


def test_a_change_that_changes_nothing_is_not_written() -> None:
    store = Memory([A], Pointer(A))
    assert rollouts.promote(store, A) == Pointer(A)
    assert store.token == 0


def test_of_two_clients_the_second_is_told() -> None:
    def other(store: Memory) -> None:
        store.pointer, store.token = Pointer(C), 7

    store = Memory([A, B, C], Pointer(A), meanwhile=other)
    with pytest.raises(UserError, match=f"{C} is the champion now: nothing was changed"):
        rollouts.promote(store, B)
    assert store.pointer == Pointer(C)


def test_a_version_that_was_pruned_at_the_same_moment_is_told() -> None:
    store = Memory([A, B], Pointer(A), meanwhile=lambda store: store.there.remove(B))
    with pytest.raises(UserError, match="was pruned at the same moment"):
        rollouts.promote(store, B)


def test_every_roll_out_goes_to_the_store() -> None:
    store = Memory([A, B, C], Pointer(A))
    assert rollouts.challenge(store, B, 0.2, "x-session") == store.pointer == Pointer(A, SHARE)
    assert rollouts.set_shadow(store, C) == store.pointer == Pointer(A, SHARE, C)
    assert rollouts.roll_back(store) == store.pointer == Pointer(A)
