"""A classifier that numbers its classes, with the labels that its user gave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import ClassifierMixin

from skylayer.compiler.trained import Trained

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Relabelled(ClassifierMixin, Trained):  # type: ignore[misc]
    """A fitted classifier whose classes are 0, 1, …, under other labels.

    Attributes:
        model: The classifier.
        labels: In the order of its classes.
    """

    def __init__(self, model: Any, labels: list[Any]) -> None:
        self.model = model
        self.labels = labels

    @property
    def classes_(self) -> NDArray[Any]:
        """The labels."""
        return np.asarray(self.labels)

    @property
    def feature_names_in_(self) -> NDArray[Any]:
        """The classifier's, if it has names."""
        return np.asarray(self.model.feature_names_in_, dtype=object)

    @property
    def n_features_in_(self) -> int:
        """The classifier's."""
        return int(self.model.n_features_in_)

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """Shape (rows,)."""
        labels: NDArray[Any] = self.classes_[np.asarray(self.model.predict(X), dtype=np.int64)]
        return labels

    def predict_proba(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """Shape (rows, classes)."""
        shares: NDArray[Any] = self.model.predict_proba(X)
        return shares
