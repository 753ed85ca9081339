"""The table of docs/call.md says what other servers' clients get."""

from __future__ import annotations

from peers.table import PAGE, table, written


def test_the_page_says_what_clients_get() -> None:
    assert written(PAGE.read_text(encoding="utf-8")) == table(), "run python -m peers in tests/"
