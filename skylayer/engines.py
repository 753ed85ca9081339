"""Which engine serves an estimator, and why."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from serving.artifact import SOURCE
from skylayer.dependencies import dependencies_of
from skylayer.serialization import to_bytes

if TYPE_CHECKING:
    from skylayer.schema import Schema

ESTIMATOR = "estimator.joblib"


@dataclass
class Engines:
    """The engines that can serve an estimator, and the one that will.

    Attributes:
        chosen: One of `serving.artifact.ENGINES`.
        reason: One sentence for the manifest: why this one.
        entries: The manifest's `engines`.
        files: Content of each file that the engines read.
    """

    chosen: str
    reason: str
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)


def choose(estimator: Any, schema: Schema) -> Engines:
    """Prepare each engine that can serve a fitted estimator, and choose the best.

    Raises:
        UserError: The estimator can't be serialized, or needs what can't be shipped.
    """
    content = to_bytes(estimator)
    needed = dependencies_of(estimator, schema.container)
    return Engines(
        chosen="sklearn",
        reason="scikit-learn itself serves every estimator.",
        entries={
            "sklearn": {
                "file": ESTIMATOR,
                "requirements": needed.requirements,
                "python": f"{sys.version_info.major}.{sys.version_info.minor}",
            }
        },
        files={ESTIMATOR: content} | {f"{SOURCE}/{name}": text for name, text in needed.sources.items()},
    )
