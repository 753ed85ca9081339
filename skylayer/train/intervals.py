"""Confidence intervals of a holdout's metrics, by the bootstrap."""

from __future__ import annotations

from typing import Any

import numpy as np

from skylayer.train.scores import Answered, alike, measure, outputs_of

RESAMPLES = 300
LEVEL = 0.95
_DECIMALS = 6


def intervals(
    estimator: Any, data: Any, target: Any, task: str, names: tuple[str, ...] = ()
) -> dict[str, list[float]]:
    """The percentile interval of each metric over resampled rows (Efron and Tibshirani, 1993, chapter 13).

    The estimator answers once; its answers are resampled with the rows.

    Args:
        estimator: Fitted, on other rows.
        data: The holdout, in the estimator's container.
        target: Its targets, shape (rows,) or (rows, outputs).
        task: `classification` or `regression`.
        names: Of the outputs, where there are several.

    Returns:
        Metric -> lower and upper bound at `LEVEL`.
    """
    if np.size(estimator.predict(data)) != target.size:  # several quantiles of one target, none the answer
        return {}
    several = target.ndim > 1
    columns = target if several else target.reshape(-1, 1)
    answered = outputs_of(estimator, data, columns.shape[1])
    if task == "classification":
        coded = [_coded(each, own) for each, own in zip(answered, columns.T, strict=True)]
        answered = [each for each, _ in coded]
        columns = np.stack([own for _, own in coded], axis=1)
    answers = _Outputs(answered) if several else answered[0]
    target = columns if several else columns[:, 0]
    random = np.random.default_rng(0)
    found: dict[str, list[float]] = {}
    for _ in range(RESAMPLES):
        rows = random.integers(len(target), size=len(target))
        for name, value in measure(answers, rows, target[rows], task, names).items():
            found.setdefault(name, []).append(value)
    tail = 100 * (1 - LEVEL) / 2
    # A metric that many resamples don't have, such as ROC AUC where a class is rare, has no honest interval.
    return {
        name: [round(float(bound), _DECIMALS) for bound in np.percentile(values, [tail, 100 - tail])]
        for name, values in found.items()
        if len(values) > RESAMPLES // 2
    }


def _coded(answered: Answered, target: Any) -> tuple[Answered, Any]:
    """Answers and targets with labels as their ranks: every metric is the same, and texts are compared once."""
    predicted = answered.predictions
    target = alike(target, predicted)
    classes = predicted[:0] if answered.classes_ is None else np.asarray(answered.classes_)
    _, codes = np.unique(np.concatenate([classes, predicted, target]), return_inverse=True)
    own, first = (len(classes), len(classes) + len(predicted))
    coded = Answered(
        codes[own:first], None if answered.classes_ is None else codes[:own], answered.probabilities
    )
    return coded, codes[first:]


class _Outputs:
    """Several outputs as one estimator of which the "data" are positions of rows."""

    def __init__(self, outputs: list[Answered]) -> None:
        self._outputs = outputs
        if all(each.classes_ is not None for each in outputs):
            self.classes_ = [each.classes_ for each in outputs]

    def predict(self, rows: Any) -> Any:
        return np.stack([each.predict(rows) for each in self._outputs], axis=1)

    def predict_proba(self, rows: Any) -> Any:
        return [each.predict_proba(rows) for each in self._outputs]
