"""Arrays, containers and numbers out of the records of a pickle, each built by hand from checked data."""

from __future__ import annotations

import collections
import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse  # type: ignore[import-untyped]

from skylayer.compiler.universal_functions import COMPARED, SCALED, UNARY
from skylayer.formats.pickles.records import Array, Damaged, Global, Made

if TYPE_CHECKING:
    from collections.abc import Callable

_DEPTH = 150
_BUILTINS = {"builtins", "__builtin__"}
_TYPES = {"object": object, "float": float, "int": int, "str": str, "bool": bool}
_BASE_TYPE = re.compile(r"[?biufcSUVOMm]\d*|[biufc]\d+|b1|f16")
_UFUNCS = {function.__name__: function for function in (*UNARY, *COMPARED, *SCALED)}


class Refused(Exception):
    """The file holds what can't be read as data: the message names it."""


class Values:
    """Turns records into values; an object that the file names twice comes out once."""

    def __init__(self, make: Callable[[Values, Made], Any], refer: Callable[[Global], Any]) -> None:
        """`make` and `refer` get what is neither numpy's, scipy's nor Python's own."""
        self._make, self._refer = make, refer
        self._known: dict[int, Any] = {}
        self._kept: list[Any] = []  # so that no id is used twice
        self._open: set[int] = set()

    def value(self, record: Any) -> Any:
        """The value of a record.

        Raises:
            Refused: It is of a class, or calls a function, that is not on the list.
        """
        if record is None or isinstance(record, bool | int | float | complex | str | bytes):
            return record
        key = id(record)
        if key in self._known:
            return self._known[key]
        if key in self._open:
            raise Refused("it refers to itself")
        if len(self._open) > _DEPTH:
            raise Refused("it is nested too deep")
        self._open.add(key)
        try:
            value = self._of(record)
        finally:
            self._open.discard(key)
        self._known[key] = value
        self._kept.append(record)
        return value

    def apart(self, record: Any) -> Any:
        """The value of a record that nothing else refers to, which then isn't kept: a forest is large."""
        return Values(self._make, self._refer).value(record)

    def _of(self, record: Any) -> Any:
        for kind, read in _READERS:
            if isinstance(record, kind):
                return read(self, record)
        raise Refused(f"a {type(record).__name__} in it")

    def _list(self, record: list[Any]) -> list[Any]:
        return [self.value(item) for item in record]

    def _tuple(self, record: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(self.value(item) for item in record)

    def _dict(self, record: dict[Any, Any]) -> dict[Any, Any]:
        return {self.value(key): self.value(value) for key, value in record.items()}

    def _set(self, record: Any) -> Any:
        return type(record)(self.value(item) for item in record)

    def _plain(self, record: Any) -> Any:
        """What the files of skops hold beside their schema."""
        return record

    def _bytearray(self, record: bytearray) -> bytes:
        return bytes(record)

    def _reference(self, name: Global) -> Any:
        if name.module in _BUILTINS and name.name in _TYPES:
            return _TYPES[name.name]
        if name.module == "numpy":
            found = getattr(np, name.name.removesuffix("_"), None)
            if isinstance(found, type) and issubclass(found, np.generic):
                return found
        if name.module.startswith("numpy") and name.name in _UFUNCS:
            return _UFUNCS[name.name]
        return self._refer(name)

    def _made(self, made: Made) -> Any:
        for modules, name, read in _MAKERS:
            if modules.fullmatch(made.maker.module) and name.fullmatch(made.maker.name):
                return read(self, made)
        return self._make(self, made)

    def _frombuffer(self, made: Made) -> Any:
        content, dtype, shape, order = made.arguments
        return filled(bytes(content), self.dtype(dtype), shape, order)

    def _function(self, made: Made) -> Any:
        return self._reference(Global("numpy", str(made.arguments[1])))

    def _generator(self, _: Made) -> None:
        """What an estimator drew with; no prediction draws again."""

    def _encoded(self, made: Made) -> bytes:
        """Bytes in a pickle of protocol 2."""
        return _bytes(made.arguments[0])

    def _reconstructed(self, made: Made) -> Any:
        """An object as protocols 0 and 1 make it."""
        if not isinstance(made.arguments[0], Global):
            raise Refused(f"{made.maker} of no class")
        return self._made(Made(made.arguments[0], (), {}, made.state, made.items, made.pairs))

    def _container(self, made: Made) -> Any:
        name = made.maker.name
        # A default factory is code; what it would have made is in the pairs.
        arguments = [] if name == "defaultdict" else [self.value(argument) for argument in made.arguments]
        items = [self.value(item) for item in made.items]
        pairs = [(self.value(key), self.value(value)) for key, value in made.pairs]
        if name in {"list", "tuple", "set", "frozenset"}:
            kind = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}[name]
            return kind([*(arguments[0] if arguments else ()), *items])
        if name in {"dict", "OrderedDict", "defaultdict", "Counter"}:
            given = arguments[0] if arguments else ()
            return dict(given) | dict(pairs)
        if name == "deque":
            return collections.deque([*(arguments[0] if arguments else ()), *items])
        if name == "bytearray":
            (text, *_) = arguments or [b""]
            return text.encode("latin1") if isinstance(text, str) else bytes(text)
        if name == "slice":
            return slice(*arguments)
        if name == "complex":
            return complex(*arguments)
        raise Refused(f"{made.maker}")

    def dtype(self, record: Any) -> Any:
        """The type of an array, in numpy."""
        if isinstance(record, Global):
            return np.dtype(self._reference(record))
        if not isinstance(record, Made) or record.maker != Global("numpy", "dtype"):
            raise Refused("an array of an unknown type")
        base = record.arguments[0]
        if isinstance(base, Global):
            return np.dtype(self._reference(base))
        if not isinstance(base, str) or not _BASE_TYPE.fullmatch(base):
            raise Refused(f"an array of the type {base!r:.40}")
        state: Any = record.state or (3, "|", None, None, None, -1)
        _, order, inner, names, fields, size, *rest = state
        if inner is not None:
            raise Refused("an array of arrays")
        if names is None:
            return _plain_type(base, order, rest)
        layout: Any = {
            "names": list(names),
            "formats": [self.dtype(fields[name][0]) for name in names],
            "offsets": [fields[name][1] for name in names],
            "itemsize": size,
        }
        return np.dtype(layout)

    def _array(self, made: Made) -> Any:
        if made.arguments[0] != Global("numpy", "ndarray"):
            raise Refused(f"{made.arguments[0]}")
        if made.state is None:
            raise Damaged("an array without content")
        shape, dtype, fortran, content = made.state[-4:]
        kind = self.dtype(dtype)
        if kind.hasobject:
            return self._objects(content, shape, "F" if fortran else "C")
        return filled(_bytes(content), kind, shape, "F" if fortran else "C")

    def _joblib_array(self, array: Array) -> Any:
        kind = self.dtype(array.dtype)
        if kind.hasobject:
            return self.value(array.content)
        return filled(array.content, kind, array.shape, array.order)

    def _objects(self, content: Any, shape: Any, order: str) -> Any:
        if not isinstance(content, list) or math.prod(shape) != len(content):
            raise Damaged("an array has not as many values as its shape says")
        values = np.empty(len(content), dtype=object)
        for index, item in enumerate(content):
            values[index] = self.value(item)
        return values.reshape(shape, order=order)  # type: ignore[call-overload]

    def _scalar(self, made: Made) -> Any:
        dtype, content = made.arguments
        kind = self.dtype(dtype)
        if kind.hasobject:
            return self.value(content)
        return filled(_bytes(content), kind, (1,), "C")[0]

    def _sparse(self, made: Made) -> Any:
        state = {key: self.value(value) for key, value in (made.state or {}).items()}
        kind = made.maker.name.partition("_")[0]
        shape = state.get("_shape") or state.get("shape")
        try:
            if kind in {"csr", "csc"}:
                build = scipy.sparse.csr_matrix if kind == "csr" else scipy.sparse.csc_matrix
                matrix = build((state["data"], state["indices"], state["indptr"]), shape=shape)
                matrix.check_format(full_check=True)
                return matrix
            if kind == "dia":
                return scipy.sparse.dia_matrix((state["data"], state["offsets"]), shape=shape)
            if kind == "coo":
                return scipy.sparse.coo_matrix((state["data"], (state["row"], state["col"])), shape=shape)
        except (KeyError, ValueError, TypeError, IndexError) as error:
            raise Damaged(f"a sparse matrix of it is none: {error}") from error
        raise Refused(f"{made.maker}")

    def _index(self, made: Made) -> Any:
        """An index of pandas as an array, which estimators keep of column names."""
        if made.maker.name == "_new_Index":
            return np.asarray(self.value(made.arguments[1]["data"]))
        raise Refused(f"{made.maker}")


