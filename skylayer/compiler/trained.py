"""What came trained, from a file, with scikit-learn's interface: the part that all such estimators share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Trained(BaseEstimator):  # type: ignore[misc]
    """An estimator that needs no fit."""

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002, N803 - scikit-learn's interface
        """Nothing: it is trained."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        """Always."""
        return True


class TrainedOnColumns(Trained):
    """One whose columns have the names that its `names` gives.

    Attributes:
        feature_names_in_: Names of the columns.
    """

    names: list[str]

    @property
    def feature_names_in_(self) -> NDArray[Any]:
        """Names of the columns."""
        return np.asarray(self.names, dtype=object)

    @property
    def n_features_in_(self) -> int:
        """How many columns there are."""
        return len(self.names)
