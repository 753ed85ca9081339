"""The native engine: a table mapped into memory, evaluated by a C kernel.

Imports on the cold path: ctypes and mmap, two milliseconds together; nothing else is needed.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import struct
import sys
from itertools import accumulate

from serving import limits
from serving.artifact import ArtifactError
from serving.engines.inputs import encoder_of, packers_of, side_by_side, terms_of
from serving.engines.json_reader import pointer_to, reader_of
from serving.engines.json_writer import decoders_of, writer_of
from serving.engines.table_metadata import fits
from serving.errors import RowError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from serving.engines.json_reader import JsonReader
    from serving.engines.json_writer import JsonWriter

HEADER = struct.Struct("<8sIIQIIIIIIQQQQQQ")
_COST = struct.Struct("=3Q")
_OK, _ROW_REFUSED = 0, 5
# The name of `encodings` in the metadata of the first tables.
_EARLIER_ENCODINGS = "tables"


class _Failure(ctypes.Structure):
    _fields_ = (
        ("row", ctypes.c_uint64),
        ("operation", ctypes.c_uint32),
        ("input", ctypes.c_uint32),
    )


class NativeEngine:
    """A checked table, and how to turn columns into its inputs and its outputs into answers."""

    def __init__(
        self, kernel: Any, table: mmap.mmap | bytearray, names: list[str], fields: list[str]
    ) -> None:
        self.kernel = kernel
        self._table = table  # keeps the map alive as long as its address is used
        self._address = ctypes.addressof(ctypes.c_char.from_buffer(table))
        header = HEADER.unpack_from(table)
        self._width = header[9]
        metadata = _metadata(table, header, len(names), fields)
        self._refusals: dict[str, list[Any]] = metadata["refusals"]
        self._names = names
        self._inputs = [encoder_of(metadata["encodings"], column, how) for column, how in metadata["dense"]]
        self._texts = packers_of(metadata["sparse"])
        self._outputs = decoders_of(metadata["outputs"], fields)
        self._fields = fields
        size = kernel.skylayer_scratch(self._address)
        try:
            self._scratch = ctypes.create_string_buffer(size + 8)
        except MemoryError:
            raise ArtifactError(f"The table needs {size} bytes of memory.") from None
        self._aligned = -(-ctypes.addressof(self._scratch) // 8) * 8
        self._scratch_size = size
        cost = bytearray(_COST.size)
        kernel.skylayer_cost(self._address, pointer_to(cost))
        self._row_cost, self._term_cost, self._most_terms = _COST.unpack(cost)
        self.most_rows = limits.rows_in_time(self._row_cost)
        self.metadata = metadata
        self.reader: JsonReader | None = None
        self.writer: JsonWriter | None = None

    def admit(self, columns: list[list[Any]], rows: int) -> None:
        """Refuse rows whose answer would take too long, or texts whose terms would take too much memory.

        Raises:
            Problem: 413.
        """
        self.admit_rows(rows)
        if self._texts:
            from serving.engines import admission  # not above: most models have no texts

            texts = [columns[column] for column, _ in self._texts]
            most = rows * self._most_terms * self._term_cost
            admission.check_texts(texts, self._text_costs(), rows * self._row_cost, most)

    def admit_rows(self, rows: int) -> None:
        """Refuse rows whose answer would take too long.

        Raises:
            Problem: 413.
        """
        if rows > self.most_rows:
            raise limits.too_many_rows(rows, self.most_rows)

    @property
    def reads_texts(self) -> bool:
        """Whether texts are taken apart, whose length then counts."""
        return bool(self._texts)

    def _text_costs(self) -> list[Any]:
        """Of a character of each column of texts."""
        from serving.engines.admission import TextCost
        from serving.engines.text import cost_of

        costs = [cost_of(description) for _, _, description in self.metadata["sparse"]]
        return [TextCost(own, size, int(terms * self._term_cost)) for own, terms, size in costs]

    def predict(self, columns: list[list[Any]], rows: int) -> dict[str, list[Any]]:
        """Answers to rows, as JSON values: one list per field of the manifest's output.

        Args:
            columns: One list per column of the schema, each with one checked value per row.
            rows: Number of rows, at least 1.

        Raises:
            RowError: The estimator would refuse a row.
        """
        values = list(self.evaluate(columns, rows))
        return {field: decode(values, self._width) for field, decode in self._outputs}

    def evaluate(self, columns: list[list[Any]], rows: int) -> memoryview[float]:
        """Every output of the table as the kernel computes it: row by row, before classes are named.

        Raises:
            RowError: The estimator would refuse a row.
        """
        return memoryview(self._answers(columns, rows)).cast("d")

    def read_json(self, columns: list[dict[str, Any]]) -> None:
        """Answer JSON bodies straight from their bytes from now on; `columns` are the manifest's."""
        self.reader = reader_of(self.kernel, columns, self.metadata)
        self.writer = writer_of(self.kernel, self.metadata["outputs"], self._fields)

    def predict_json(self, body: bytes) -> tuple[str, int] | None:
        """The members of the answer to a JSON body, as JSON without braces, and its number of rows.

        None where body or answer need a closer look, to be taken by way of `predict`.
        """
        if self.reader is None or self.writer is None:
            return None
        read = self.reader.read(body)
        if read is None:
            return None
        dense, rows = read
        if rows > self.most_rows:
            return None
        try:
            answers = self.run(pointer_to(dense), rows)
        except RowError:
            return None
        text = self.writer.write(answers, rows)
        return None if text is None else (text, rows)

    def predict_members(self, columns: list[list[Any]], rows: int) -> str | None:
        """The members of the answer to checked rows, as JSON without braces; None where `predict` must give them.

        Raises:
            RowError: The estimator would refuse a row.
        """
        return None if self.writer is None else self.writer.write(self._answers(columns, rows), rows)

    def _answers(self, columns: list[list[Any]], rows: int) -> bytearray:
        dense: list[float] = []
        for encode, column in self._inputs:
            dense += encode(columns[column], self._names[column])
        packed = struct.pack(f"{len(dense)}d", *dense)
        return self.run(packed, rows, self._count(columns, rows))

    def run(self, dense: Any, rows: int, terms: tuple[Any, Any, Any] = (None, None, None)) -> bytearray:
        """The doubles of the answers to inputs that were read already.

        Args:
            dense: Where they lie: one block of `rows` doubles per input.
            rows: Number of rows, at least 1.
            terms: Starts, slots and values of the sparse inputs, as `skylayer.h` has them.

        Raises:
            RowError: The estimator would refuse a row.
        """
        answers = bytearray(8 * rows * self._width)
        failure = _Failure()
        status = self.kernel.skylayer_run(
            self._address, dense, *terms, rows, pointer_to(answers),
            self._aligned, self._scratch_size, ctypes.byref(failure),
        )  # fmt: skip
        if status == _ROW_REFUSED:
            detail, sources = self._refusals.get(str(failure.operation), ("the model refuses it", []))
            source = sources[failure.input] if failure.input < len(sources) else None
            raise RowError(failure.row, None if source is None else self._names[source], detail)
        if status != _OK:
            message = self.kernel.skylayer_message(status).decode()
            raise RuntimeError(f"the native kernel answered with status {status}: {message}")
        return answers

    def _count(self, columns: list[list[Any]], rows: int) -> tuple[Any, Any, Any]:
        """The texts' terms in compressed rows: starts, slots, values; three times None without texts."""
        if not self._texts:
            return None, None, None
        found = [terms_of(pack, columns[column], self._names[column]) for column, pack in self._texts]
        slots, values = found[0] if len(found) == 1 else map(side_by_side, zip(*found, strict=True))
        starts = [0, *accumulate([len(row) // 4 for row in slots])]
        return struct.pack(f"{rows + 1}Q", *starts), b"".join(slots), b"".join(values)


def load(folder: str, manifest: dict[str, Any]) -> NativeEngine:
    """The engine of an artifact whose files are known to be those of its manifest.

    Raises:
        ArtifactError: The table is damaged, of a newer format, or there is no kernel for this machine.
    """
    entry = manifest["engines"]["native"]
    first = entry.get("first_steps")
    columns = manifest["input"]["columns"] if first is None else first["columns"]
    names = [column["name"] for column in columns]
    path = os.path.join(folder, entry["file"])
    engine = open_table(path, find_kernel(), names, manifest["output"]["fields"])
    if first is None:  # else it is rows, not bodies, that the table's columns are made of
        engine.read_json(columns)
    return engine


def open_table(path: str, kernel: Any, names: list[str], fields: list[str]) -> NativeEngine:
    """Map a table, check every offset and link in it, and wrap it."""
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size < HEADER.size:
            raise ArtifactError(f"{path}: {size} bytes are no table.")
        # Private and writable only because ctypes takes the address of nothing else; nothing is written.
        table = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_COPY)
    status = kernel.skylayer_check(ctypes.addressof(ctypes.c_char.from_buffer(table)), size)
    if status != _OK:
        raise ArtifactError(f"{path}: {kernel.skylayer_message(status).decode()}.")
    return NativeEngine(kernel, table, names, fields)


def open_kernel(path: str) -> Any:
    """The kernel's library with its functions typed."""
    # PyDLL keeps the interpreter's lock: a call is shorter without letting it go, and threads share the scratch.
    kernel = ctypes.PyDLL(path)
    pointer, number = ctypes.c_void_p, ctypes.c_uint64
    kernel.skylayer_check.argtypes = (pointer, number)
    kernel.skylayer_check.restype = ctypes.c_int32
    kernel.skylayer_message.argtypes = (ctypes.c_int32,)
    kernel.skylayer_message.restype = ctypes.c_char_p
    kernel.skylayer_scratch.argtypes = (pointer,)
    kernel.skylayer_scratch.restype = number
    kernel.skylayer_cost.argtypes = (pointer, pointer)
    kernel.skylayer_cost.restype = None
    kernel.skylayer_run.argtypes = (pointer, pointer, pointer, pointer, pointer, number, pointer, pointer,
                                    number, pointer)  # fmt: skip
    kernel.skylayer_run.restype = ctypes.c_int32
    kernel.skylayer_read_json.argtypes = (pointer, pointer, number, number, pointer, pointer)
    kernel.skylayer_read_json.restype = ctypes.c_int32
    kernel.skylayer_write_json.argtypes = (pointer, pointer, number, pointer, number)
    kernel.skylayer_write_json.restype = ctypes.c_int64
    return kernel


def _metadata(table: Any, header: tuple[Any, ...], columns: int, fields: list[str]) -> dict[str, Any]:
    try:
        metadata = json.loads(table[header[12] : header[12] + header[13]])
    except (ValueError, RecursionError):
        metadata = None
    if isinstance(metadata, dict) and _EARLIER_ENCODINGS in metadata:
        metadata["encodings"] = metadata.pop(_EARLIER_ENCODINGS)
    if not fits(metadata, columns, header[4], header[5], header[9]):
        raise ArtifactError("The table is damaged: its metadata doesn't fit its inputs and outputs.")
    known = {output["field"] for output in metadata["outputs"]}
    if lacking := [field for field in fields if field not in known]:
        raise ArtifactError(f"The table does not answer {lacking[0]}, which the manifest promises.")
    return metadata  # type: ignore[no-any-return]


def find_kernel() -> Any:
    """The library kernel-<machine> beside this package, as the layer has it; SKYLAYER_KERNEL names another.

    Raises:
        ArtifactError: There is none for this machine.
    """
    machine = os.uname().machine if hasattr(os, "uname") else sys.platform  # platform takes a millisecond
    machine = {"arm64": "aarch64"}.get(machine, machine)
    ending = ".dylib" if sys.platform == "darwin" else ".so"
    beside = os.path.join(
        os.path.dirname(os.path.dirname(os.path.abspath(__file__))), f"kernel-{machine}{ending}"
    )
    path = os.environ.get("SKYLAYER_KERNEL", beside)
    try:
        return open_kernel(path)
    except OSError as error:
        raise ArtifactError(f"the native kernel for {machine} can't be loaded: {error}") from None
