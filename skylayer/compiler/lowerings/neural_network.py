"""Multi-layer perceptrons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.neural_network import MLPClassifier, MLPRegressor

from skylayer.compiler.classes import plain_classes
from skylayer.compiler.prediction import Prediction
from skylayer.compiler.program import Arithmetic, Reduce, Unary

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Slots

ACTIVATIONS = {"logistic": Unary.EXPIT, "tanh": Unary.TANH, "relu": Unary.RECTIFY, "exp": Unary.EXP}


def _activate(builder: Builder, name: str, slots: Slots) -> Slots:
    if name == "identity":
        return slots
    if name == "softmax":
        return builder.softmax(slots)
    if name not in ACTIVATIONS:
        builder.cannot("the activation has no native equivalent", f"activation={name!r}")
    return builder.unary(ACTIVATIONS[name], slots)


def forward(builder: Builder, estimator: Any, frame: Frame) -> Slots:
    """The layers one after the other."""
    x = builder.check(frame)
    if estimator.coefs_[0].dtype != "float64":
        builder.cannot("was fitted in float32: the native engine computes in float64")
    last = len(estimator.coefs_) - 1
    for i, (weights, bias) in enumerate(zip(estimator.coefs_, estimator.intercepts_, strict=True)):
        name = estimator.out_activation_ if i == last else estimator.activation
        x = _activate(builder, name, builder.matrix(x, weights.T, bias))
    return x


def predict_regressor(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """The last layer."""
    return Prediction(forward(builder, estimator, frame))


def predict_classifier(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """One output: above one half is the second class; several: the first best, or each by itself."""
    shares = forward(builder, estimator, frame)
    above = builder.arithmetic(Arithmetic.GREATER, shares, 0.5)
    if estimator._label_binarizer.y_type_.startswith("multilabel"):  # noqa: SLF001
        return Prediction(above, ((0, 1),) * len(above), (shares,), vector=True)
    classes = plain_classes(builder, [estimator.classes_])
    if len(shares) == 1:
        return Prediction(above, classes, (builder.complement(shares[0]),))
    return Prediction((builder.reduce(Reduce.ARGMAX, shares),), classes, (shares,))


PREDICTORS = {MLPClassifier: predict_classifier, MLPRegressor: predict_regressor}
