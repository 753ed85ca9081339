"""From what a file holds to a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skylayer.compiler.keras.network import (
    Activate,
    Concatenate,
    Dense,
    Embed,
    Input,
    Network,
    Node,
    Pool,
    Reshape,
)
from skylayer.errors import UserError
from skylayer.formats.keras.layers import Layer, operations_of
from skylayer.formats.keras.topology import read_topology
from skylayer.train.tasks import first_line

if TYPE_CHECKING:
    from pathlib import Path

    from skylayer.compiler.keras.network import Operation, Shape
    from skylayer.formats.keras.files import Stored
    from skylayer.formats.keras.topology import Call, Tensor, Topology

MAXIMUM_VALUES = 10_000  # columns of a row
_SLOT_LIMIT = 2_000_000  # values that all layers together may write for a row
_WHOLE = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "bool")
_READS_MASKS = ("GlobalAveragePooling", "GlobalMaxPooling", "Softmax")


def parse(path: Path, stored: Stored) -> Network:
    """Understand a file.

    Raises:
        UserError: It holds something that has no equivalent, which it names, or what Keras never writes.
    """
    try:
        return _network(path, stored)
    except (TypeError, LookupError, ValueError, AttributeError, ArithmeticError) as error:
        raise UserError(
            f"{path} is cut off or damaged: its configuration is none of Keras: {type(error).__name__}: "
            f"{first_line(error)}."
        ) from error


def _network(path: Path, stored: Stored) -> Network:
    topology = read_topology(path, stored.config)
    _check_masks(path, topology)
    calls = {call.tensor: call for call in topology.calls}
    inputs = tuple(_input(path, calls[tensor], topology) for tensor in topology.inputs)
    places: dict[Tensor, int] = {tensor: k for k, tensor in enumerate(topology.inputs)}
    shapes: list[Shape] = [source.shape for source in inputs]
    nodes: list[Node] = []
    keras = int(stored.version.partition(".")[0]) if stored.version[:1].isdigit() else 3
    for call in topology.calls:
        if call.kind == "InputLayer":
            if call.tensor not in places:
                raise UserError(f"{path}: input {call.tensor[0]!r} is not among the model's inputs.")
            continue
        sources = tuple(places[source] for source in call.sources)
        layer = Layer(path, call.kind, call.config, stored.weights.get(call.tensor[0], []), keras)
        if not sources:
            layer.cannot("reads nothing")
        place = sources[0]
        for operation in operations_of(layer, [shapes[s] for s in sources]):
            shape = _shape(operation, [shapes[s] for s in sources])
            nodes.append(Node(call.tensor[0], sources, operation, shape))
            shapes.append(shape)
            place = len(shapes) - 1
            sources = (place,)
        places[call.tensor] = place
        if sum(int(np.prod(shape)) for shape in shapes) > _SLOT_LIMIT:
            layer.cannot("makes the network too large for one row")
    return Network(inputs, tuple(nodes), places[topology.output])


def _input(path: Path, call: Call, topology: Topology) -> Input:
    name, config = call.tensor[0], call.config
    full = config.get("batch_shape", config.get("batch_input_shape"))
    shape = tuple(full[1:]) if isinstance(full, list | tuple) and full else None
    if shape is None or not all(type(n) is int and n > 0 for n in shape):
        raise UserError(
            f"{path} can't be imported: input {name!r} takes rows of any length; a fixed number is needed."
        )
    if int(np.prod(shape)) > MAXIMUM_VALUES:
        raise UserError(f"{path} can't be imported: input {name!r} takes {np.prod(shape)} values a row.")
    policy = config.get("dtype") or "float32"
    dtype = policy["config"].get("name") if isinstance(policy, dict) else policy
    if dtype != "float32" and dtype not in _WHOLE:
        raise UserError(f"{path} can't be imported: input {name!r} takes values of {dtype}.")
    if config.get("sparse") or config.get("ragged"):
        raise UserError(f"{path} can't be imported: input {name!r} is sparse or ragged.")
    codes = [
        int(reader.config["input_dim"])
        for reader in topology.calls
        if reader.kind == "Embedding" and call.tensor in reader.sources
    ]
    return Input(name, shape, min(codes, default=None), bool(codes) or dtype in _WHOLE)


def _shape(operation: Operation, shapes: list[Shape]) -> Shape:
    match operation:
        case Dense(kernel):
            return (*shapes[0][:-1], kernel.shape[1])
        case Embed(rows):
            return (*shapes[0], rows.shape[1])
        case Reshape(shape):
            return shape
        case Concatenate(axis):
            joined = list(shapes[0])
            joined[axis] = sum(shape[axis] for shape in shapes)
            return tuple(joined)
        case Pool():
            return shapes[0][-1:]
        case Activate("softmax" | "log_softmax") if not shapes[0]:
            raise UserError("A softmax of a single number has no native equivalent.")
        case _:
            return shapes[0]


def _check_masks(path: Path, topology: Topology) -> None:
    """What an embedding masks, pooling leaves out: that depends on the row and isn't compiled."""
    masked = any(call.kind == "Embedding" and call.config.get("mask_zero") for call in topology.calls)
    for call in topology.calls:
        if masked and call.kind.startswith(_READS_MASKS):
            raise UserError(
                f"{path} can't be imported: layer {call.tensor[0]!r} ({call.kind}) leaves out what an "
                "Embedding with mask_zero=True masks."
            )
