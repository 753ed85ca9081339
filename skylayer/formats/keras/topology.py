"""Which layer reads which, from the configuration of a Sequential or Functional model of Keras 2 or 3."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from skylayer.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

Tensor = tuple[str, int]  # a layer's name, and which of its calls
_PLAIN_CLASSES = {"Sequential", "Functional", "Model"}


@dataclass(frozen=True)
class Call:
    """One call of one layer.

    Attributes:
        tensor: What its result is known by.
        kind: The layer's class.
        config: The layer's configuration.
        sources: What it reads.
    """

    tensor: Tensor
    kind: str
    config: dict[str, Any]
    sources: tuple[Tensor, ...]


@dataclass(frozen=True)
class Topology:
    """Calls in an order in which each finds its sources; inputs are calls of InputLayer."""

    calls: tuple[Call, ...]
    inputs: tuple[Tensor, ...]
    output: Tensor


def read_topology(path: Path, config: dict[str, Any]) -> Topology:
    """The calls that a model's configuration describes.

    Raises:
        UserError: The model is of a class of its own, has several outputs, or is damaged.
    """
    kind, inner = config.get("class_name"), config.get("config")
    if kind not in _PLAIN_CLASSES:
        raise UserError(
            f"{path} holds a model of the class {kind}; a Sequential or Functional model of Keras can be imported."
        )
    try:
        if kind == "Sequential":
            return _chain(inner if isinstance(inner, list) else inner["layers"])  # type: ignore[index]
        return _graph(path, inner)  # type: ignore[arg-type]
    except (KeyError, TypeError, IndexError, AttributeError, ValueError) as error:
        raise UserError(f"{path} is damaged: its configuration lacks {error}.") from error


def _chain(layers: list[dict[str, Any]]) -> Topology:
    calls: list[Call] = []
    if layers and layers[0]["class_name"] != "InputLayer":
        # Early versions of Keras 2 say the shape of a row in the first layer.
        first = layers[0]["config"]
        shape = {"name": "input", "batch_shape": first["batch_input_shape"], "dtype": first.get("dtype")}
        calls.append(Call(("input", 0), "InputLayer", shape, ()))
    for layer in layers:
        before = (calls[-1].tensor,) if calls else ()
        calls.append(Call((layer["config"]["name"], 0), layer["class_name"], layer["config"], before))
    return Topology(tuple(calls), (calls[0].tensor,), calls[-1].tensor)


def _graph(path: Path, config: dict[str, Any]) -> Topology:
    waiting = [
        Call((layer["name"], k), layer["class_name"], layer["config"], sources)
        for layer in config["layers"]
        for k, sources in enumerate(_inbound(path, layer))
    ]
    calls: list[Call] = []
    known: set[Tensor] = set()
    while waiting:
        ready = [call for call in waiting if known.issuperset(call.sources)]
        if not ready:
            raise UserError(f"{path} is damaged: layer {waiting[0].tensor[0]!r} reads what nothing writes.")
        calls += ready
        known.update(call.tensor for call in ready)
        waiting = [call for call in waiting if call.tensor not in known]
    outputs = _ends(config["output_layers"])
    if len(outputs) != 1:
        raise UserError(f"{path} has {len(outputs)} outputs; a model of one output can be served.")
    inputs = _ends(config["input_layers"])
    if not known.issuperset((*inputs, *outputs)):
        raise UserError(f"{path} is damaged: its inputs or outputs aren't among its layers.")
    return Topology(tuple(calls), inputs, outputs[0])


def _ends(value: Any) -> tuple[Tensor, ...]:
    """Inputs or outputs: one, a list, or a dictionary of `[layer, call, tensor]`."""
    if isinstance(value, dict):
        return tuple(tensor for inner in value.values() for tensor in _ends(inner))
    if value and isinstance(value[0], str):
        return ((value[0], int(value[1])),)
    return tuple(tensor for inner in value for tensor in _ends(inner))


def _inbound(path: Path, layer: dict[str, Any]) -> list[tuple[Tensor, ...]]:
    """What each call of a layer reads."""
    if layer["class_name"] == "InputLayer":
        return [()]
    found = []
    for node in layer["inbound_nodes"]:
        if isinstance(node, dict):
            options = [node["kwargs"]]
            sources = tuple(_tensors(node["args"]))
        else:
            # Keras 2: [layer, call, tensor, options] for each, or one such entry by itself.
            entries = [node] if node and isinstance(node[0], str) else node
            options = [entry[3] for entry in entries if len(entry) > 3]  # noqa: PLR2004
            sources = tuple((entry[0], int(entry[1])) for entry in entries)
        said = sorted(name for each in options for name, value in each.items() if value not in (None, False))
        if said:
            raise UserError(f"{path}: layer {layer['name']!r} is called with {', '.join(said)}.")
        found.append(sources)
    return found


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
        name, call, _ = value["config"]["keras_history"]
        return [(name, int(call))]
    if isinstance(value, list | tuple):
        return [tensor for inner in value for tensor in _tensors(inner)]
    raise ValueError("a layer's inputs")
