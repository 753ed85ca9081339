"""What a skops file holds, as the records that a pickle of it would give, so that one list decides what is made.

A skops file is a zip: `schema.json` describes each object by the loader that skops would use for it, and arrays are
files beside it (https://skops.readthedocs.io/en/stable/persistence.html). No loader of skops's runs.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer.formats.budget import DEFAULT, Budget
from skylayer.formats.pickles.records import Damaged, Global, Made, Records
from skylayer.formats.pickles.values import Refused, filled

if TYPE_CHECKING:
    from collections.abc import Callable

    Node = dict[str, Any]

SCHEMA = "schema.json"
_NUMPY = Global("numpy", "ndarray")
_RECONSTRUCT = Global("numpy._core.multiarray", "_reconstruct")
_OBJECTS = Made(Global("numpy", "dtype"), ("O8", False, True))
_GENERATOR = Made(Global("numpy.random._pickle", "__generator_ctor"), ())
_CONTAINERS = {"DictNode": "dict", "ListNode": "list", "TupleNode": "tuple", "SetNode": "set"}
_KEYS: dict[str, Callable[[str], Any]] = {"str": str, "int": int, "float": float}


def interpret(content: bytes, budget: Budget = DEFAULT) -> Records:
    """Read a skops file.

    Raises:
        Damaged: It is no whole zip, its schema is none, or what is in it is larger than its budget.
        Refused: It holds what has no record, or is nested too deep.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_size(archive, budget)
            schema = _Schema(archive)
            schema.found.value = schema.record(json.loads(archive.read(SCHEMA)))
    except (Damaged, Refused, MemoryError):
        raise
    except RecursionError as error:
        raise Refused("it is nested too deep") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise Damaged(str(error)) from error
    except Exception as error:  # a schema that skops does not write raises what it leads to
        raise Damaged(f"its schema is none of skops: {type(error).__name__}: {error}") from error
    return schema.found


def _check_size(archive: zipfile.ZipFile, budget: Budget) -> None:
    if sum(member.file_size for member in archive.infolist()) > budget.expansion:
        raise Damaged(f"it holds more than {budget.expansion / 1e9:.1f} GB (EXPANSION=)")


