"""What the opcodes of a pickle build, with a record in the place of every class, function and call.

Python's own interpreter of pickles runs, written in Python, but each opcode that would import or call something
makes a record instead, so nothing of the file is ever run. joblib writes the bytes of arrays between the opcodes;
they are read where its wrapper stands.
"""

from __future__ import annotations

import io
import math
import pickle
import re
import struct
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from skylayer.formats.budget import DEFAULT, Budget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_MAX_DEPTH = 20
_READS_BETWEEN_LOOKS = 10_000
_JOBLIB = ("joblib.numpy_pickle", "sklearn.externals.joblib.numpy_pickle")


class Damaged(Exception):
    """The bytes are no pickle, or not a whole one."""


@dataclass(frozen=True)
class Global:
    """A class or function, by the name that the file gives it."""

    module: str
    name: str

    def __str__(self) -> str:
        """As Python would import it."""
        return f"{self.module}.{self.name}"


@dataclass(eq=False)
class Made:
    """What a call would have given: a new object, or what a function returns, and what was put into it then."""

    maker: Global
    arguments: tuple[Any, ...]
    keywords: dict[str, Any] = field(default_factory=dict)
    state: Any = None
    items: list[Any] = field(default_factory=list)
    pairs: list[tuple[Any, Any]] = field(default_factory=list)

    def append(self, item: Any) -> None:
        """A pickle fills lists."""
        self.items.append(item)

    def extend(self, items: Iterable[Any]) -> None:
        """A pickle fills lists."""
        self.items.extend(items)

    def add(self, item: Any) -> None:
        """A pickle fills sets."""
        self.items.append(item)

    def update(self, items: Iterable[Any]) -> None:
        """A pickle fills sets."""
        self.items.extend(items)

    def __setitem__(self, key: Any, value: Any) -> None:
        """A pickle fills mappings."""
        self.pairs.append((key, value))


@dataclass(eq=False)
class Array:
    """An array as joblib writes it: its bytes, or its values if they are objects."""

    dtype: Any
    shape: tuple[int, ...]
    order: str
    content: Any


@dataclass
class Records:
    """What is in a pickle.

    Attributes:
        value: The object, of records.
        names: Every class and function that it names.
        versions: Each version of scikit-learn that an estimator in it says it was written by.
    """

    value: Any = None
    names: set[str] = field(default_factory=set)
    versions: set[str] = field(default_factory=set)


