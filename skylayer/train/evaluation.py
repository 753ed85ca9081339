"""Fit an estimator and find out how good it is: cross-validation, then a holdout that it has never seen."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split

from skylayer.data.dataset import take
from skylayer.errors import UserError
from skylayer.train.scores import measure, measure_baseline
from skylayer.train.tasks import first_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from skylayer.train.tasks import Target

HOLDOUT_SHARE = 0.2
FOLDS = 5
_MINIMUM_ROWS = 10
_MINIMUM_ROWS_OF_A_CLASS = 3


@dataclass(frozen=True)
class Evaluation:
    """A fitted estimator and what it reached.

    Attributes:
        estimator: Fitted on all rows but the holdout.
        holdout: Positions of the holdout's rows.
        metrics: `cross_validation` (mean and standard deviation over the folds), `holdout` and `baseline`.
        training: Numbers of rows and folds.
    """

    estimator: Any
    holdout: Any
    metrics: dict[str, Any]
    training: dict[str, Any]


def evaluate(
    estimator: Any,
    data: Any,
    y: Any,
    target: Target,
    task: str,
    *,
    rows: int,
    progress: Callable[[str], None],
) -> Evaluation:
    """Cross-validate, fit and evaluate an estimator; everything that is random is seeded.

    The fitted estimator that comes back has never seen the holdout, so its metrics are honest and later
    versions can be compared on the same rows.

    Args:
        estimator: As `build_estimator()` gives it.
        data: All rows, in the estimator's container.
        y: Their targets as given, None where there are none.
        target: The same, checked.
        task: One of `serving.artifact.TASKS`.
        rows: Number of rows.
        progress: Called with what is being done before each step.

    Raises:
        UserError: Too few rows, or the estimator can't be fitted on them.
    """
    strata = _strata(target, task)
    check_size(rows, strata)
    training, holdout = _split(rows, strata)
    folds = list(_folds(training, None if strata is None else strata[training]))
    scores = []
    for number, (fit_rows, test_rows) in enumerate(folds, start=1):
        progress(f"Cross-validation, fold {number} of {len(folds)}")
        fitted = _fit(clone(estimator), data, y, fit_rows)
        scores.append(_measure(fitted, data, target, test_rows, task))
    progress(f"Fit on {len(training):,} rows")
    fitted = _fit(clone(estimator), data, y, training)
    progress(f"Evaluate on {len(holdout):,} rows")
    metrics = {
        "cross_validation": _summarise(scores),
        "holdout": _measure(fitted, data, target, holdout, task),
    }
    if target.values is not None:
        baseline = measure_baseline(target.values[training], target.values[holdout], task, target.names)
        metrics |= {"baseline": baseline} if baseline else {}
    counted = {
        "rows": rows,
        "training_rows": len(training),
        "holdout_rows": len(holdout),
        "folds": len(folds),
    }
    return Evaluation(fitted, holdout, metrics, counted)


def check_size(rows: int, strata: Any) -> None:
    """Refuse data that leaves no room for training, cross-validation and a holdout.

    Raises:
        UserError: Says how many rows there are and how many are needed.
    """
    if rows < _MINIMUM_ROWS:
        raise UserError(f"The data has {rows} rows; training and a holdout need at least {_MINIMUM_ROWS}.")
    if strata is None:
        return
    counts = Counter(strata.tolist())
    rarest, number = min(counts.items(), key=lambda item: item[1])
    if number < _MINIMUM_ROWS_OF_A_CLASS:
        raise UserError(
            f"The class {rarest!r} has {number} {'row' if number == 1 else 'rows'}; training, "
            f"cross-validation and a holdout need at least {_MINIMUM_ROWS_OF_A_CLASS} of each class. "
            "Collect more, or merge or drop the class."
        )
    if int(rows * HOLDOUT_SHARE) < len(counts):
        raise UserError(
            f"The data has {rows} rows for {len(counts)} classes: {HOLDOUT_SHARE:.0%} of them can't hold "
            "one of each class. If the target is a quantity, use a regressor; else collect more rows."
        )


def _strata(target: Target, task: str) -> Any:
    if task != "classification" or target.values is None or target.values.ndim > 1:
        return None
    values = target.values
    return values.astype(str) if values.dtype == object else values


def _split(rows: int, strata: Any) -> tuple[Any, Any]:
    training, holdout = train_test_split(
        np.arange(rows), test_size=HOLDOUT_SHARE, random_state=0, shuffle=True, stratify=strata
    )
    return np.sort(training), np.sort(holdout)


def _folds(training: Any, strata: Any) -> Iterator[tuple[Any, Any]]:
    if strata is None:
        splitter = KFold(min(FOLDS, len(training)), shuffle=True, random_state=0)
    else:
        smallest = min(Counter(strata.tolist()).values())
        splitter = StratifiedKFold(max(2, min(FOLDS, smallest)), shuffle=True, random_state=0)
    for fit_rows, test_rows in splitter.split(training, strata):
        yield training[fit_rows], training[test_rows]


def _fit(estimator: Any, data: Any, y: Any, rows: Any) -> Any:
    try:
        if y is None:
            return estimator.fit(take(data, rows))
        return estimator.fit(take(data, rows), take(y, rows))
    except Exception as error:  # whatever a fit raises, the one who wrote the pipeline can fix it
        raise UserError(
            f"{type(estimator).__name__} can't be fitted: {type(error).__name__}: {first_line(error)}"
            f"{_instead(error)}"
        ) from error


def _instead(error: Exception) -> str:
    """What to write instead, where a library's message doesn't say it."""
    if "Invalid classes inferred from unique values" in str(error):
        return (
            ". XGBClassifier takes classes numbered from 0. Put VotingClassifier([('xgboost', XGBClassifier())], "
            "voting='soft') in its place: it numbers the classes for it, and answers with yours."
        )
    return ""


def _measure(estimator: Any, data: Any, target: Target, rows: Any, task: str) -> dict[str, float]:
    values = None if target.values is None else target.values[rows]
    return measure(estimator, take(data, rows), values, task, target.names)


def _summarise(scores: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    names = [name for name in scores[0] if all(name in score for score in scores)]
    return {
        name: {
            "mean": round(float(np.mean([score[name] for score in scores])), 6),
            "standard_deviation": round(float(np.std([score[name] for score in scores])), 6),
        }
        for name in names
    }
