"""What a file of any format comes to: an estimator, rows for it, and how it is served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from skylayer.artifact.package import Chooser


@dataclass(frozen=True)
class Source:
    """What was in a file.

    Attributes:
        estimator: Fitted.
        rows: Like those that will be asked for.
        choose: Prepares its engines.
        strict: Whether its columns take no more than the rows have: a network has no engine but the native one,
            which refuses what its layers have no meaning for.
    """

    estimator: Any
    rows: Any
    choose: Chooser
    strict: bool = False
