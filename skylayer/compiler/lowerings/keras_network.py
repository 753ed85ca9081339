"""Networks of Keras: in double precision, with the weights and inputs that float32 holds."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer.compiler.activations import OF_ROWS, activate
from skylayer.compiler.classes import plain_classes
from skylayer.compiler.keras.estimators import KerasClassifier, KerasRegressor
from skylayer.compiler.keras.network import (
    Activate,
    Affine,
    Concatenate,
    Dense,
    Embed,
    Merge,
    Pool,
    Reshape,
)
from skylayer.compiler.prediction import Prediction
from skylayer.compiler.program import Arithmetic, Reduce

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.keras.network import Operation
    from skylayer.compiler.prediction import Slots

    Tensor = NDArray[np.int64]  # of slots, in the shape of a row's values

MERGES = {
    "add": Arithmetic.ADD,
    "average": Arithmetic.ADD,
    "multiply": Arithmetic.MULTIPLY,
    "subtract": Arithmetic.SUBTRACT,
    "maximum": Arithmetic.MAXIMUM,
    "minimum": Arithmetic.MINIMUM,
}


def forward(builder: Builder, estimator: Any, frame: Frame) -> Slots:
    """The operations one after the other."""
    network = estimator.network
    slots = builder.round32(builder.check(frame, float32=True))
    tensors: list[Tensor] = []
    first = 0
    for source in network.inputs:
        width = int(np.prod(source.shape))
        tensors.append(np.asarray(slots[first : first + width]).reshape(source.shape))
        first += width
    for node in network.nodes:
        tensors.append(
            _lower(builder, node.operation, [tensors[s] for s in node.sources]).reshape(node.shape)
        )
    return _flat(tensors[network.output])


def _lower(  # noqa: PLR0911 - one case for each kind of operation
    builder: Builder, operation: Operation, xs: list[Tensor]
) -> Tensor:
    x = xs[0]
    match operation:
        case Dense(kernel, bias):
            rows = [builder.matrix(_flat(row), kernel.T, bias) for row in x.reshape(-1, x.shape[-1])]
            return np.asarray(rows)
        case Affine():
            return np.asarray(_affine(builder, operation, x))
        case Activate(name) if name in OF_ROWS:
            return np.asarray([OF_ROWS[name](builder, _flat(row)) for row in x.reshape(-1, x.shape[-1])])
        case Activate():
            return np.asarray(activate(builder, operation, _flat(x)))
        case Embed(rows):
            wrong = f"a code here is one of 0 to {len(rows) - 1}"
            return np.asarray([builder.gather(slot, rows, None, wrong) for slot in _flat(x)])
        case Reshape():
            return x
        case Concatenate(axis):
            return np.concatenate(xs, axis=axis)
        case Merge(name):
            y = reduce(lambda a, b: builder.combine(MERGES[name], a, b), map(_flat, xs))
            return np.asarray(
                builder.arithmetic(Arithmetic.DIVIDE, y, float(len(xs))) if name == "average" else y
            )
        case Pool(name):
            positions = x.reshape(-1, x.shape[-1]).T
            kind = Reduce.SUM if name == "average" else Reduce.MAXIMUM
            y = tuple(builder.reduce(kind, _flat(row)) for row in positions)
            count = float(positions.shape[1])
            return np.asarray(builder.arithmetic(Arithmetic.DIVIDE, y, count) if name == "average" else y)


def _affine(builder: Builder, affine: Affine, x: Tensor) -> Slots:
    shift, scale, offset = (
        np.broadcast_to(array, x.shape or (1,)).ravel()
        for array in (affine.shift, affine.scale, affine.offset)
    )
    shifted = builder.arithmetic(Arithmetic.SUBTRACT, _flat(x), shift)
    return builder.arithmetic(Arithmetic.ADD, builder.arithmetic(Arithmetic.MULTIPLY, shifted, scale), offset)


def _flat(tensor: Tensor) -> Slots:
    return tuple(np.asarray(tensor).ravel().tolist())


def predict_classifier(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """One output: above one half is the second class; several: the first best."""
    shares = forward(builder, estimator, frame)
    classes = plain_classes(builder, [estimator.classes_])
    if len(shares) == 1:
        above = builder.arithmetic(Arithmetic.GREATER, shares, 0.5)
        return Prediction(above, classes, (builder.complement(shares[0]),))
    return Prediction((builder.reduce(Reduce.ARGMAX, shares),), classes, (shares,))


def predict_regressor(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """The outputs themselves."""
    return Prediction(forward(builder, estimator, frame))


PREDICTORS = {KerasClassifier: predict_classifier, KerasRegressor: predict_regressor}
