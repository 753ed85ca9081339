"""ONNX Runtime's C API, called by ctypes: neither its Python package nor numpy is needed.

`OrtGetApiBase` leads to a table of functions that later versions only append to, so a function's place in it never
changes. All that is called here stands in the table's first version, which every library since 1.0 gives:
https://github.com/microsoft/onnxruntime/blob/main/include/onnxruntime/core/session/onnxruntime_c_api.h
"""

from __future__ import annotations

import ctypes
import os
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TABLE_VERSION = 1
_LOG_FATAL = 4  # errors come as statuses; its own log lines could tell of a request's values
_SEQUENTIAL = 0
_DEVICE_ALLOCATOR, _MEMORY_DEFAULT = 0, 0

# Element types of tensors: what ONNX calls them, ONNX Runtime's number, and how struct reads and writes them.
CODES = {
    "float": (1, "f"), "uint8": (2, "B"), "int8": (3, "b"), "uint16": (4, "H"), "int16": (5, "h"),
    "int32": (6, "i"), "int64": (7, "q"), "bool": (9, "?"), "float16": (10, "e"), "double": (11, "d"),
    "uint32": (12, "I"), "uint64": (13, "Q"),
}  # fmt: skip
STRING = 8
PackError = struct.error
_READS = dict(CODES.values())

_pointer, _number, _int = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
# Place in the table and types of the arguments; each gives a status, which is null if all went well.
_FUNCTIONS: dict[str, tuple[Any, ...]] = {
    "CreateEnv": (3, _int, ctypes.c_char_p, _pointer),
    "DisableTelemetryEvents": (6, _pointer),
    "CreateSession": (7, _pointer, ctypes.c_char_p, _pointer, _pointer),
    "Run": (9, _pointer, _pointer, _pointer, _pointer, _number, _pointer, _number, _pointer),
    "CreateSessionOptions": (10, _pointer),
    "SetSessionExecutionMode": (13, _pointer, _int),
    "SetIntraOpNumThreads": (24, _pointer, _int),
    "SetInterOpNumThreads": (25, _pointer, _int),
    "CreateTensorAsOrtValue": (48, _pointer, _pointer, _number, _int, _pointer),
    "CreateTensorWithDataAsOrtValue": (49, _pointer, _pointer, _number, _pointer, _number, _int, _pointer),
    "GetTensorMutableData": (51, _pointer, _pointer),
    "FillStringTensor": (52, _pointer, _pointer, _number),
    "GetStringTensorDataLength": (53, _pointer, _pointer),
    "GetStringTensorContent": (54, _pointer, _pointer, _number, _pointer, _number),
    "GetTensorElementType": (60, _pointer, _pointer),
    "GetDimensionsCount": (61, _pointer, _pointer),
    "GetDimensions": (62, _pointer, _pointer, _number),
    "GetTensorTypeAndShape": (65, _pointer, _pointer),
    "CreateCpuMemoryInfo": (69, _int, _int, _pointer),
    "GetAllocatorWithDefaultOptions": (78, _pointer),
}
_MESSAGE = 2
_RELEASES = {"Status": 93, "Session": 95, "Value": 96, "TensorTypeAndShapeInfo": 99, "SessionOptions": 100}


class OnnxError(Exception):
    """What ONNX Runtime says went wrong, in one line."""


class Runtime:
    """A loaded library and its one environment; each failure of a function raises `OnnxError`."""

    def __init__(self, path: str) -> None:
        """Load the library at `path`. Raises OSError if it can't be loaded."""
        # The wheels send usage data to their makers unless this says no before they are loaded.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        library = ctypes.CDLL(path)
        library.OrtGetApiBase.restype = ctypes.POINTER(_pointer)
        base = library.OrtGetApiBase()
        table_of = ctypes.CFUNCTYPE(ctypes.POINTER(_pointer), ctypes.c_uint32)(base[0])
        self.version: str = ctypes.CFUNCTYPE(ctypes.c_char_p)(base[1])().decode()
        table = table_of(_TABLE_VERSION)
        self._functions = {
            name: ctypes.CFUNCTYPE(_pointer, *types)(table[place])
            for name, (place, *types) in _FUNCTIONS.items()
        }
        self._message = ctypes.CFUNCTYPE(ctypes.c_char_p, _pointer)(table[_MESSAGE])
        self._releases = {
            name: ctypes.CFUNCTYPE(None, _pointer)(table[place]) for name, place in _RELEASES.items()
        }
        self.environment = self.made("CreateEnv", _LOG_FATAL, b"skylayer")
        self.call("DisableTelemetryEvents", self.environment)
        self.memory = self.made("CreateCpuMemoryInfo", _DEVICE_ALLOCATOR, _MEMORY_DEFAULT)
        self.allocator = self.made("GetAllocatorWithDefaultOptions")

    def call(self, name: str, *arguments: Any) -> None:
        """Call a function of the table."""
        status = self._functions[name](*arguments)
        if status:
            message = self._message(status).decode(errors="replace")
            self._releases["Status"](status)
            raise OnnxError(" ".join(message.rpartition("Status Message: ")[2].split()))

    def made(self, name: str, *arguments: Any) -> Any:
        """Call a function whose last argument is where it puts a pointer; gives the pointer."""
        place = _pointer()
        self.call(name, *arguments, ctypes.byref(place))
        return place

    def release(self, kind: str, thing: Any) -> None:
        """Free what the library has made; nothing happens for null."""
        self._releases[kind](thing)


