"""One run: deploy every variant of every model, check it, then measure in interleaved rounds."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from benchmarks import allotment, data, environment, growth, measure, models, packages, product, variants
from benchmarks.emulator import Refused, event
from benchmarks.measure import Broken, Place
from benchmarks.results import Results
from benchmarks.settings import CHIEF, FORK, ROWS, Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.models import Model
    from benchmarks.variants import Deployment


def run(settings: Settings, state: Path, say: Callable[[str], None]) -> Results:
    """Measure everything. Raises `Broken` where a variant doesn't answer as it must."""
    results = Results(settings.kind, asdict(settings), environment.describe())
    for name in settings.models:
        say(f"{name}: fitting")
        model = models.fork() if name == FORK else models.fit(name)
        results.models.append(model.description())
        measured = ModelRun(settings, state, say, results, model)
        measured.deploy()
        measured.check()
        measured.rounds()
        if name == CHIEF:
            measured.allotments()
    if settings.growth:
        results.samples += growth.measure_growth(settings, state, say)
    return results


@dataclass
class ModelRun:
    """All that is measured of one model."""

    settings: Settings
    state: Path
    say: Callable[[str], None]
    results: Results
    model: Model

    def __post_init__(self) -> None:
        """Make the requests that every variant gets."""
        self.deployed: list[Deployment] = []
        self.requests = {
            rows: event({"instances": data.instances(self.model.repeated(rows))}) for rows in ROWS
        }

    def deploy(self) -> None:
        """Write the functions of all variants; those that can't be are noted and left out."""
        for peer in variants.PEER_VARIANTS:
            if not peer.compiled and self.model.name != CHIEF:
                continue
            self.say(f"{self.model.name}: {peer.name}")
            try:
                self.deployed.append(variants.deploy_peer(peer, self.model, self.state))
            except (packages.UnreachableError, variants.NotServedError) as reason:
                self.results.skip(self.model.name, peer.name, str(reason))
        self.deployed += product.deploy(self.model, self.state, self.say)

    def check(self) -> None:
        """Start every variant once before anything is timed: its imports, its answers, its sizes.

        This also brings every file into the page cache.
        """
        for deployment in self.deployed:
            self.say(f"{self.model.name}: checking {deployment.variant}")
            found: dict[str, Any] = {
                "model": self.model.name,
                "variant": deployment.variant,
                "size": deployment.size(),
            }
            try:
                measure.check_imports(deployment, self.requests[1])
                if deployment.predicts and not deployment.cold_only:
                    rows = self.settings.agreement_rows
                    found["agreement"] = measure.agreement(deployment, self.model, rows)
            except Refused as refused:
                raise Broken(f"{deployment.variant}, {self.model.name}: {refused}") from refused
            self.results.deployments.append(found)

    def rounds(self) -> None:
        """Give every variant its turn in every round, in an order drawn anew each time."""
        draw = random.Random(data.SEED)
        for number in range(self.settings.rounds):
            for deployment in draw.sample(self.deployed, len(self.deployed)):
                if deployment.cold_only and number >= self.settings.uncompiled_rounds:
                    continue
                self.say(
                    f"{self.model.name}: round {number + 1} of {self.settings.rounds}, {deployment.variant}"
                )
                self._turn(deployment, number)

    def _turn(self, deployment: Deployment, number: int) -> None:
        place = Place(self.model.name, deployment.variant, number)
        request = self.requests[1]
        if deployment.cold_only:
            self.results.samples += measure.cold_start(deployment, request, place)
            return
        batched = number < self.settings.batch_rounds and deployment.predicts
        self.results.samples += measure.cold_start(
            deployment,
            request,
            place,
            warm=self.settings.warm,
            batches=self.requests if batched else None,
        )
        if number < self.settings.split_rounds:
            self.results.samples += measure.split(deployment, request, place)

    def allotments(self) -> None:
        """Measure again with the processor and memory that Lambda gives to each size of function."""
        for megabytes in self.settings.megabytes:
            fitting = [deployment for deployment in self.deployed if not deployment.cold_only]
            for number in range(self.settings.allotment_rounds):
                for deployment in list(fitting):
                    self.say(f"{self.model.name}: {megabytes} MB, {deployment.variant}")
                    try:
                        with allotment.Allotment(megabytes) as group:
                            self._allotted(deployment, number, group)
                    except allotment.Unavailable as unavailable:
                        self.results.skip(self.model.name, "Lambda's CPU and memory", str(unavailable))
                        return
                    except OutOfMemory:
                        fitting.remove(deployment)
                        self.results.skip(
                            self.model.name,
                            f"{deployment.variant}, {megabytes} MB",
                            f"ended by the kernel: it needs more than {megabytes} MB",
                        )

    def _allotted(self, deployment: Deployment, number: int, group: allotment.Allotment) -> None:
        at = (("megabytes", float(group.megabytes)),)
        place = Place(self.model.name, deployment.variant, number, "allotment", at)
        try:
            self.results.samples += measure.cold_start(
                deployment, self.requests[1], place, warm=10, allotment=group
            )
        except Refused as refused:
            if group.killed():
                raise OutOfMemory from None
            raise Broken(f"{deployment.variant}, {group.megabytes} MB: {refused}") from refused


class OutOfMemory(Exception):
    """The kernel ended the runtime."""
