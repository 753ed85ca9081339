"""What an estimator answers, as the table has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skylayer.compiler.program import Output


def as_numbers(value: Any, output: Output, rows: int) -> NDArray[np.float64]:
    """An estimator's answer as the table gives it, shape (rows, slots): labels as indices of their classes."""
    if isinstance(value, list) and output.field != "predictions":
        return np.hstack([np.asarray(part, dtype=np.float64).reshape(rows, -1) for part in value])
    dense = value.toarray() if hasattr(value, "toarray") else np.asarray(value)
    matrix = dense.reshape(rows, -1)
    if output.classes is None:
        return matrix.astype(np.float64)
    indices = np.full(matrix.shape, np.nan)
    for k, classes in enumerate(output.classes):
        known = {label: i for i, label in enumerate(classes)}
        indices[:, k] = [known.get(label, np.nan) for label in matrix[:, k].tolist()]
    return indices


def largest_difference(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """The largest difference between two answers, 0 of none; a NaN is equal to a NaN."""
    with np.errstate(invalid="ignore"):
        difference = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, np.abs(a - b))
    return float(difference.max(initial=0.0))
