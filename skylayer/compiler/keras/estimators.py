"""A network with scikit-learn's interface, so that it is described, compiled, proven and packaged as any model is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin

from skylayer.compiler.keras.evaluation import evaluate
from skylayer.compiler.trained import TrainedOnColumns
from skylayer.errors import UserError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skylayer.compiler.keras.network import Network

_HALF = 0.5


class _KerasNetwork(TrainedOnColumns):
    """A trained network over columns of numbers; it answers in double precision.

    Attributes:
        feature_names_in_: Names of the columns: the values of each input, one after the other.
    """

    def __init__(self, network: Network, names: list[str], classes: list[Any] | None = None) -> None:
        self.network = network
        self.names = names
        self.classes = classes

    def _answer(self, rows: Any) -> NDArray[np.float64]:
        values: NDArray[np.float64] = evaluate(self.network, np.asarray(rows, dtype=np.float64), np.float64)
        return values


class KerasClassifier(ClassifierMixin, _KerasNetwork):  # type: ignore[misc]
    """A network that ends in a softmax, or in a single sigmoid: the probability of the second class.

    Attributes:
        classes_: Labels in the order of the outputs.
    """

    @property
    def classes_(self) -> NDArray[Any]:
        """Labels in the order of the outputs; their numbers unless others were given."""
        return np.asarray(self.classes)

    def predict_proba(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Shape (rows, classes)."""
        shares = self._answer(X)
        return np.hstack([1.0 - shares, shares]) if shares.shape[1] == 1 else shares

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """The likeliest class; of two, the second above one half."""
        shares = self._answer(X)
        best = (shares[:, 0] > _HALF).astype(int) if shares.shape[1] == 1 else shares.argmax(axis=1)
        labels: NDArray[Any] = self.classes_[best]
        return labels


class KerasRegressor(RegressorMixin, _KerasNetwork):  # type: ignore[misc]
    """A network that ends in anything else: its outputs are the answer."""

    def predict(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Shape (rows,), or (rows, outputs) if there are several."""
        values = self._answer(X)
        return values[:, 0] if values.shape[1] == 1 else values


def estimator_of(path: Any, network: Network, names: list[str], classes: list[Any] | None) -> Any:
    """The classifier or regressor that a network is.

    Args:
        path: The file, for messages.
        network: What it computes.
        names: Of the columns.
        classes: Labels that the user gave; their numbers if None.

    Raises:
        UserError: Its result is no row of numbers, or the labels don't fit.
    """
    if len(network.shape) != 1:
        raise UserError(f"{path} can't be imported: its result has the shape {network.shape}, not one row.")
    (width,) = network.shape
    binary = network.head == "sigmoid" and width == 1
    count = 2 if binary else width
    if not binary and (network.head != "softmax" or width == 1):
        if classes is not None:
            raise UserError(f"CLASSES was given, and {path} ends in numbers: no softmax, no single sigmoid.")
        return KerasRegressor(network, names)
    if classes is not None and len(classes) != count:
        raise UserError(f"CLASSES names {len(classes)} classes; {path} has {count}.")
    return KerasClassifier(network, names, list(range(count)) if classes is None else classes)
