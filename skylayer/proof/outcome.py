"""What a proof found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from serving.golden import DOUBLE

DIFFERING = 0.01


class ProofFailed(Exception):
    """The native answers aren't the estimator's; the message says where, or why it can't be shown."""


@dataclass
class Tally:
    """Rows of one kind that were asked for.

    Attributes:
        rows: Rows that were answered, by one side at least.
        ties: Those that the error bounds leave undecided: scikit-learn's own rounding decides them, and it rounds
            otherwise on another processor or in another batch.
        differing: Ties that came out differently. A row that isn't a tie never does: the proof fails there.
    """

    rows: int = 0
    ties: int = 0
    differing: int = 0

    def check_share(self, what: str) -> None:
        """Refuse rows of which more ties came out differently than DIFFERING allows.

        Only those that differ count: a tie that comes out equal was compared like any other row. One in a hundred is
        what an evaluation can't see: the share of right answers on 2,500 rows has a standard error of up to 1%. One
        row alone is always allowed, so that a small table doesn't decide by a single tie.

        Raises:
            ProofFailed: There are too many.
        """
        if self.differing > max(DIFFERING * self.rows, 1):
            raise ProofFailed(
                f"{self.differing:,} of {self.rows:,} rows of {what} come out differently: they lie closer to a "
                "split or decision than what scikit-learn's own rounding leaves uncertain"
            )


@dataclass
class Proof:
    """What was compared, and how closely.

    Attributes:
        tallies: Rows that were answered, by their kind.
        refused: Rows that both refused.
        entries: Table entries compared.
        largest: The largest difference, by field.
        floor: The largest difference of the estimator's batch from its own row by row, by field.
        bound: The largest error bound of a row whose answer is no larger than the data's own are, by field.
    """

    tallies: dict[str, Tally] = field(default_factory=dict)
    refused: int = 0
    entries: int = 0
    largest: dict[str, float] = field(default_factory=dict)
    floor: dict[str, float] = field(default_factory=dict)
    bound: dict[str, float] = field(default_factory=dict)

    def tally(self, what: str) -> Tally:
        """The count of rows of a kind, which starts at nothing."""
        return self.tallies.setdefault(what, Tally())

    @property
    def rows(self) -> int:
        """Rows that were answered."""
        return sum(tally.rows for tally in self.tallies.values())

    @property
    def ties(self) -> int:
        """Rows that the error bounds leave undecided."""
        return sum(tally.ties for tally in self.tallies.values())

    @property
    def differing(self) -> int:
        """Ties that came out differently."""
        return sum(tally.differing for tally in self.tallies.values())

    @property
    def decided(self) -> int:
        """Rows whose answers had to be equal, and were."""
        return self.rows - self.ties

    def to_manifest(self) -> dict[str, Any]:
        """As `engines.native.proof` of the manifest."""
        return {
            "rows": self.rows,
            "refused_rows": self.refused,
            "table_entries": self.entries,
            "ties": self.ties,
            "differing_ties": self.differing,
            "largest_difference": self.largest,
            "scikit_learn_floor": self.floor,
            "tolerance": {name: self._tolerance(name) for name in {**self.bound, **self.floor}},
        }

    def __str__(self) -> str:
        """One sentence for the manifest and the card, without a full stop."""
        return self.told("scikit-learn")

    def told(self, reference: str) -> str:
        """The same of another reference."""
        if not self.ties:
            return f"{self.rows:,} rows were answered as {reference} does"
        return (
            f"{self.decided:,} rows were answered as {reference} does; {self.ties:,} more are ties, decided by "
            f"{reference}'s own rounding: {self.ties - self.differing:,} came out equal"
        )

    def _tolerance(self, name: str) -> list[float]:
        """How far a number of a field may lie from the estimator's wherever the artifact goes, relative, absolute.

        Twice what has been proven, since the rows that were replayed need not hold the worst.
        """
        relative, absolute = DOUBLE
        return [relative, max(absolute, 2 * self.bound.get(name, 0.0), 2 * self.floor.get(name, 0.0))]
