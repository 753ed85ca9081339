"""A forest with scikit-learn's interface, so that it is described, compiled, proven and packaged as any model is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin

from skylayer.compiler.forests.evaluation import best, linked, shares, sums
from skylayer.compiler.trained import TrainedOnColumns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skylayer.compiler.forests.forest import Forest


class _ForeignForest(TrainedOnColumns):
    """A forest over columns of numbers."""

    def __init__(self, forest: Forest, names: list[str], classes: list[Any] | None = None) -> None:
        self.forest = forest
        self.names = names
        self.classes = classes


class ForeignForestClassifier(ClassifierMixin, _ForeignForest):  # type: ignore[misc]
    """A forest whose sums are probabilities of classes.

    Attributes:
        classes_: Labels in the order of the probabilities.
    """

    @property
    def classes_(self) -> NDArray[Any]:
        """Labels in the order of the probabilities."""
        return np.asarray(self.classes)

    def predict_proba(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Shape (rows, classes)."""
        values: NDArray[np.float64] = shares(self.forest, X)
        return values

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """Shape (rows,)."""
        labels: NDArray[Any] = self.classes_[best(self.forest, X)]
        return labels


class ForeignForestRegressor(RegressorMixin, _ForeignForest):  # type: ignore[misc]
    """A forest whose linked sums are the answer."""

    def predict(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Shape (rows,), or (rows, outputs) if there are several."""
        values: NDArray[np.float64] = linked(self.forest, sums(self.forest, X))
        return values[:, 0] if values.shape[1] == 1 else values