_READERS: tuple[tuple[Any, Callable[[Values, Any], Any]], ...] = (
    (list, Values._list),  # noqa: SLF001
    (tuple, Values._tuple),  # noqa: SLF001
    (dict, Values._dict),  # noqa: SLF001
    ((set, frozenset), Values._set),  # noqa: SLF001
    (bytearray, Values._bytearray),  # noqa: SLF001
    (Array, Values._joblib_array),  # noqa: SLF001
    ((np.ndarray, np.generic, np.dtype), Values._plain),  # noqa: SLF001
    (Global, Values._reference),  # noqa: SLF001
    (Made, Values._made),  # noqa: SLF001
)
# Modules moved between versions of numpy, and Python 2 named some otherwise.
_MAKERS: tuple[tuple[re.Pattern[str], re.Pattern[str], Callable[[Values, Made], Any]], ...] = tuple(
    (re.compile(modules), re.compile(name), read)
    for modules, name, read in (
        (r"numpy\._?core\.(multiarray|_multiarray_umath)", "_reconstruct", Values._array),  # noqa: SLF001
        (r"numpy\._?core\.(multiarray|_multiarray_umath)", "scalar", Values._scalar),  # noqa: SLF001
        (r"numpy\._?core\.numeric", "_frombuffer", Values._frombuffer),  # noqa: SLF001
        (r"numpy", "dtype", Values.dtype),
        (r"numpy\._?core", "_ufunc_reconstruct", Values._function),  # noqa: SLF001
        (r"numpy\.random\..*", ".*", Values._generator),  # noqa: SLF001
        (r"_codecs", "encode", Values._encoded),  # noqa: SLF001
        (r"builtins|__builtin__|collections", ".*", Values._container),  # noqa: SLF001
        (r"copy_?reg", "_reconstructor", Values._reconstructed),  # noqa: SLF001
        (r"scipy\.sparse(\._?\w+)?", r"\w+_(matrix|array)", Values._sparse),  # noqa: SLF001
        (r"pandas\..*", ".*", Values._index),  # noqa: SLF001
    )
)


