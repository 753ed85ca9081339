"""What a network answers, by numpy alone: in float32, as Keras computes, or in double precision with the same weights.

Keras rounds every result to float32, in an order that depends on its backend, so its answers lie around those of the
exact network. `error_bounds` bounds how far, by running error analysis: a sum of n terms is off by at most
`(n + 2) · u · Σ|terms|` in whatever order it is added (Higham, *Accuracy and Stability of Numerical Algorithms*, 3.1;
`u = 2⁻²⁴`), an activation by 16 u of what it adds up from, and what is off already is carried on by the steepest slope.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer.compiler.keras.activations import FUNCTIONS
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

if TYPE_CHECKING:
    from skylayer.compiler.keras.network import Network, Operation

    Values = Any  # an array of float32 or float64

UNIT = 2.0**-24
ULPS = 16
_MERGES = {
    "add": np.add,
    "average": np.add,
    "multiply": np.multiply,
    "subtract": np.subtract,
    "maximum": np.maximum,
    "minimum": np.minimum,
}


def evaluate(network: Network, columns: Values, dtype: Any) -> Values:
    """The network's result for rows.

    Args:
        network: What is evaluated.
        columns: Shape (rows, all values of all inputs).
        dtype: `numpy.float32` or `numpy.float64`: every step is rounded to it.

    Returns:
        Array of shape (rows, ...) and of that type.

    Raises:
        ValueError: A code that an embedding doesn't have, or a number that isn't finite in float32.
    """
    known = [values.astype(dtype) for values in _split(network, columns)]
    with np.errstate(all="ignore"):
        for node in network.nodes:
            known.append(_apply(node.operation, [known[s] for s in node.sources]))
    return known[network.output]


def error_bounds(network: Network, columns: Values) -> tuple[Values, Values]:
    """The result in double precision, and how far a computation in float32 may lie from it.

    Returns:
        Two arrays of shape (rows, ...); where nothing can be said an error bound is infinite.
    """
    known = [values.astype(np.float64) for values in _split(network, columns)]
    off = [np.zeros_like(values) for values in known]
    with np.errstate(all="ignore"):
        for node in network.nodes:
            x, r = [known[s] for s in node.sources], [off[s] for s in node.sources]
            y = _apply(node.operation, x)
            known.append(y)
            off.append(_carry(node.operation, x, r, y))
    bound = off[network.output]
    return known[network.output], np.where(np.isnan(bound), np.inf, bound)


def _split(network: Network, columns: Values) -> list[Values]:
    """Each input's values as float32, in its shape."""
    with np.errstate(over="ignore"):
        values = np.asarray(columns, dtype=np.float64).astype(np.float32)
    if not np.isfinite(values).all():
        raise ValueError("Input contains a missing value, infinity or a value too large for float32.")
    found, first = [], 0
    for source in network.inputs:
        width = int(np.prod(source.shape))
        found.append(values[:, first : first + width].reshape(len(values), *source.shape))
        first += width
    return found


def _apply(operation: Operation, xs: list[Values]) -> Values:  # noqa: PLR0911 - one case for each kind
    x = xs[0]
    kind = x.dtype.type
    match operation:
        case Dense(kernel, bias):
            y = x @ kernel.astype(kind)
            return y if bias is None else y + bias.astype(kind)
        case Affine(shift, scale, offset):
            return (x - shift.astype(kind)) * scale.astype(kind) + offset.astype(kind)
        case Activate(function):
            return FUNCTIONS[function].value(x, operation).astype(kind)
        case Embed(rows):
            if ((x <= -1) | (x >= len(rows))).any():
                raise ValueError(f"An embedding has the codes 0 to {len(rows) - 1}.")
            return rows[x.astype(np.int64)].astype(kind)
        case Reshape(shape):
            return x.reshape(len(x), *shape)
        case Concatenate(axis):
            return np.concatenate(xs, axis=axis + 1)
        case Merge(name):
            y = reduce(_MERGES[name], xs)
            return y / kind(len(xs)) if name == "average" else y
        case Pool(name):
            axes = tuple(range(1, x.ndim - 1))
            return x.mean(axis=axes) if name == "average" else x.max(axis=axes)


def _carry(  # noqa: C901, PLR0911 - one case for each kind
    operation: Operation, xs: list[Values], rs: list[Values], y: Values
) -> Values:
    x, r = xs[0], rs[0]
    match operation:
        case Dense(kernel, bias):
            size = np.abs(kernel.astype(np.float64))
            terms = (np.abs(x) + r) @ size + (0.0 if bias is None else np.abs(bias.astype(np.float64)))
            return r @ size + (len(kernel) + 2) * UNIT * terms
        case Affine(shift, scale, offset):
            terms = (np.abs(x) + r + np.abs(shift)) * np.abs(scale) + np.abs(offset)
            return r * np.abs(scale) + ULPS * UNIT * terms
        case Activate():
            return _carry_activation(operation, x, r, y)
        case Embed(rows):
            return np.where(r[..., None] > 0, np.inf, 0.0) * np.ones(rows.shape[1])
        case Reshape(shape):
            return r.reshape(len(r), *shape)
        case Concatenate(axis):
            return np.concatenate(rs, axis=axis + 1)
        case Merge("multiply"):
            most = reduce(np.multiply, [np.abs(x) + r for x, r in zip(xs, rs, strict=True)])
            return most - reduce(np.multiply, map(np.abs, xs)) + len(xs) * UNIT * most
        case Merge("maximum" | "minimum"):
            return reduce(np.maximum, rs)
        case Merge(name):
            terms = reduce(np.add, [np.abs(x) + r for x, r in zip(xs, rs, strict=True)])
            total = reduce(np.add, rs) + (len(xs) + 2) * UNIT * terms
            return total / len(xs) if name == "average" else total
        case Pool(name):
            axes = tuple(range(1, x.ndim - 1))
            if name == "maximum":
                return r.max(axis=axes)
            count = int(np.prod(x.shape[1:-1]))
            return r.mean(axis=axes) + (count + 2) * UNIT * (np.abs(x) + r).mean(axis=axes)


def _carry_activation(a: Activate, x: Values, r: Values, y: Values) -> Values:
    if a.function == "exponential":
        return np.abs(y) * np.expm1(r) + ULPS * UNIT * (np.abs(y) * np.exp(r))
    if a.function == "softmax":
        # Every power is off by its argument's share, and their sum by the largest of those.
        apart = x.max(axis=-1, keepdims=True) - x
        share = r + UNIT * (apart + np.abs(x)) + (ULPS + x.shape[-1]) * UNIT
        most = share.max(axis=-1, keepdims=True)
        return np.minimum(1.0, y * np.expm1(share + most) + np.finfo(np.float32).tiny)
    steepest: Any = FUNCTIONS[a.function].slope
    if a.function == "rectify":
        steepest = np.maximum(1.0, np.abs(a.slopes))
    elif a.function == "elu":
        steepest = max(1.0, abs(a.alpha)) * abs(a.scale)
    if a.function == "log_softmax":
        r = r.max(axis=-1, keepdims=True)
        return steepest * r + (ULPS + x.shape[-1]) * UNIT * (np.abs(y) + np.abs(x))
    return steepest * r + ULPS * UNIT * (np.abs(y) + np.minimum(np.abs(x), 1.0))
