"""What a proof found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from serving.golden import DOUBLE


class ProofFailed(Exception):
    """The native answers aren't the estimator's; the message says where, or why it can't be shown."""


@dataclass
class Proof:
    """What was compared, and how closely.

    Attributes:
        rows: Rows that both answered.
        refused: Rows that both refused.
        entries: Table entries compared.
        ties: Rows whose label isn't decided by the bounds: scikit-learn contradicts itself there.
        largest: The largest difference, by field.
        floor: The largest difference of the estimator's batch from its own row by row, by field.
        bound: The largest error bound of a row whose answer is no larger than the data's own are, by field.
    """

    rows: int = 0
    refused: int = 0
    entries: int = 0
    ties: int = 0
    largest: dict[str, float] = field(default_factory=dict)
    floor: dict[str, float] = field(default_factory=dict)
    bound: dict[str, float] = field(default_factory=dict)

    def to_manifest(self) -> dict[str, Any]:
        """As `engines.native.proof` of the manifest."""
        return {
            "rows": self.rows,
            "refused_rows": self.refused,
            "table_entries": self.entries,
            "ties": self.ties,
            "largest_difference": self.largest,
            "scikit_learn_floor": self.floor,
            "tolerance": {name: self._tolerance(name) for name in {**self.bound, **self.floor}},
        }

    def _tolerance(self, name: str) -> list[float]:
        """How far a number of a field may lie from the estimator's wherever the artifact goes, relative, absolute.

        Twice what has been proven, since the rows that were replayed need not hold the worst.
        """
        relative, absolute = DOUBLE
        return [relative, max(absolute, 2 * self.bound.get(name, 0.0), 2 * self.floor.get(name, 0.0))]
