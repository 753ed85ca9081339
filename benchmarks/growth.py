"""How cold start, memory and latency grow with the number of trees, of columns and of categories.

Growth over rows per request comes with every model; it isn't measured again here.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from benchmarks import data, measure, models, product, variants
from benchmarks.emulator import event
from benchmarks.measure import Place
from benchmarks.settings import CHIEF

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.models import Model
    from benchmarks.samples import Sample
    from benchmarks.settings import Settings

PEERS = ("bare", "sklearn-joblib, arrays", "onnxruntime")
ASK = 1_000


def measure_growth(settings: Settings, state: Path, say: Callable[[str], None]) -> list[Sample]:
    """Take the samples of the series `growth`, each filed at its number of trees, columns or categories."""
    samples: list[Sample] = []
    for over, sizes in settings.growth.items():
        for size in sizes:
            say(f"growth: {size} {over}")
            model = grown(over, size)
            peers = [variants.deploy_peer(p, model, state) for p in variants.PEER_VARIANTS if p.name in PEERS]
            deployed = peers + product.deploy(model, state, say)
            request = event({"instances": data.instances(model.table.ask[:1])})
            batch = event({"instances": data.instances(model.table.ask[:ASK])})
            draw = random.Random(data.SEED)
            for number in range(settings.growth_rounds):
                for deployment in draw.sample(deployed, len(deployed)):
                    say(f"growth: {size} {over}, {deployment.variant}")
                    place = Place(CHIEF, deployment.variant, number, "growth", ((over, size),))
                    batches = {ASK: batch} if deployment.predicts and number == 0 else None
                    samples += measure.cold_start(deployment, request, place, warm=20, batches=batches)
    return samples


def grown(over: str, size: int) -> Model:
    """Fit a forest of that many trees, or one of 50 trees over that many columns or categories a column."""
    if over == "trees":
        return models.fit(CHIEF, trees=size)
    if over == "columns":
        table = data.mixed(ask=ASK, numeric=size - 3, categories=(4, 8, 12))
    else:
        table = data.mixed(ask=ASK, categories=(size,) * 6)
    return models.fit(CHIEF, table, trees=50)
