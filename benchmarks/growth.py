"""How cold start, memory and latency grow with trees, rows in a request, columns and categories."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from benchmarks import data, measure, models, product, variants
from benchmarks.emulator import event
from benchmarks.measure import Place
from benchmarks.packages import UnreachableError
from benchmarks.settings import CHIEF, GROWTH
from benchmarks.variants import NotServedError

if TYPE_CHECKING:
    from benchmarks.models import Model
    from benchmarks.progress import Progress
    from benchmarks.results import Results
    from benchmarks.settings import Settings
    from benchmarks.variants import Deployment
    from benchmarks.workspace import Workspace

# One of each kind: the others grow as scikit-learn on arrays does.
PEERS = ("bare", "sklearn-joblib, arrays", "onnxruntime")
ENGINE = "native"
TREES = 50
WARM = 20


@dataclass(frozen=True)
class Growth:
    """The series `growth`: each sample is filed at its number of trees, rows, columns or categories."""

    settings: Settings
    workspace: Workspace
    progress: Progress
    results: Results

    def measure(self) -> None:
        """Take all samples."""
        for over, sizes in self.settings.growth.items():
            if over == "rows":
                self.progress.say("fitting over rows")
                model = grown("trees", TREES)
                deployed = self._deployed(model)
                for size in sizes:
                    self._rounds(deployed, event(data.asking(model.repeated(size))), over, size)
                continue
            for size in sizes:
                self.progress.say(f"fitting over {over}, {size:,}")
                model = grown(over, size)
                self._rounds(self._deployed(model), event(data.asking(model.repeated(1))), over, size)

    def _deployed(self, model: Model) -> list[Deployment]:
        deployed = []
        for peer in variants.PEER_VARIANTS:
            if peer.name in PEERS:
                try:
                    deployed.append(variants.deploy_peer(peer, model, self.workspace))
                except (UnreachableError, NotServedError) as reason:
                    self.results.skip(model.name, peer.name, str(reason))
        artifact = product.package(model, self.workspace)
        product.engines_of(artifact, native=True)
        return [*deployed, product.deploy(artifact, ENGINE, self.workspace)]

    def _rounds(self, deployed: list[Deployment], request: bytes, over: str, size: int) -> None:
        draw = random.Random(data.SEED)
        for number in range(self.settings.growth_rounds):
            for deployment in draw.sample(deployed, len(deployed)):
                self.progress.say(f"over {over}, {size:,}", deployment.variant)
                place = Place(GROWTH, deployment.variant, number, "growth", ((over, size),))
                self.results.samples += measure.cold_start(deployment, request, place, warm=WARM)


def grown(over: str, size: int) -> Model:
    """Fit a forest of that many trees, or one of 50 trees over that many columns or categories a column."""
    if over == "trees":
        model = models.fit(CHIEF, trees=size)
    elif over == "columns":
        model = models.fit(CHIEF, data.mixed(ask=1_000, numeric=size - 3, categories=(4, 8, 12)), trees=TREES)
    else:
        model = models.fit(CHIEF, data.mixed(ask=1_000, categories=(size,) * 6), trees=TREES)
    return replace(model, name=f"{CHIEF}-{size}-{over}")
