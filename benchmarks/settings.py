"""How long a run takes: the quick one under three minutes, the full one, for the page, under 25."""

from __future__ import annotations

from dataclasses import dataclass, field

ROWS = (1, 10, 100, 1_000, 10_000)
# The pipeline on which everything is measured that would take too long on all of them.
CHIEF = "forest"
FORK = "training"


@dataclass(frozen=True)
class Settings:
    """Rounds, and what is measured in how many of them."""

    kind: str
    models: tuple[str, ...]
    rounds: int
    warm: int
    uncompiled_rounds: int
    split_rounds: int
    batch_rounds: int
    agreement_rows: int
    megabytes: tuple[int, ...] = ()
    allotment_rounds: int = 0
    growth: dict[str, tuple[int, ...]] = field(default_factory=dict)
    growth_rounds: int = 0


QUICK = Settings(
    kind="quick",
    models=("logistic-regression", "forest"),
    rounds=3,
    warm=30,
    uncompiled_rounds=1,
    split_rounds=1,
    batch_rounds=1,
    agreement_rows=1_000,
)
FULL = Settings(
    kind="full",
    models=("logistic-regression", "forest", "hist-gradient-boosting", "mlp", "text", FORK),
    rounds=10,
    warm=100,
    uncompiled_rounds=10,
    split_rounds=3,
    batch_rounds=3,
    agreement_rows=10_000,
    megabytes=(128, 512, 1_769),
    allotment_rounds=2,
    growth={"trees": (20, 50, 200, 500), "columns": (5, 20, 100), "categories": (10, 100, 1_000)},
    growth_rounds=3,
)
