"""Where there is no terminal, each step is a line, and a long one is told again."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from skylayer.commands import progress

if TYPE_CHECKING:
    import pytest


def words(told: str) -> list[str]:
    return [line.partition(" s  ")[2] for line in told.splitlines()]


def test_each_step_is_a_line_and_a_proof_is_four(capsys: pytest.CaptureFixture[str]) -> None:
    notes: list[str] = []
    with progress.shown("Begin", notes.append, quiet=1e6) as told:
        told.step("Fit")
        for part in range(101):
            told.proof(part / 100)
        told.note("Read this.")
    quarters = [f"Replayed {share}% of the rows" for share in (25, 50, 75, 100)]
    assert words(capsys.readouterr().err) == ["Begin", "Fit", *quarters]
    assert notes == ["Read this."]


def test_a_long_step_is_told_again_until_the_next_one_and_no_longer(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = threading.active_count()
    with progress.shown("Begin", print, quiet=0.01) as told:
        told.step("Fit")
        seen: list[str] = []
        while "Fit: still at it" not in seen:
            time.sleep(0.01)
            seen += words(capsys.readouterr().err)
        told.step("Evaluate")
    assert threading.active_count() == before
    seen += words(capsys.readouterr().err)
    assert seen[-1].startswith("Evaluate")
    assert not any(line.startswith("Fit") for line in seen[seen.index("Evaluate") :])