class _File(io.BytesIO):
    """The bytes of a file, and the time until which they may be read."""

    def __init__(self, content: bytes, seconds: float) -> None:
        super().__init__(content)
        self._seconds, self._until = seconds, time.monotonic() + seconds
        self._reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes. Raises Damaged when the time is over."""
        self._reads += 1
        if self._reads % _READS_BETWEEN_LOOKS == 0 and time.monotonic() > self._until:
            raise Damaged(f"to read it takes more than {self._seconds} seconds")
        return super().read(size)


def interpret(content: bytes, budget: Budget = DEFAULT) -> Records:
    """Read a pickle, as it is or as joblib writes it.

    Raises:
        Damaged: It ends early, holds what no pickle holds, or takes longer than its budget.
    """
    found = Records()
    file = _File(content, budget.seconds)
    found.value = _run(file, found, 0)
    if rest := len(content) - file.tell():
        raise Damaged(f"{rest} bytes follow its end")
    return found


def _run(file: io.BytesIO, found: Records, depth: int) -> Any:
    if depth > _MAX_DEPTH:
        raise Damaged("pickles within pickles too deep")
    try:
        return _Interpreter(file, found, depth).load()
    except (Damaged, MemoryError):
        raise
    except (EOFError, struct.error) as error:
        raise Damaged("it ends early") from error
    except Exception as error:  # a damaged pickle raises whatever its bytes lead to
        raise Damaged(f"{type(error).__name__}: {error}") from error


class _Interpreter(pickle._Unpickler):  # noqa: SLF001
    """Runs the opcodes; those that would call make a record."""

    dispatch: ClassVar[dict[int, Callable[[Any], None]]] = dict(pickle._Unpickler.dispatch)  # noqa: SLF001
    stack: list[Any]
    pop_mark: Callable[[], list[Any]]
    read: Callable[[int], bytes]

    def __init__(self, file: io.BytesIO, found: Records, depth: int) -> None:
        # Text of Python 2 comes as bytes of one of its encodings.
        super().__init__(file, encoding="latin1")
        self._file, self._found, self._depth = file, found, depth

    def find_class(self, module: str, name: str) -> Any:
        """The name alone."""
        found = Global(module, name)
        self._found.names.add(str(found))
        return found

    def persistent_load(self, pid: Any) -> Any:
        """Nothing of scikit-learn refers to objects outside of its file."""
        raise Damaged(f"it refers to something outside of it: {pid!r}")

    def _make(self, maker: Any, arguments: Any, keywords: Any = None) -> None:
        if not isinstance(maker, Global) or not isinstance(arguments, tuple):
            raise Damaged("it calls what is neither a class nor a function")
        self.stack.append(Made(maker, arguments, dict(keywords or {})))

    def _load_call(self) -> None:
        arguments = self.stack.pop()
        self._make(self.stack.pop(), arguments)

    def _load_call_with_keywords(self) -> None:
        keywords, arguments = self.stack.pop(), self.stack.pop()
        self._make(self.stack.pop(), arguments, keywords)

    def _load_old_instance(self) -> None:
        module, name = (self.readline()[:-1].decode("ascii") for _ in range(2))  # type: ignore[attr-defined]
        self._make(self.find_class(module, name), tuple(self.pop_mark()))

    def _load_old_object(self) -> None:
        maker, *arguments = self.pop_mark()
        self._make(maker, tuple(arguments))

    def _load_bytearray(self) -> None:
        # Python's own makes the array before it looks whether the file is so long.
        (size,) = struct.unpack("<Q", self.read(8))
        content = self.read(size)
        if len(content) < size:
            raise EOFError
        self.stack.append(bytearray(content))

    def _load_build(self) -> None:
        state = self.stack.pop()
        made = self.stack[-1]
        if not isinstance(made, Made) or made.state is not None:
            raise Damaged("it gives a state to what takes none")
        made.state = state
        if isinstance(state, dict) and isinstance(version := state.get("_sklearn_version"), str):
            self._found.versions.add(version)
        if made.maker.module in _JOBLIB and made.maker.name == "NumpyArrayWrapper":
            self.stack[-1] = self._array(state)

    for opcode, handler in (
        (pickle.REDUCE, _load_call),
        (pickle.NEWOBJ, _load_call),
        (pickle.NEWOBJ_EX, _load_call_with_keywords),
        (pickle.INST, _load_old_instance),
        (pickle.OBJ, _load_old_object),
        (pickle.BUILD, _load_build),
        (pickle.BYTEARRAY8, _load_bytearray),
    ):
        dispatch[opcode[0]] = handler
    del opcode, handler

    def _array(self, state: dict[str, Any]) -> Array:
        """The array that follows its wrapper (joblib/numpy_pickle.py, NumpyArrayWrapper.read_array)."""
        shape = tuple(state["shape"])
        if not all(type(length) is int and length >= 0 for length in shape):
            raise Damaged("an array has no such shape")
        dtype = state["dtype"]
        code = re.fullmatch(r"([a-zA-Z])(\d+)", dtype.arguments[0])
        if code and code[1] == "O":
            # Objects come as a pickle of a whole array.
            return Array(dtype, shape, state["order"], _run(self._file, self._found, self._depth + 1))
        if state.get("numpy_array_alignment_bytes"):
            self._file.seek(self._file.read(1)[0], io.SEEK_CUR)
        # What a structured type or a text of fixed length takes stands in the type's own state.
        width = dtype.state[5] if dtype.state and dtype.state[5] > 0 else int(code[2]) if code else 0
        size = width * math.prod(shape)
        content = self._file.read(size)
        if len(content) < size:
            raise Damaged("it ends early")
        return Array(dtype, shape, state["order"], content)
