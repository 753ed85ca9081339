"""Each class of layer as operations: the one table of what can be imported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from skylayer.compiler.keras.activations import SELU_ALPHA, SELU_SCALE
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
from skylayer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from skylayer.compiler.keras.network import Operation, Shape

EPSILON = 1e-7  # keras.config.epsilon()
_OLD = 2  # the major version whose hard_sigmoid was steeper
_LEAST_WEIGHTS = 2


@dataclass(frozen=True)
class Layer:
    """A layer as the file describes it.

    Attributes:
        path: The file, for messages.
        kind: Its class.
        config: Its configuration.
        weights: Its arrays.
        keras: The major version that wrote it.
    """

    path: Path
    kind: str
    config: dict[str, Any]
    weights: list[NDArray[Any]]
    keras: int

    def cannot(self, why: str) -> NoReturn:
        """Refuse the model because of this layer."""
        raise UserError(
            f"{self.path} can't be imported: layer {self.config.get('name')!r} ({self.kind}) {why}."
        )

    def weight(self, position: int, shape: Shape) -> NDArray[np.float32]:
        """An array of the layer, which must have this shape."""
        if position >= len(self.weights):
            self.cannot("lacks its weights")
        array = self.weights[position]
        if array.shape != shape:
            self.cannot(f"has weights of the shape {array.shape} where {shape} is needed")
        if array.dtype != np.float32:
            self.cannot(f"has weights of {array.dtype}; float32 is read")
        if not np.isfinite(array).all():
            self.cannot("has weights that are no finite numbers")
        return np.ascontiguousarray(array)

    def number(self, name: str, default: float) -> float:
        """A number of the configuration; arrays of one number count."""
        value = _value(self.config.get(name, default))
        if value is None:
            return default
        array = np.asarray(value, dtype=np.float64)
        if array.size != 1 or not np.isfinite(array).all():
            self.cannot(f"has {name}={value!r}")
        return float(array.ravel()[0])


def operations_of(layer: Layer, shapes: list[Shape]) -> list[Operation]:
    """What a layer does, one after the other; nothing for a layer that only matters in training.

    Args:
        layer: As the file describes it.
        shapes: Of what it reads, for one row.

    Raises:
        UserError: It is of a class, or has a parameter, that has no equivalent; names both.
    """
    make = _LAYERS.get(layer.kind)
    if make is None:
        layer.cannot("has no native equivalent")
    policy = layer.config.get("dtype")
    name = policy["config"].get("name") if isinstance(policy, dict) else policy
    if name not in {None, "float32"} and layer.kind not in _IDLE:
        layer.cannot(f"computes in {name}; float32 is read")
    if layer.config.get("quantization_config") is not None:
        layer.cannot("is quantized")
    try:
        return make(layer, shapes)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        layer.cannot(f"is damaged: {error}")


def _activation(layer: Layer, value: Any) -> list[Operation]:
    """The operation of `activation=…`, which is a name or, in Keras 3, a layer by itself."""
    if isinstance(value, dict) and value.get("class_name") in _ACTIVATION_LAYERS:
        inner = Layer(layer.path, value["class_name"], value["config"], [], layer.keras)
        return _ACTIVATION_LAYERS[inner.kind](inner, [])
    if value is None or value == "linear":
        return []
    if value == "hard_sigmoid" and layer.keras <= _OLD:
        return [Activate("hard_sigmoid", alpha=0.2)]
    if not isinstance(value, str) or value not in _ACTIVATIONS:
        shown = (
            value if isinstance(value, str) else (value.get("config") if isinstance(value, dict) else value)
        )
        layer.cannot(f"has activation={shown!r}, which has no native equivalent")
    return [_ACTIVATIONS[value]]


_ACTIVATIONS: dict[str, Activate] = {
    "relu": Activate("rectify"),
    "relu6": Activate("rectify", maximum=6.0),
    "leaky_relu": Activate("rectify", slopes=0.2),
    "elu": Activate("elu"),
    "selu": Activate("elu", alpha=SELU_ALPHA, scale=SELU_SCALE),
    "swish": Activate("silu"),
    "hard_sigmoid": Activate("hard_sigmoid", alpha=1 / 6),
    "hard_silu": Activate("hard_silu", alpha=1 / 6),
    "hard_swish": Activate("hard_silu", alpha=1 / 6),
    **{
        name: Activate(name)
        for name in (
            "sigmoid", "tanh", "softmax", "log_softmax", "softplus", "softsign", "gelu", "silu", "exponential",
            "mish",
        )
    },
}  # fmt: skip


def _dense(layer: Layer, shapes: list[Shape]) -> list[Operation]:
    (shape,) = shapes
    if not shape:
        layer.cannot("reads a single number where a row of numbers is needed")
    units = int(layer.config["units"])
    kernel = layer.weight(0, (shape[-1], units))
    bias = layer.weight(1, (units,)) if layer.config.get("use_bias", True) else None
    return [Dense(kernel, bias), *_activation(layer, layer.config.get("activation"))]


def _batch_normalization(layer: Layer, shapes: list[Shape]) -> list[Operation]:
    width = _last_axis(layer, shapes[0], layer.config.get("axis", -1))
    kept = [layer.config.get(name, True) for name in ("scale", "center")]
    arrays = [layer.weight(k, (width,)).astype(np.float64) for k in range(sum(kept) + 2)]
    gamma = arrays[0] if kept[0] else np.ones(width)
    beta = arrays[sum(kept) - 1] if kept[1] else np.zeros(width)
    mean, variance = arrays[-2:]
    shifted = variance + layer.number("epsilon", 1e-3)
    if (shifted <= 0).any():
        layer.cannot("has a variance that isn't positive")
    return [Affine(mean, gamma / np.sqrt(shifted), beta)]


def _normalization(layer: Layer, shapes: list[Shape]) -> list[Operation]:
    axis = layer.config.get("axis", -1)
    width = 1 if axis in (None, [], ()) else _last_axis(layer, shapes[0], axis)
    given = [_value(layer.config.get(name)) for name in ("mean", "variance")]
    if any(value is None for value in given):
        if len(layer.weights) < _LEAST_WEIGHTS:
            layer.cannot("was never adapted to data")
        given = list(layer.weights[:2])
    mean, variance = (np.asarray(value, dtype=np.float32).astype(np.float64).ravel() for value in given)
    if mean.size not in {1, width} or variance.size not in {1, width}:
        layer.cannot("normalises other axes than the last")
    if not (np.isfinite(mean).all() and (variance >= 0).all()):
        layer.cannot("has a mean or variance that can't be")
    scale = np.maximum(np.sqrt(variance), EPSILON)
    none = np.zeros(1)
    if layer.config.get("invert"):
        return [Affine(none, scale, mean)]
    return [Affine(mean, 1.0 / scale, none)]


def _rescaling(layer: Layer, shapes: list[Shape]) -> list[Operation]:
    numbers = [
        np.asarray(_value(layer.config.get(name, 0.0)), dtype=np.float32) for name in ("scale", "offset")
    ]
    for array in numbers:
        if array.ndim > 1 or array.size not in {1, (shapes[0] or (1,))[-1]} or not np.isfinite(array).all():
            layer.cannot("has a scale or offset that doesn't fit")
    scale, offset = (array.astype(np.float64).ravel() for array in numbers)
    return [Affine(np.zeros(1), scale, offset)]


def _embedding(layer: Layer, _: list[Shape]) -> list[Operation]:
    return [Embed(layer.weight(0, (int(layer.config["input_dim"]), int(layer.config["output_dim"]))))]


def _flatten(layer: Layer, shapes: list[Shape]) -> list[Operation]:
    if layer.config.get("data_format", "channels_last") == "channels_first" and len(shapes[0]) > 1:
        layer.cannot("has data_format='channels_first'")
    return [Reshape((int(np.prod(shapes[0])),))]


def _reshape(layer: Layer, shapes: list[Shape]) -> list[Operation]:
    wanted, size = [int(n) for n in layer.config["target_shape"]], int(np.prod(shapes[0]))
    if wanted.count(-1) == 1:
        wanted[wanted.index(-1)] = size // abs(int(np.prod(wanted)))
    if int(np.prod(wanted)) != size:
        layer.cannot(f"makes {tuple(wanted)} of {shapes[0]}")
    return [Reshape(tuple(wanted))]


def _concatenate(layer: Layer, shapes: list[Shape]) -> list[Operation]:
    rank = len(shapes[0])
    axis = int(layer.config.get("axis", -1))
    axis = axis + rank if axis < 0 else axis - 1
    others = {tuple(n for k, n in enumerate(shape) if k != axis) for shape in shapes}
    if not 0 <= axis < rank or len(others) != 1 or any(len(shape) != rank for shape in shapes):
        layer.cannot("joins shapes that don't fit")
    return [Concatenate(axis)]


def _merge(kind: str) -> Callable[[Layer, list[Shape]], list[Operation]]:
    def make(layer: Layer, shapes: list[Shape]) -> list[Operation]:
        if len(set(shapes)) != 1:
            layer.cannot("joins different shapes")
        return [Merge(kind)]

    return make


def _pool(kind: str) -> Callable[[Layer, list[Shape]], list[Operation]]:
    def make(layer: Layer, shapes: list[Shape]) -> list[Operation]:
        if layer.config.get("data_format", "channels_last") == "channels_first":
            layer.cannot("has data_format='channels_first'")
        if len(shapes[0]) < 2:  # noqa: PLR2004 - positions and features
            layer.cannot(f"reads the shape {shapes[0]}")
        kept = [Reshape(tuple([1] * (len(shapes[0]) - 1) + [shapes[0][-1]]))]
        return [Pool(kind), *(kept if layer.config.get("keepdims") else [])]

    return make


def _relu(layer: Layer, _: list[Shape]) -> list[Operation]:
    if layer.number("threshold", 0.0):
        layer.cannot("has a threshold, where it jumps")
    most = layer.config.get("max_value")
    slope = layer.number("negative_slope", 0.0)
    return [Activate("rectify", slope, None if most is None else layer.number("max_value", 0.0))]


def _leaky(layer: Layer, _: list[Shape]) -> list[Operation]:
    return [
        Activate(
            "rectify", layer.number("negative_slope" if "negative_slope" in layer.config else "alpha", 0.3)
        )
    ]


def _prelu(layer: Layer, shapes: list[Shape]) -> list[Operation]:
    shared = layer.config.get("shared_axes") or []
    shape = tuple(1 if k + 1 in shared else n for k, n in enumerate(shapes[0]))
    return [Activate("rectify", np.broadcast_to(layer.weight(0, shape), shapes[0]))]


def _softmax(layer: Layer, shapes: list[Shape]) -> list[Operation]:
    axis = layer.config.get("axis", -1)
    if shapes:
        _last_axis(layer, shapes[0], axis)
    return [Activate("softmax")]


_IDLE = {
    "ActivityRegularization", "AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise", "Identity",
    "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D",
}  # fmt: skip
_ACTIVATION_LAYERS: dict[str, Callable[[Layer, list[Shape]], list[Operation]]] = {
    "ReLU": _relu,
    "LeakyReLU": _leaky,
    "ELU": lambda layer, _: [Activate("elu", alpha=layer.number("alpha", 1.0))],
    "Softmax": _softmax,
}
_LAYERS: dict[str, Callable[[Layer, list[Shape]], list[Operation]]] = {
    **dict.fromkeys(_IDLE, lambda _, __: []),
    **_ACTIVATION_LAYERS,
    "PReLU": _prelu,
    "Activation": lambda layer, _: _activation(layer, layer.config["activation"]),
    "Dense": _dense,
    "BatchNormalization": _batch_normalization,
    "Normalization": _normalization,
    "Rescaling": _rescaling,
    "Embedding": _embedding,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Concatenate": _concatenate,
    **{
        name.title(): _merge(name)
        for name in ("add", "subtract", "multiply", "average", "maximum", "minimum")
    },
    **{f"GlobalAveragePooling{n}D": _pool("average") for n in (1, 2, 3)},
    **{f"GlobalMaxPooling{n}D": _pool("maximum") for n in (1, 2, 3)},
}


def _last_axis(layer: Layer, shape: Shape, axis: Any) -> int:
    """How long the last axis is, which `axis` (counted with the batch) must be."""
    axes = list(axis) if isinstance(axis, list | tuple) else [axis]
    if axes not in ([-1], [len(shape)]) or not shape:
        layer.cannot(f"has axis={axis!r}; the last axis can be read")
    return shape[-1]


def _value(value: Any) -> Any:
    """A number or list of the configuration; Keras 3 writes an array as an object."""
    if isinstance(value, dict):
        return value["config"]["value"]
    return value
