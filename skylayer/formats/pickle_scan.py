"""What a pickle would import, found without importing or calling any of it.

The pickle is run by Python's own interpreter of pickles, written in Python, where every class that it asks for
is an inert stand-in: it takes any arguments and does nothing. joblib writes the bytes of arrays between the
pickle's operations; the stand-in of its wrapper steps over them.
"""

from __future__ import annotations

import io
import math
import pickle
import re
import struct
from dataclasses import dataclass, field
from typing import Any

_WRAPPER = ("joblib.numpy_pickle", "NumpyArrayWrapper")
_DTYPE = ("numpy", "dtype")
_MAX_DEPTH = 20


@dataclass
class Audit:
    """What is in a pickle.

    Attributes:
        names: Every `module.name` that it imports, sorted.
        versions: Each version of scikit-learn that an estimator in it says it was written by.
    """

    names: list[str] = field(default_factory=list)
    versions: set[str] = field(default_factory=set)


class Damaged(Exception):
    """The bytes are no pickle, or not a whole one."""


def scan(content: bytes) -> Audit:
    """List what a pickle, as it is or as joblib writes it, would import.

    Raises:
        Damaged: It ends early or holds what no pickle holds.
    """
    found = Audit()
    _run(io.BytesIO(content), found, 0)
    found.names = sorted(set(found.names))
    return found


def _run(file: io.BytesIO, found: Audit, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise Damaged("pickles within pickles too deep")
    try:
        _Interpreter(file, found, depth).load()
    except Damaged:
        raise
    except (EOFError, struct.error) as error:
        raise Damaged("it ends early") from error
    except Exception as error:  # a damaged pickle raises whatever its bytes lead to
        raise Damaged(f"{type(error).__name__}: {error}") from error


class _Interpreter(pickle._Unpickler):  # noqa: SLF001
    """Runs a pickle with stand-ins."""

    def __init__(self, file: io.BytesIO, found: Audit, depth: int) -> None:
        super().__init__(file, encoding="latin1")
        self._file, self._found, self._depth = file, found, depth

    def find_class(self, module: str, name: str) -> Any:
        """A stand-in for whatever the pickle asks for."""
        self._found.names.append(f"{module}.{name}")
        members = {"found": self._found, "skip": self._skip if (module, name) == _WRAPPER else None}
        return type("StandIn", (_StandIn,), {**members, "is_dtype": (module, name) == _DTYPE})

    def persistent_load(self, pid: Any) -> Any:
        """Nothing of scikit-learn refers to objects outside of its file."""
        raise Damaged(f"it refers to something outside of it: {pid!r}")

    def _skip(self, state: dict[str, Any]) -> None:
        """Step over the array that follows its wrapper."""
        size = getattr(state["dtype"], "itemsize", None)
        if size is None:
            _run(self._file, self._found, self._depth + 1)
            return
        # The file is read through the interpreter's own methods, so nothing is buffered ahead.
        if state.get("numpy_array_alignment_bytes"):
            self._file.seek(self._file.read(1)[0], io.SEEK_CUR)
        self._file.seek(size * math.prod(int(length) for length in state["shape"]), io.SEEK_CUR)


class _StandIn:
    """Takes the place of a class, a function and what they give."""

    found: Audit
    skip: Any
    is_dtype: bool

    def __new__(cls, *_: Any, **__: Any) -> _StandIn:  # noqa: PYI034
        return object.__new__(cls)

    def __init__(self, *arguments: Any, **_: Any) -> None:
        if self.is_dtype and arguments and isinstance(arguments[0], str):
            code = re.fullmatch(r"([a-zA-Z])(\d+)", arguments[0])
            if code and code[1] != "O":
                # A character of numpy's text takes four bytes.
                self.itemsize = int(code[2]) * (4 if code[1] == "U" else 1)

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, dict):
            version = state.get("_sklearn_version")
            if isinstance(version, str):
                self.found.versions.add(version)
            if self.skip is not None:
                self.skip(state)

    def __call__(self, *_: Any, **__: Any) -> _StandIn:
        return self

    def __setitem__(self, key: Any, value: Any) -> None:
        """A pickle fills mappings."""

    def append(self, item: Any) -> None:
        """A pickle fills lists."""

    def extend(self, items: Any) -> None:
        """A pickle fills lists."""

    def add(self, item: Any) -> None:
        """A pickle fills sets."""
