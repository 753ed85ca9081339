"""How much is measured, and how long that may take: the quick run under three minutes, the full one under 25."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Self

ROWS = (1, 10, 100, 1_000, 10_000)
# The pipeline on which everything is measured that would take too long on all of them.
CHIEF = "forest"
FORK = "training"
# Sections of a run besides its pipelines.
PACKAGES = "packages"
SHARES = "Lambda's shares"
GROWTH = "growth"


@dataclass(frozen=True)
class Settings:
    """Rounds, and what is measured in how many of them.

    `seconds` is the budget: what each section takes on a quiet machine of two cores whose uv has the packages
    in its cache.
    """

    kind: str
    models: tuple[str, ...]
    rounds: int
    warm: int
    uncompiled_rounds: int
    split_rounds: int
    batch_rounds: int
    agreement_rows: int
    seconds: dict[str, int]
    megabytes: tuple[int, ...] = ()
    share_rounds: int = 0
    growth: dict[str, tuple[int, ...]] = field(default_factory=dict)
    growth_rounds: int = 0

    @property
    def sections(self) -> tuple[str, ...]:
        """Name what a run goes through."""
        shares = [SHARES] if self.megabytes and CHIEF in self.models else []
        return (PACKAGES, *self.models, *shares, *([GROWTH] if self.growth else []))

    @property
    def budget(self) -> dict[str, int]:
        """Give the seconds of each section of this run."""
        return {section: self.seconds[section] for section in self.sections}

    def only(self, models: tuple[str, ...]) -> Self:
        """Choose pipelines; without growth."""
        return replace(self, kind=f"{self.kind} of {','.join(models)}", models=models, growth={})


QUICK = Settings(
    kind="quick",
    models=("logistic-regression", "forest"),
    rounds=3,
    warm=30,
    uncompiled_rounds=1,
    split_rounds=1,
    batch_rounds=1,
    agreement_rows=1_000,
    seconds={
        PACKAGES: 25,
        "logistic-regression": 42,
        "forest": 68,
        "hist-gradient-boosting": 50,
        "mlp": 45,
        "text": 50,
        FORK: 40,
    },
)
FULL = Settings(
    kind="full",
    models=("logistic-regression", "forest", "hist-gradient-boosting", "mlp", "text", FORK),
    rounds=10,
    warm=100,
    uncompiled_rounds=10,
    split_rounds=5,
    batch_rounds=5,
    agreement_rows=10_000,
    megabytes=(128, 512, 1_769),
    share_rounds=2,
    growth={
        "trees": (20, 100, 500),
        "rows": (1, 100, 1_000, 10_000),
        "columns": (5, 20, 100),
        "categories": (10, 100, 1_000),
    },
    growth_rounds=3,
    seconds={
        PACKAGES: 25,
        "logistic-regression": 125,
        "forest": 270,
        SHARES: 100,
        "hist-gradient-boosting": 145,
        "mlp": 130,
        "text": 145,
        FORK: 70,
        GROWTH: 180,
    },
)
