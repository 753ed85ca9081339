"""What a file of Keras holds: the configuration, the version that wrote it, and each layer's weights.

Two layouts: the zip of Keras 3 (`config.json`, `metadata.json`, `model.weights.h5`, whose groups are named after the
classes of the layers and counted), and the HDF5 of Keras 2, which Keras 3 still writes (attribute `model_config`,
group `model_weights` by the layers' names).
"""

from __future__ import annotations

import io
import itertools
import json
import re
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer.errors import UserError
from skylayer.formats.budget import DEFAULT, Budget
from skylayer.formats.hdf5.inspection import open_hdf5
from skylayer.formats.recognition import ZIP_ERRORS

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"


@dataclass(frozen=True)
class Stored:
    """A model as it was written.

    Attributes:
        config: Of the whole model: `class_name` and `config`.
        version: Of Keras.
        weights: Arrays of each layer by its name, in the layer's own order.
    """

    config: dict[str, Any]
    version: str
    weights: dict[str, list[NDArray[Any]]]


def read_zip(path: Path, content: bytes, budget: Budget = DEFAULT) -> Stored:
    """A `.keras` file.

    Raises:
        UserError: It is cut off, damaged or too large.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            config = _json(path, _member(path, archive, CONFIG, budget))
            metadata = _json(path, _member(path, archive, METADATA, budget))
            weights = _member(path, archive, WEIGHTS, budget)
    except ZIP_ERRORS as error:
        raise UserError(f"{path} is cut off or damaged: {error}.") from error
    with open_hdf5(path, weights, budget) as file:
        return Stored(config, str(metadata.get("keras_version")), _by_class(path, file, config))


def read_hdf5(path: Path, content: bytes, budget: Budget = DEFAULT) -> Stored:
    """A `.h5` file with a model in it.

    Raises:
        UserError: It is cut off or damaged, or holds weights without a model.
    """
    with open_hdf5(path, content, budget) as file:
        if "model_config" not in file.attrs:
            raise UserError(
                f"{path} is HDF5 without a model: neither an export of Skylayer's nor a Keras model, which has "
                "an attribute model_config. Weights alone can't be imported: save the whole model."
            )
        config = _json(path, _text(file.attrs["model_config"]).encode())
        group = file["model_weights"]
        version = _text(group.attrs.get("keras_version", file.attrs.get("keras_version", "2")))
        names = _names(group, "layer_names")
        weights = {
            name: [np.asarray(group[name][weight]) for weight in _names(group[name], "weight_names")]
            for name in names
        }
    return Stored(config, version, weights)


def _by_class(path: Path, file: Any, config: dict[str, Any]) -> dict[str, list[NDArray[Any]]]:
    """The weights of `model.weights.h5`: by the name that a group says, in old files by counting classes."""
    groups = file.get("layers", file.get("_layer_checkpoint_dependencies"))
    if groups is None:
        raise UserError(f"{path} is damaged: {WEIGHTS} has no layers.")
    said = {_text(group["vars"].attrs["name"]): group for group in groups.values() if _is_named(group)}
    found: dict[str, list[NDArray[Any]]] = {}
    counts: dict[str, int] = {}
    for layer in _layers(path, config):
        snake = _snake(str(layer["class_name"]))
        count = counts[snake] = counts.get(snake, -1) + 1
        name = layer["config"]["name"]
        group = said.get(name) or (None if said else groups.get(f"{snake}_{count}" if count else snake))
        variables = {} if group is None or "vars" not in group else group["vars"]
        found[name] = [np.asarray(variables[str(k)]) for k in range(len(variables))]
    return found


def _is_named(group: Any) -> bool:
    return "vars" in group and "name" in group["vars"].attrs


def _layers(path: Path, config: dict[str, Any]) -> list[dict[str, Any]]:
    layers = config["config"].get("layers") if isinstance(config.get("config"), dict) else None
    if not isinstance(layers, list) or not all(
        isinstance(layer, dict)
        and isinstance(layer.get("config"), dict)
        and isinstance(layer["config"].get("name"), str)
        for layer in layers
    ):
        raise UserError(f"{path} holds a {config.get('class_name')}, which is no network of named layers.")
    return layers


def _snake(name: str) -> str:
    """keras.src.utils.naming.to_snake_case."""
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def _names(group: Any, attribute: str) -> list[str]:
    """A list of names, which Keras cuts into several attributes where it is too long for one."""
    if attribute in group.attrs:
        return [_text(name) for name in group.attrs[attribute]]
    parts = itertools.takewhile(group.attrs.__contains__, (f"{attribute}{k}" for k in itertools.count()))
    return [_text(name) for part in parts for name in group.attrs[part]]


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _member(path: Path, archive: zipfile.ZipFile, name: str, budget: Budget) -> bytes:
    size = archive.getinfo(name).file_size
    if size > budget.expansion:
        raise UserError(f"{path} was not opened: its {name} is {size / 1e9:.1f} GB (EXPANSION=).")
    with archive.open(name) as member:
        return member.read(size)


def _json(path: Path, content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is damaged: its configuration is not JSON.") from error
    if not isinstance(value, dict):
        raise UserError(f"{path} is damaged: its configuration is not an object.")
    return value
