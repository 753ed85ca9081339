"""When the pointer is read again: after the seconds, and after a failure later each time."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from serving import hot_swap
from serving.hot_swap import HotSwap

if TYPE_CHECKING:
    from pathlib import Path

SHIPPED: Any = SimpleNamespace(reference={"name": "penguins", "version": "0123"})


class Scripted:
    """A store whose pointer is read with these results in turn: an error, or nothing new."""

    def __init__(self, *results: Exception | None) -> None:
        self.results = list(results)

    def read_pointer(self, _: str | None) -> None:
        result = self.results.pop(0)
        if result is not None:
            raise result


def delays(
    monkeypatch: pytest.MonkeyPatch, home: Path, seconds: float, *results: Exception | None
) -> list[float]:
    """Seconds from each read of the pointer to the next one."""
    clock = [1000.0]
    store = Scripted(*results)
    monkeypatch.setattr(hot_swap, "open_place", lambda *_: store)
    monkeypatch.setattr(hot_swap, "monotonic", lambda: clock[0])
    swap, found = HotSwap(SHIPPED, "file:///nowhere", seconds, str(home)), []
    while store.results:
        left, start = len(store.results), clock[0]
        while len(store.results) == left:
            clock[0] += seconds / 8
            assert swap.current() is SHIPPED
        found.append(clock[0] - start)
    return found


BROKEN = OSError("the store is slow")


@pytest.mark.parametrize(
    ("seconds", "results", "wanted"),
    [
        (32.0, [None, None, None], [32.0, 32.0]),
        (32.0, [BROKEN] * 7, [32.0, 64.0, 128.0, 256.0, 300.0, 300.0]),
        (32.0, [BROKEN, BROKEN, None, BROKEN, BROKEN, None], [32.0, 64.0, 32.0, 32.0, 64.0]),
        (1024.0, [BROKEN] * 3, [1024.0, 1024.0]),
    ],
    ids=["a store that answers", "a broken one", "one that recovers", "seconds beyond the longest delay"],
)
def test_a_broken_store_is_left_alone_for_longer_each_time(
    seconds: float, results: list[Any], wanted: list[float], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = delays(monkeypatch, tmp_path, seconds, *results)
    assert len(found) == len(wanted)
    for delay, exact in zip(found, wanted, strict=True):
        assert exact <= delay < exact + seconds / 8


def test_a_delay_of_short_seconds_ends_at_two_to_the_sixteenth_of_them(tmp_path: Path) -> None:
    swap = HotSwap(SHIPPED, f"file://{tmp_path}", 2.0**-16, str(tmp_path))
    for failures, wanted in ((0, 2.0**-16), (1, 2.0**-16), (2, 2.0**-15), (17, 1.0), (18, 1.0), (1000, 1.0)):
        swap._failures = failures  # noqa: SLF001 - a thousand failures take long to come about
        assert swap._delay() == wanted  # noqa: SLF001
