"""Tests of the model that the template comes with; a fork that serves its own leaves them out."""

from __future__ import annotations

import pytest

from skylayer import project

NAME = "penguins"


def _is_served() -> bool:
    return project.CHAMPION.is_file() and project.CHAMPION.read_text(encoding="utf-8").startswith(f"{NAME}/")


needed = pytest.mark.skipif(not _is_served(), reason=f"is about the model {NAME}, and another is served here")
