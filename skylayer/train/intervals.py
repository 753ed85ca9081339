"""Confidence intervals of a holdout's metrics, by the bootstrap."""

from __future__ import annotations

from typing import Any

import numpy as np

from skylayer.train.scores import measure

RESAMPLES = 300
LEVEL = 0.95
_DECIMALS = 6


def intervals(estimator: Any, data: Any, target: Any, task: str) -> dict[str, list[float]]:
    """The percentile interval of each metric over resampled rows (Efron and Tibshirani, 1993, chapter 13).

    The estimator answers once; its answers are resampled with the rows.

    Args:
        estimator: Fitted, on other rows.
        data: The holdout, in the estimator's container.
        target: Its targets, shape (rows,) or (rows, outputs).
        task: `classification` or `regression`.

    Returns:
        Metric -> lower and upper bound at `LEVEL`.
    """
    answers = _Answers(estimator, data)
    random = np.random.default_rng(0)
    found: dict[str, list[float]] = {}
    for _ in range(RESAMPLES):
        rows = random.integers(len(target), size=len(target))
        for name, value in measure(answers, rows, target[rows], task).items():
            found.setdefault(name, []).append(value)
    tail = 100 * (1 - LEVEL) / 2
    # A metric that many resamples don't have, such as ROC AUC where a class is rare, has no honest interval.
    return {
        name: [round(float(bound), _DECIMALS) for bound in np.percentile(values, [tail, 100 - tail])]
        for name, values in found.items()
        if len(values) > RESAMPLES // 2
    }


class _Answers:
    """Stands for an estimator whose answers are known: its "data" are positions of rows."""

    def __init__(self, estimator: Any, data: Any) -> None:
        self._predictions = np.asarray(estimator.predict(data))
        if hasattr(estimator, "classes_"):
            self.classes_ = estimator.classes_
        if hasattr(estimator, "predict_proba"):
            probabilities = estimator.predict_proba(data)
            self.predict_proba = lambda rows: (
                [each[rows] for each in probabilities]
                if isinstance(probabilities, list)
                else probabilities[rows]
            )

    def predict(self, rows: Any) -> Any:
        return self._predictions[rows]
