"""One run: deploy every variant of every model, check it, then measure in interleaved rounds."""

from __future__ import annotations

import os
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from threadpoolctl import threadpool_limits

from benchmarks import data, environment, measure, models, product, variants, wrapped
from benchmarks.allotment import Allotment, Unavailable
from benchmarks.checks import Broken, Expected, check
from benchmarks.emulator import Refused, event
from benchmarks.growth import Growth
from benchmarks.measure import Place
from benchmarks.packages import UnreachableError
from benchmarks.results import Results
from benchmarks.settings import CHIEF, FORK, GROWTH, PACKAGES, ROWS, SHARES, Settings

if TYPE_CHECKING:
    from benchmarks.models import Model
    from benchmarks.progress import Progress
    from benchmarks.variants import Deployment
    from benchmarks.workspace import Workspace

# The handler alone is measured with these numbers of rows.
HANDLER_ROWS = (1, 1_000)


def run(settings: Settings, workspace: Workspace, progress: Progress) -> Results:
    """Measure everything.

    Raises `Broken` where a variant doesn't answer as it must, `UnreachableError` without the runtime client.
    """
    workspace.installer.install(variants.CLIENT)
    # A fit is short here: a team of threads that waits for a busy processor takes many times as long.
    with threadpool_limits(limits=1):
        return _run(settings, workspace, progress)


def _run(settings: Settings, workspace: Workspace, progress: Progress) -> Results:
    results = Results(settings.kind, asdict(settings), environment.describe())
    for number, name in enumerate(settings.models):
        # Whichever pipeline comes first also installs the packages of all.
        progress.section(name if number else PACKAGES)
        progress.say("fitting")
        model = models.fork() if name == FORK else models.fit(name)
        results.models.append(model.description())
        measured = ModelRun(settings, workspace, progress, results, model)
        measured.deploy()
        if not number:
            progress.section(name)
        measured.check()
        measured.rounds()
        if name == CHIEF and settings.megabytes:
            progress.section(SHARES)
            measured.shares()
    if settings.growth:
        progress.section(GROWTH)
        Growth(settings, workspace, progress, results).measure()
    return results


@dataclass
class ModelRun:
    """All that is measured of one model."""

    settings: Settings
    workspace: Workspace
    progress: Progress
    results: Results
    model: Model
    deployed: list[Deployment] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make the requests that every variant gets."""
        self.requests = {rows: event(data.asking(self.model.repeated(rows))) for rows in ROWS}

    def deploy(self) -> None:
        """Write the functions of all variants; those that can't be are noted and left out."""
        self.progress.say("packaging")
        artifact = product.package(self.model, self.workspace)
        ours = []
        for engine in product.engines_of(artifact, native=self.model.name != FORK):
            self.progress.say(f"building skylayer, {engine}")
            try:
                ours.append(product.deploy(artifact, engine, self.workspace))
                if engine == "native" and (looped := wrapped.with_runtime_loop(ours[-1])):
                    ours.append(looped)
            except UnreachableError as reason:
                self.results.skip(self.model.name, f"skylayer, {engine}", str(reason))
        for peer in variants.PEER_VARIANTS:
            if not peer.compiled and self.model.name != CHIEF:
                continue
            self.progress.say(f"laying {peer.name}")
            try:
                self.deployed.append(variants.deploy_peer(peer, self.model, self.workspace))
            except (UnreachableError, variants.NotServedError) as reason:
                self.results.skip(self.model.name, peer.name, str(reason))
        self.deployed += [wrapped.constant(self.workspace), *ours]

    def check(self) -> None:
        """Start every variant once before anything is timed: its imports, its answers, its sizes.

        This also brings every file into the page cache. Nothing is timed here, so all processors may work.
        """
        self.progress.say("checking imports, answers and sizes")
        expected = Expected.of(self.model, self.settings.agreement_rows)
        with ThreadPoolExecutor(os.process_cpu_count()) as pool:
            self.results.deployments += pool.map(partial(self._checked, expected), self.deployed)

    def _checked(self, expected: Expected, deployment: Deployment) -> dict[str, Any]:
        compared = deployment.predicts and not deployment.cold_only
        try:
            agreement = check(deployment, self.requests[1], expected if compared else None)
        except Refused as refused:
            raise Broken(f"{deployment.variant}, {self.model.name}: {refused}") from refused
        return {
            "model": self.model.name,
            "variant": deployment.variant,
            "size": self.workspace.sizes.of(deployment.archives),
            "parts": product.parts(deployment) if deployment.engine else None,
            "agreement": agreement,
        }

    def rounds(self) -> None:
        """Give every variant its turn in every round, in an order drawn anew each time."""
        draw = random.Random(data.SEED)
        for number in range(self.settings.rounds):
            for deployment in draw.sample(self.deployed, len(self.deployed)):
                if deployment.cold_only and number >= self.settings.uncompiled_rounds:
                    continue
                self.progress.say(f"round {number + 1} of {self.settings.rounds}", deployment.variant)
                self._turn(deployment, number)

    def _turn(self, deployment: Deployment, number: int) -> None:
        place = Place(self.model.name, deployment.variant, number)
        request = self.requests[1]
        if deployment.cold_only:
            self.results.samples += measure.cold_start(deployment, request, place)
            return
        batched = number < self.settings.batch_rounds and deployment.predicts
        batches = {rows: batch for rows, batch in self.requests.items() if rows > 1} if batched else None
        self.results.samples += measure.cold_start(
            deployment, request, place, warm=self.settings.warm, batches=batches
        )
        # The parts of a start, and the handler by itself, are those of an interpreter.
        if number < self.settings.split_rounds and deployment.wrapper is None:
            handled = HANDLER_ROWS if deployment.predicts else HANDLER_ROWS[:1]
            requests = {rows: self.requests[rows] for rows in handled}
            self.results.samples += measure.split(deployment, requests, place)

    def shares(self) -> None:
        """Measure again with the processor and memory that Lambda gives to each size of function."""
        for megabytes in self.settings.megabytes:
            fitting = [deployment for deployment in self.deployed if not deployment.cold_only]
            for number in range(self.settings.share_rounds):
                for deployment in list(fitting):
                    self.progress.say(f"{megabytes} MB", deployment.variant)
                    try:
                        with Allotment(megabytes) as group:
                            self._shared(deployment, number, group)
                    except Unavailable as unavailable:
                        self.results.skip(self.model.name, "Lambda's CPU and memory", str(unavailable))
                        return
                    except OutOfMemory:
                        fitting.remove(deployment)
                        self.results.skip(
                            self.model.name,
                            f"{deployment.variant}, {megabytes} MB",
                            f"ended by the kernel: it needs more than {megabytes} MB",
                        )

    def _shared(self, deployment: Deployment, number: int, group: Allotment) -> None:
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
