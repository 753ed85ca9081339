"""What a proof found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


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
    """

    rows: int = 0
    refused: int = 0
    entries: int = 0
    ties: int = 0
    largest: dict[str, float] = field(default_factory=dict)
    floor: dict[str, float] = field(default_factory=dict)

    def to_manifest(self) -> dict[str, Any]:
        """As `engines.native.proof` of the manifest."""
        return {
            "rows": self.rows,
            "refused_rows": self.refused,
            "table_entries": self.entries,
            "ties": self.ties,
            "largest_difference": self.largest,
            "scikit_learn_floor": self.floor,
        }
