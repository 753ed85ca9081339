"""From what a fork brings to an artifact that is the champion."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer import project
from skylayer.artifact.package import check_name, package
from skylayer.artifact.serialization import to_bytes
from skylayer.card.numbers import counted, rows
from skylayer.data.dataset import as_dataset, take
from skylayer.data.schema import infer
from skylayer.listener import UNWATCHED, Listener
from skylayer.train.evaluation import evaluate
from skylayer.train.importance import is_table, measure_importance
from skylayer.train.intervals import intervals
from skylayer.train.tasks import check_estimator, check_target, task_of
from skylayer.train.unread import unread

if TYPE_CHECKING:
    from pathlib import Path

    from skylayer.card.plots import Plot
    from skylayer.train.evaluation import Evaluation
    from skylayer.train.importance import Importance
    from skylayer.train.pipeline import Training
    from skylayer.train.tasks import Target

_TOLD = 5  # columns that a note names


def train(training: Training, directory: Path, progress: Listener = UNWATCHED) -> Path:
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
    for note in training.notes:
        progress.note(note)
    check_estimator(training.estimator)
    to_bytes(training.estimator)
    task = task_of(training.estimator)
    training = _without_unread(training, progress)
    dataset = as_dataset(training.data)
    progress.step(f"Check {rows(dataset.rows)} of {counted(len(dataset.frame.columns), 'column')}")
    schema = infer(dataset)
    target = check_target(task, training.target, dataset.rows, required=True)
    evaluation = evaluate(
        training.estimator,
        training.data,
        training.target,
        target,
        task,
        rows=dataset.rows,
        progress=progress.step,
    )
    columns = tuple(column.name for column in schema.columns)
    looked = _look(training, target, evaluation, task, columns, progress)
    path = package(
        evaluation.estimator,
        training.data,
        training.target,
        name=training.name,
        directory=directory,
        metrics=evaluation.metrics | looked.intervals,
        training=evaluation.training,
        plots=looked.plots,
        plot_notes=looked.notes,
        importance=looked.importance,
        card_text=training.card_text,
        strict=training.strict,
        progress=progress.proof,
        step=progress.step,
    )
    project.set_champion(path)
    return path


def _without_unread(training: Training, progress: Listener) -> Training:
    """The data without columns that no step reads, which then are no fields of a request."""
    names = unread(training.estimator, training.data)
    if not names or len(names) == len(training.data.columns):
        return training
    progress.note(
        f"No step reads {', '.join(names)}: left out, so that no request has to send "
        f"{'it' if len(names) == 1 else 'them'}."
    )
    return replace(training, data=training.data.drop(columns=names))


def _tell_importance(found: Importance, progress: Listener) -> None:
    """Which columns matter, for who trains: the first few, and those without any effect."""
    shown = ", ".join(found.ranked[:_TOLD])
    progress.note(f"Matters most: {shown}{' …' if len(found.columns) > _TOLD else ''}")
    idle = found.idle
    if idle:
        more = f" and {len(idle) - _TOLD} more" if len(idle) > _TOLD else ""
        progress.note(
            f"Shuffled, {', '.join(idle[:_TOLD])}{more} changed no score of the holdout: a model without "
            f"{'it' if len(idle) == 1 else 'them'} may be as good, and asks for less."
        )


@dataclass
class _Looked:
    """What a closer look at the holdout showed: intervals for the manifest, plots, and why one is missing."""

    intervals: dict[str, Any] = field(default_factory=dict)
    plots: list[Plot] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    importance: dict[str, float] = field(default_factory=dict)


def _look(  # noqa: PLR0917 - what was trained on what
    training: Training,
    target: Target,
    evaluation: Evaluation,
    task: str,
    columns: tuple[str, ...],
    progress: Listener,
) -> _Looked:
    """Intervals and plots of the holdout's rows, and the learning curve on the others."""
    looked = _Looked()
    estimator, unseen = evaluation.estimator, take(training.data, evaluation.holdout)
    supervised = task in {"classification", "regression"}
    truth = target.values[evaluation.holdout] if supervised else None
    if supervised:
        progress.step("Confidence intervals")
        found = intervals(estimator, unseen, truth, task, target.names)
        looked.intervals = {"holdout_interval": found}
    progress.step("Plots")
    # Not above: matplotlib takes its time, and a training that is refused needs none of it.
    from skylayer.card.plots import Holdout, draw, draw_columns, draw_learning  # noqa: PLC0415

    looked.plots = draw(Holdout(estimator, unseen, truth, target.names), task)
    if not supervised:
        return looked
    progress.step(f"Importance of {counted(len(columns), 'column')}")
    importance = measure_importance(estimator, unseen, truth, task, columns)
    if importance is None:
        looked.notes.append(
            "No permutation importance: the estimator refuses rows whose columns are shuffled."
            if is_table(unseen)
            else "No permutation importance: the data has no columns that could be shuffled."
        )
    else:
        looked.plots.append(draw_columns(importance))
        looked.importance = importance.by_column()
        _tell_importance(importance, progress)
    progress.step("Learning curve")
    others = np.setdiff1d(np.arange(len(target.values)), evaluation.holdout)
    data, y = take(training.data, others), take(training.target, others)
    curve, reason = draw_learning(estimator, data, y, task)
    looked.plots += curve
    looked.notes += [reason] if reason else []
    return looked