def _plain_type(base: str, order: str, rest: list[Any]) -> np.dtype[Any]:
    unit = rest[2] if len(rest) > 2 else None  # noqa: PLR2004 - alignment, flags, then the unit of a time
    if base[0] in "Mm" and unit:
        # (metadata, (unit, count, …)); text of Python 2 is bytes.
        name = unit[1][0]
        return np.dtype(f"{base}[{_bytes(name).decode()}]")
    kind = np.dtype(base)
    return kind.newbyteorder(order) if order in {"<", ">"} else kind  # type: ignore[arg-type]


def _bytes(content: Any) -> bytes:
    if isinstance(content, Made) and content.maker == Global("_codecs", "encode"):
        # Bytes in a pickle of protocol 2.
        content = content.arguments[0]
    if isinstance(content, Made) and content.maker.name == "bytes" and not content.arguments:
        return b""
    if isinstance(content, str):
        return content.encode("latin1")
    if isinstance(content, bytes | bytearray):
        return bytes(content)
    raise Damaged("an array whose content is no bytes")


def filled(content: bytes, dtype: np.dtype[Any], shape: Any, order: Any) -> Any:
    """An array of its own, in this machine's byte order.

    Args:
        content: Its bytes.
        dtype: Of no objects.
        shape: Of whole numbers.
        order: `F` or `C`.

    Raises:
        Damaged: The content is not as long as the shape says.
    """
    if not all(type(length) is int and length >= 0 for length in shape):
        raise Damaged("an array has no such shape")
    if dtype.hasobject or math.prod(shape) * dtype.itemsize != len(content):
        raise Damaged("an array has not as many bytes as its shape says")
    array = np.frombuffer(content, dtype).reshape(shape, order="F" if order == "F" else "C")
    return array.astype(dtype.newbyteorder("="), order="K", copy=True)
