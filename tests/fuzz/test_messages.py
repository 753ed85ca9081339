"""The runtime loop against damaged answers of the Runtime API: a bounded sample of `make fuzz`."""

from __future__ import annotations

import platform
import sys

import pytest

from fuzz import messages

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in {"x86_64", "aarch64"},
    reason="Lambda's own machines alone",
)


def test_three_hundred_damaged_answers_are_survived_or_end_it_in_order() -> None:
    survived, ended = messages.attack(300, seed=1)
    assert survived > 200
    assert ended > 3
