"""Lists of JSON values as typed datasets, and back without a loss.

| `encoding` | values | dataset |
|---|---|---|
| `number` | floats, None | float64, NaN for None; two axes for rows of equal length |
| `integer` | integers within 64 bits | int64 |
| `boolean` | true and false | uint8 |
| `text` | texts | UTF-8 of variable length |
| `json` | anything else | each value as a JSON text |
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

ENCODING = "encoding"
_COMPRESSED_FROM = 1024  # bytes; below, a chunk's own index is larger


def store(group: Any, name: str, array: Any) -> Any:
    """An array as a dataset of an h5py group, compressed where that pays."""
    options = {"compression": "gzip", "shuffle": True} if array.nbytes >= _COMPRESSED_FROM else {}
    return group.create_dataset(name, data=array, **options)


def store_text(group: Any, name: str, text: str) -> None:
    """A single text as a dataset without axes."""
    import h5py  # noqa: PLC0415 - an optional package

    group.create_dataset(name, data=text, dtype=h5py.string_dtype())


def read_text(item: Any) -> str:
    """What `store_text` wrote.

    Raises:
        ValueError: It is something else.
    """
    value = item.asstr()[()]
    if not isinstance(value, str):
        raise TypeError(f"{item.name} must be a single text")
    return value


def write_values(group: Any, name: str, values: list[Any]) -> Any:
    """A list of JSON values as a dataset with its encoding as an attribute."""
    import h5py  # noqa: PLC0415

    encoding = _encoding(values)
    if encoding in {"text", "json"}:
        texts = values if encoding == "text" else [json.dumps(value, allow_nan=False) for value in values]
        dataset = group.create_dataset(name, data=np.asarray(texts, dtype=object), dtype=h5py.string_dtype())
    else:
        dataset = store(group, name, np.asarray(values, dtype=_TYPES[encoding]))
    dataset.attrs[ENCODING] = encoding
    return dataset


def read_values(dataset: Any) -> list[Any]:
    """What `write_values` wrote.

    Raises:
        ValueError: The dataset is of another type than its encoding says.
    """
    encoding = dataset.attrs[ENCODING]
    if encoding in {"text", "json"}:
        texts = [str(text) for text in dataset.asstr()[()]]
        return texts if encoding == "text" else [json.loads(text) for text in texts]
    if dataset.dtype != _TYPES[encoding]:
        raise ValueError(f"{dataset.name} is {dataset.dtype} and says {encoding}")
    values: list[Any] = dataset[()].tolist()
    if encoding == "boolean":
        return [bool(value) for value in values]
    return [_without_nan(value) for value in values] if encoding == "number" else values


_TYPES: dict[str, np.dtype[Any]] = {
    "number": np.dtype("<f8"),
    "integer": np.dtype("<i8"),
    "boolean": np.dtype("u1"),
}
_INT64 = 2**63


def _encoding(values: list[Any]) -> str:
    kinds = set(map(type, values))
    if kinds == {str} and not any("\0" in text or _is_lone(text) for text in values):
        return "text"
    if kinds == {bool}:
        return "boolean"
    if kinds == {int} and all(-_INT64 <= value < _INT64 for value in values):
        return "integer"
    if float in kinds and kinds <= {float, type(None)}:
        return "number"
    if kinds == {list} and len({len(row) for row in values}) == 1 and all(values):
        inner = {type(value) for row in values for value in row}
        if float in inner and inner <= {float, type(None)}:
            return "number"
    return "json"


def _is_lone(text: str) -> bool:
    """Whether half of a surrogate pair stands in a text, which UTF-8 can't hold."""
    return any("\ud800" <= character <= "\udfff" for character in text)


def _without_nan(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_nan(inner) for inner in value]
    return None if value != value else value  # noqa: PLR0124 - NaN
