"""A forest with scikit-learn's interface, so that it is described, compiled, proven and packaged as any model is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from skylayer.compiler.forests.evaluation import best, linked, shares, sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skylayer.compiler.forests.forest import Forest


class _ForeignForest(BaseEstimator):  # type: ignore[misc]
    """A forest over columns of numbers.

    Attributes:
        feature_names_in_: Names of the columns.
    """

    def __init__(self, forest: Forest, names: list[str], classes: list[Any] | None = None) -> None:
        self.forest = forest
        self.names = names
        self.classes = classes

    def fit(self, X: Any, y: Any = None) -> _ForeignForest:  # noqa: ARG002, N803 - scikit-learn's interface
        """Nothing: it is trained."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        """Always."""
        return True

    @property
    def feature_names_in_(self) -> NDArray[Any]:
        """Names of the columns."""
        return np.asarray(self.names, dtype=object)

    @property
    def n_features_in_(self) -> int:
        """How many columns there are."""
        return len(self.names)


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