class _Schema:
    """Records of the nodes of a schema; what skops wrote twice under one number comes out once."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.found = Records()
        self._archive = archive
        self._known: dict[tuple[Any, str], Any] = {}

    def record(self, node: Node) -> Any:
        """The record of a node and of all in it."""
        loader = str(node["__loader__"])
        key = (node.get("__id__"), loader)
        if loader == "CachedNode":
            return next(record for (number, _), record in self._known.items() if number == key[0])
        if key[0] is not None and key in self._known:
            return self._known[key]
        name = Global(str(node["__module__"]), str(node["__class__"]))
        if loader in _CONTAINERS:
            record = self._container(node, name, _CONTAINERS[loader])
        elif loader in _READERS:
            record = _READERS[loader](self, node, name)
        else:
            # Refused by name when it is to be made, with all the names that are in it.
            self._names_in(node)
            record = Made(Global(name.module, f"{name.name} ({loader})"), ())
        if key[0] is not None:
            self._known[key] = record
        return record

    def _names_in(self, node: Node) -> None:
        waiting: list[Any] = [node]
        while waiting:
            current = waiting.pop()
            if isinstance(current, dict):
                if "__class__" in current:
                    self._named(Global(str(current.get("__module__")), str(current["__class__"])))
                waiting += current.values()
            elif isinstance(current, list):
                waiting += current

    def _named(self, name: Global) -> Global:
        self.found.names.add(str(name))
        return name

    def _container(self, node: Node, name: Global, kind: str) -> Any:
        if kind == "dict":
            keys = [
                Global(str(key["__module__"]), str(key["__class__"])) for key in node["key_types"]["content"]
            ]
            pairs = [
                (_key(kind_of_key, text), self.record(value))
                for kind_of_key, (text, value) in zip(keys, node["content"].items(), strict=True)
            ]
            if name == Global("builtins", "dict"):
                return dict(pairs)
            return Made(self._named(name), (), pairs=pairs)
        items = [self.record(item) for item in node["content"]]
        if name == Global("builtins", kind):
            return {"list": list, "tuple": tuple}.get(kind, _set)(items)
        return Made(self._named(name), (), items=items)

    def _json(self, node: Node, _: Global) -> Any:
        value = json.loads(node["content"])
        if not (value is None or isinstance(value, bool | int | float | str)):
            raise Damaged("a plain value that is none")
        return value

    def _object(self, node: Node, name: Global) -> Made:
        content = node.get("content")
        state = None if content is None else self.record(content)
        if isinstance(state, dict) and isinstance(version := state.get("_sklearn_version"), str):
            self.found.versions.add(version)
        return Made(self._named(name), (), state=state)

    def _reduced(self, node: Node, name: Global) -> Made:
        arguments = self.record(node["__reduce__"]["args"])
        return Made(self._named(name), arguments, state=self.record(node["content"]))

    def _reference(self, _: Node, name: Global) -> Global:
        return self._named(name)

    def _partial(self, node: Node, _: Global) -> Made:
        content = node["content"]
        maker = self._named(Global("functools", "partial"))
        return Made(maker, (self.record(content["func"]), *self.record(content["args"])))

    def _slice(self, node: Node, _: Global) -> Made:
        content = node["content"]
        return Made(Global("builtins", "slice"), (content["start"], content["stop"], content["step"]))

    def _bytes(self, node: Node, _: Global) -> bytes:
        return self._archive.read(node["file"])

    def _array(self, node: Node, name: Global) -> Any:
        if node["type"] == "json":
            shape = self.record(node["shape"])
            items = _flat([self.record(item) for item in node["content"]], len(shape))
            return Made(_RECONSTRUCT, (_NUMPY, (0,), b"b"), state=(1, shape, _OBJECTS, False, items))
        array = _npy(self._archive.read(node["file"]))
        return array if name == _NUMPY else array[()]

    def _dtype(self, node: Node, _: Global) -> Any:
        content = node["content"]
        if content["type"] == "json":
            return np.dtype(object)
        return _npy(self._archive.read(content["file"])).dtype

    def _sparse(self, node: Node, name: Global) -> Made:
        with zipfile.ZipFile(io.BytesIO(self._archive.read(node["file"]))) as inner:
            arrays = {member.removesuffix(".npy"): _npy(inner.read(member)) for member in inner.namelist()}
        kind = arrays.pop("format").item().decode()
        state = arrays | {"_shape": tuple(arrays.pop("shape").tolist())}
        return Made(Global(name.module, f"{kind}_matrix"), (), state=state)

    def _generator(self, _: Node, __: Global) -> Made:
        return _GENERATOR

    def _masked(self, _: Node, __: Global) -> Made:
        return Made(self._named(Global("numpy.ma", "MaskedArray")), ())


_READERS: dict[str, Callable[[_Schema, Node, Global], Any]] = {
    "JsonNode": _Schema._json,  # noqa: SLF001
    "ObjectNode": _Schema._object,  # noqa: SLF001
    "TreeNode": _Schema._reduced,  # noqa: SLF001
    "LossNode": _Schema._reduced,  # noqa: SLF001
    "FunctionNode": _Schema._reference,  # noqa: SLF001
    "TypeNode": _Schema._reference,  # noqa: SLF001
    "PartialNode": _Schema._partial,  # noqa: SLF001
    "SliceNode": _Schema._slice,  # noqa: SLF001
    "BytesNode": _Schema._bytes,  # noqa: SLF001
    "BytearrayNode": _Schema._bytes,  # noqa: SLF001
    "NdArrayNode": _Schema._array,  # noqa: SLF001
    "DTypeNode": _Schema._dtype,  # noqa: SLF001
    "SparseMatrixNode": _Schema._sparse,  # noqa: SLF001
    "RandomStateNode": _Schema._generator,  # noqa: SLF001
    "RandomGeneratorNode": _Schema._generator,  # noqa: SLF001
    "MaskedArrayNode": _Schema._masked,  # noqa: SLF001
}


def _key(kind: Global, text: str) -> Any:
    if kind.module == "numpy" and kind.name.startswith(("int", "uint")):
        return int(text)
    if kind == Global("numpy", "str_"):
        return text
    if kind.module != "builtins" or kind.name not in _KEYS:
        raise Refused(f"a dictionary by {kind}")
    return _KEYS[kind.name](text)


def _set(items: list[Any]) -> Made:
    return Made(Global("builtins", "set"), (), items=items)


def _flat(items: list[Any], dimensions: int) -> list[Any]:
    for _ in range(dimensions - 1):
        items = [item for inner in items for item in inner]
    return items


def _npy(content: bytes) -> Any:
    """An array in numpy's own format, which holds no objects."""
    file = io.BytesIO(content)
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, kind = read(file)
    return filled(content[file.tell() :], kind, shape, "F" if fortran else "C")
