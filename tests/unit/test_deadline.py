"""One deadline around all that is asked of a store."""

from __future__ import annotations

import threading
import time

import pytest

from serving.stores import StoreError
from serving.stores.deadline import within

LONG = 60.0


def test_what_comes_in_time_is_returned_or_raised() -> None:
    assert within(LONG, lambda: "found") == "found"
    assert within(LONG, lambda: None) is None
    with pytest.raises(ValueError, match="invalid literal"):
        within(LONG, lambda: int("no number"))


def test_what_takes_too_long_is_given_up_and_its_thread_ends() -> None:
    started, ended = threading.Event(), threading.Event()
    seen: list[threading.Thread] = []

    def drip() -> None:
        seen.append(threading.current_thread())
        started.set()
        try:
            while True:
                time.sleep(0.001)
        finally:
            ended.set()

    with pytest.raises(StoreError, match=r"^the store takes longer than 0\.25 s: it was not waited for\.$"):
        within(0.25, drip)
    assert started.is_set()
    assert ended.wait(LONG)
    (thread,) = seen
    thread.join(LONG)
    assert not thread.is_alive()
    assert thread.name == "store"
    assert thread.daemon  # a function that ends does not wait for it