class Session:
    """A graph that is ready to run, on one thread; `run` may be called by several at once."""

    def __init__(self, runtime: Runtime, path: str) -> None:
        self._runtime = runtime
        self._session: Any = None
        options = runtime.made("CreateSessionOptions")
        try:
            # A Lambda of the usual size has one processor or less.
            runtime.call("SetIntraOpNumThreads", options, 1)
            runtime.call("SetInterOpNumThreads", options, 1)
            runtime.call("SetSessionExecutionMode", options, _SEQUENTIAL)
            self._session = runtime.made("CreateSession", runtime.environment, os.fsencode(path), options)
        finally:
            runtime.release("SessionOptions", options)

    def __del__(self) -> None:
        """Free the graph once nobody asks it any more: a model that was swapped out."""
        if self._session:
            self._runtime.release("Session", self._session)

    def run(
        self, feeds: list[tuple[bytes, int, tuple[int, ...], Any]], outputs: list[bytes]
    ) -> list[tuple[tuple[int, ...], list[Any]]]:
        """Shape and values, row-major, of each output.

        Args:
            feeds: For each input its name, the number of its element type, its shape, and its values row-major:
                encoded texts in a list for `STRING`, else bytes as `pack` gives them.
            outputs: Names.

        Raises:
            OnnxError: The graph refuses the values.
        """
        runtime = self._runtime
        inputs, results = (_pointer * len(feeds))(), (_pointer * len(outputs))()
        try:
            for place, (_, kind, shape, values) in enumerate(feeds):
                inputs[place] = _tensor(runtime, kind, shape, values)
            runtime.call(
                "Run", self._session, None,
                (ctypes.c_char_p * len(feeds))(*(name for name, *_ in feeds)), inputs, len(feeds),
                (ctypes.c_char_p * len(outputs))(*outputs), len(outputs), results,
            )  # fmt: skip
            return [_values(runtime, result) for result in results]
        finally:
            for value in (*inputs, *results):
                runtime.release("Value", value)


def pack(code: str, values: list[Any]) -> bytes:
    """Numbers as the memory of a tensor.

    Raises:
        OverflowError, PackError: One is beyond the range of the type.
    """
    return struct.pack(f"<{len(values)}{code}", *values)


def _tensor(runtime: Runtime, kind: int, shape: tuple[int, ...], values: Any) -> int | None:
    sizes = (ctypes.c_int64 * len(shape))(*shape)
    if kind != STRING:
        # The memory stays the caller's: the library reads it and frees nothing.
        made = runtime.made(
            "CreateTensorWithDataAsOrtValue", runtime.memory, values, len(values), sizes, len(shape), kind
        )
        return made.value  # type: ignore[no-any-return]
    tensor = runtime.made("CreateTensorAsOrtValue", runtime.allocator, sizes, len(shape), kind)
    try:
        runtime.call("FillStringTensor", tensor, (ctypes.c_char_p * len(values))(*values), len(values))
    except OnnxError:
        runtime.release("Value", tensor)
        raise
    return tensor.value  # type: ignore[no-any-return]


def _values(runtime: Runtime, tensor: int | None) -> tuple[tuple[int, ...], list[Any]]:
    described = runtime.made("GetTensorTypeAndShape", tensor)
    try:
        kind, axes = _int(), _number()
        runtime.call("GetTensorElementType", described, ctypes.byref(kind))
        runtime.call("GetDimensionsCount", described, ctypes.byref(axes))
        sizes = (ctypes.c_int64 * axes.value)()
        runtime.call("GetDimensions", described, sizes, axes.value)
    finally:
        runtime.release("TensorTypeAndShapeInfo", described)
    shape, count = tuple(sizes), 1
    for size in shape:
        count *= size
    if kind.value == STRING:
        return shape, _texts(runtime, tensor, count)
    if kind.value not in _READS:
        raise OnnxError(f"an output has elements of type {kind.value}, which can't be answered")
    layout = f"<{count}{_READS[kind.value]}"
    data = runtime.made("GetTensorMutableData", tensor)
    return shape, list(struct.unpack(layout, ctypes.string_at(data, struct.calcsize(layout))))


def _texts(runtime: Runtime, tensor: int | None, count: int) -> list[str]:
    length = _number()
    runtime.call("GetStringTensorDataLength", tensor, ctypes.byref(length))
    content, starts = ctypes.create_string_buffer(length.value + 1), (_number * count)()
    runtime.call("GetStringTensorContent", tensor, content, length.value, starts, count)
    ends = [*starts[1:], length.value]
    return [content.raw[start:end].decode(errors="replace") for start, end in zip(starts, ends, strict=True)]
