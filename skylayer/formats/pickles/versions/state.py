"""What a rule takes: the state of an estimator, and the version of scikit-learn that wrote it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

State = dict[str, Any]
Version = tuple[int, int]
Rule = Callable[[State, Version], State]
NEWEST: Version = (999, 0)


def version_of(text: str | None) -> Version:
    """Major and minor version; the newest where none is said."""
    found = re.match(r"(\d+)\.(\d+)", text or "")
    return (int(found[1]), int(found[2])) if found else NEWEST
