"""From what a fork brings to an artifact that is the champion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer import project
from skylayer.artifact.package import check_name, package
from skylayer.artifact.serialization import to_bytes
from skylayer.data.schema import infer
from skylayer.data.tables import tabulate, take
from skylayer.train.evaluation import STEPS as _EVALUATION_STEPS
from skylayer.train.evaluation import evaluate
from skylayer.train.intervals import intervals
from skylayer.train.tasks import check_estimator, check_target, task_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from skylayer.card.plots import Plot
    from skylayer.train.evaluation import Evaluation
    from skylayer.train.pipeline import Training
    from skylayer.train.tasks import Target

STEPS = _EVALUATION_STEPS + 2


def _ignore(_: object) -> None:
    """Nobody watches."""


@dataclass(frozen=True)
class Listener:
    """Who is told how far a training is.

    Attributes:
        step: Called with what is being done before each step, at most `STEPS` times.
        proof: Called with the share of the proof that is done, from 0 to 1.
    """

    step: Callable[[str], None] = _ignore
    proof: Callable[[float], None] = _ignore


_UNWATCHED = Listener()


def train(training: Training, directory: Path, progress: Listener = _UNWATCHED) -> Path:
    """Cross-validate, fit, evaluate on a holdout, package, and make the result the champion.

    Args:
        training: The fork's data and its estimator, which isn't fitted yet and stays so.
        directory: Where artifacts are kept.
        progress: Who is told how far it is.

    Returns:
        The artifact's folder; its manifest holds the metrics.

    Raises:
        UserError: It can't be trained or served; the message says what is wrong, and the fix.
    """
    # What can be refused is refused before anybody waits for a fit.
    check_name(training.name)
    check_estimator(training.estimator)
    to_bytes(training.estimator)
    task = task_of(training.estimator)
    table = tabulate(training.data)
    infer(table)
    target = check_target(task, training.target, table.rows, required=True)
    evaluation = evaluate(
        training.estimator,
        training.data,
        training.target,
        target,
        task,
        rows=table.rows,
        progress=progress.step,
    )
    metrics, plots = evaluation.metrics, []
    if task in {"classification", "regression"}:
        progress.step("Intervals and plots")
        unseen, truth = take(training.data, evaluation.holdout), target.values[evaluation.holdout]
        metrics = metrics | {"holdout_interval": intervals(evaluation.estimator, unseen, truth, task)}
        plots = _plots(training, target, evaluation, task, unseen)
    progress.step("Package and prove")
    path = package(
        evaluation.estimator,
        training.data,
        training.target,
        name=training.name,
        directory=directory,
        metrics=metrics,
        training=evaluation.training,
        plots=plots,
        card_text=training.card_text,
        strict=training.strict,
        progress=progress.proof,
    )
    project.set_champion(path)
    return path


def _plots(training: Training, target: Target, evaluation: Evaluation, task: str, unseen: Any) -> list[Plot]:
    """The plots of the holdout's rows, `unseen`, and the learning curve on the others."""
    # Not above: matplotlib takes its time, and a training that is refused needs none of it.
    from skylayer.card.plots import Holdout, draw, draw_learning_curve  # noqa: PLC0415

    truth = target.values[evaluation.holdout]
    others = np.setdiff1d(np.arange(len(target.values)), evaluation.holdout)
    data, y = take(training.data, others), take(training.target, others)
    return [
        *draw(Holdout(evaluation.estimator, unseen, truth, target.names), task),
        *draw_learning_curve(evaluation.estimator, data, y, task),
    ]
