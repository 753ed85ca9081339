"""`cd tests && python -m peers`: write the table of what clients send and get into docs/call.md."""

from __future__ import annotations

from peers.table import PAGE, rewritten

if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
