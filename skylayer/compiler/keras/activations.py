"""Activation functions as Keras 3 defines them, in the precision of what they are given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import erfc, expit  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Callable

    from skylayer.compiler.keras.network import Activate

    Values = Any  # an array of float32 or float64

SELU_ALPHA, SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


@dataclass(frozen=True)
class Function:
    """An activation.

    Attributes:
        value: Of an array, by the parameters of an `Activate`.
        slope: The steepest slope anywhere, for the parameters 1.
    """

    value: Callable[[Values, Activate], Values]
    slope: float


def _rectify(x: Values, a: Activate) -> Values:
    y = np.where(x > 0, x, x * np.asarray(a.slopes, dtype=x.dtype))
    return y if a.maximum is None else np.minimum(y, x.dtype.type(a.maximum))


def _elu(x: Values, a: Activate) -> Values:
    negative = x.dtype.type(a.alpha) * np.expm1(np.minimum(x, 0))
    return x.dtype.type(a.scale) * np.where(x > 0, x, negative)


def _hard_sigmoid(x: Values, a: Activate) -> Values:
    """Keras 3 has a slope of 1/6, Keras 2 one of 1/5."""
    return np.clip(x * x.dtype.type(a.alpha) + x.dtype.type(0.5), 0, 1)


def _softplus(x: Values, _: Activate | None = None) -> Values:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def _gelu(x: Values, _: Activate) -> Values:
    return x * x.dtype.type(0.5) * erfc(-x * x.dtype.type(np.sqrt(0.5)))


def _softmax(x: Values, _: Activate) -> Values:
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def _log_softmax(x: Values, _: Activate) -> Values:
    shifted = x - x.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


FUNCTIONS: dict[str, Function] = {
    "rectify": Function(_rectify, 1.0),
    "elu": Function(_elu, 1.0),
    "sigmoid": Function(lambda x, _: expit(x), 0.25),
    "hard_sigmoid": Function(_hard_sigmoid, 1.0),
    "tanh": Function(lambda x, _: np.tanh(x), 1.0),
    "softplus": Function(_softplus, 1.0),
    "softsign": Function(lambda x, _: x / (1 + np.abs(x)), 1.0),
    "gelu": Function(_gelu, 1.13),
    "silu": Function(lambda x, _: x * expit(x), 1.1),
    "hard_silu": Function(lambda x, a: x * _hard_sigmoid(x, a), 1.5),
    "mish": Function(lambda x, _: x * np.tanh(_softplus(x)), 1.1),
    "exponential": Function(lambda x, _: np.exp(x), np.inf),
    "softmax": Function(_softmax, np.inf),
    "log_softmax": Function(_log_softmax, 2.0),
}
