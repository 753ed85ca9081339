"""Which columns matter to a fitted estimator: permutation importance (Breiman, 2001) on rows it has not seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.inspection import permutation_importance

from skylayer.data.dataset import take
from skylayer.train.scores import score_of

ROWS = 2000
# How many shuffled copies of the rows are predicted; the more columns, the fewer a column gets.
_COPIES = 300
_REPEATS = 5


@dataclass(frozen=True)
class Importance:
    """What each column is worth.

    Attributes:
        columns: Names, in the order of the input.
        means: By how much the score falls when a column's values are shuffled, shape (columns,).
        deviations: Its standard deviation over the repeats.
        score: What the score is, in words.
        rows: How many rows it was measured on.
    """

    columns: tuple[str, ...]
    means: Any
    deviations: Any
    score: str
    rows: int

    @property
    def ranked(self) -> list[str]:
        """The columns, the most important first."""
        return [self.columns[index] for index in np.argsort(-self.means, kind="stable")]

    @property
    def idle(self) -> list[str]:
        """Columns whose shuffling changed no score at all."""
        pairs = zip(self.columns, self.means, self.deviations, strict=True)
        return [name for name, mean, deviation in pairs if mean == 0 and deviation == 0]

    def by_column(self) -> dict[str, float]:
        """Column -> importance, rounded to 6 decimals."""
        return dict(zip(self.columns, np.round(self.means, 6).tolist(), strict=True))


def is_table(data: Any) -> bool:
    """Whether data has columns that can be shuffled: texts have none, and a sparse matrix has too many."""
    return getattr(data, "ndim", 0) == 2 and not hasattr(data, "toarray")  # noqa: PLR2004 - rows and columns


def measure_importance(
    estimator: Any, data: Any, target: Any, task: str, columns: tuple[str, ...]
) -> Importance | None:
    """Shuffle one column after the other and see what the score loses.

    Args:
        estimator: Fitted, on other rows.
        data: The holdout, in the estimator's container; of more than `ROWS` rows, as many are taken, evenly.
        target: Its targets, shape (rows,) or (rows, outputs).
        task: `classification` or `regression`.
        columns: Names of the data's columns.

    Returns:
        None if the data has no columns to shuffle, or if the estimator can't answer for shuffled ones.
    """
    if not is_table(data):
        return None
    rows = np.unique(np.linspace(0, len(target) - 1, min(len(target), ROWS)).astype(int))
    repeats = int(np.clip(_COPIES // len(columns), 1, _REPEATS))
    words, score = score_of(task)
    try:
        found = permutation_importance(
            estimator,
            take(data, rows),
            target[rows],
            scoring=score,
            n_repeats=repeats,
            random_state=0,
            n_jobs=1,
        )
    except (ValueError, TypeError, KeyError):  # an encoder, say, that takes only the pairs that it has seen
        return None
    return Importance(columns, found.importances_mean, found.importances_std, words, len(rows))
