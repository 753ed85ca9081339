"""The compiled table as groups and datasets, and back to the same bytes."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer.compiler.assembler import HEADER, RECORD, Record, Sections, serialize
from skylayer.compiler.program import Code
from skylayer.compiler.tree_nodes import NODE, NODE_F64, TREE
from skylayer.formats.hdf5.values import read_text, store, store_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

_F8, _U4 = np.dtype("<f8"), np.dtype("<u4")
# The type of each array of an operation, as docs/table-format.md has it; those of doubles alone aren't listed.
_TYPES: dict[int, tuple[np.dtype[Any], ...]] = {
    Code.PRODUCTS: (_U4, _U4),
    Code.BINS: (_U4, _F8),
    Code.PIECEWISE: (_U4, _F8, _F8),
    Code.TREES: (NODE, TREE, _F8, _U4),
    Code.TREES_F64: (NODE_F64, TREE, _F8, _U4),
    Code.NEIGHBOURS: (_F8, _F8, _F8, _U4),
}
_DOUBLES = (_F8, _F8, _F8)
_NUMBERS = ("code", "kind", "flags", "first", "outputs", "width")
_COUNTS = ("dense", "sparse", "slots", "workspace")
# The members' names, and those that the first exports gave them: with the same content, under the same version.
_GROUP, _EARLIER_GROUP = "table", "tables"
_METADATA, _EARLIER_METADATA = "metadata", "host"


def write_table(file: Any, table: bytes) -> None:
    """A table, known to be whole, into an h5py file or group that has none."""
    group = file.create_group(_GROUP)
    sections = split(table)
    group.attrs["sha256"] = sha256(table).hexdigest()
    for name in _COUNTS:
        group.attrs[name] = getattr(sections, name)
    operations = group.create_group("operations")
    for k, record in enumerate(sections.records):
        inner = operations.create_group(f"{k:06}")
        inner.attrs["operation"] = Code(record.code).name
        for name in _NUMBERS:
            inner.attrs[name] = int(getattr(record, name))
        store(inner, "inputs", record.inputs)
        for n, array in enumerate(record.arrays):
            _write_array(inner, f"array_{n}", array)
    store(group, "outputs", sections.outputs)
    store_text(group, _METADATA, sections.metadata.decode())


def read_table(file: Any) -> bytes:
    """The bytes of the table that `write_table`, or an earlier version of it, stored in an h5py file or group.

    Raises:
        ValueError: They aren't those whose digest stands beside them, or something isn't of its type.
    """
    group = file[_GROUP if _GROUP in file else _EARLIER_GROUP]
    records = []
    operations = group["operations"]
    for k in range(len(operations)):
        inner = operations[f"{k:06}"]
        numbers = {name: int(inner.attrs[name]) for name in _NUMBERS}
        types = _TYPES.get(numbers["code"], _DOUBLES)
        arrays = [
            _read_array(inner[f"array_{n}"], kind) for n, kind in enumerate(types) if f"array_{n}" in inner
        ]
        records.append(Record(**numbers, inputs=_typed(inner["inputs"], _U4), arrays=tuple(arrays)))
    counts = {name: int(group.attrs[name]) for name in _COUNTS}
    metadata = read_text(group[_METADATA if _METADATA in group else _EARLIER_METADATA]).encode()
    table = serialize(
        Sections(**counts, records=tuple(records), outputs=_typed(group["outputs"], _U4), metadata=metadata)
    )
    if sha256(table).hexdigest() != group.attrs["sha256"]:
        raise ValueError("the table isn't the one whose digest it holds")
    return table


def split(table: bytes) -> Sections:
    """All that a whole table says, without its offsets."""
    header = HEADER.unpack_from(table)
    records = []
    for k in range(header[8]):
        code, kind, flags, inputs, first, outputs, width, inputs_at, *found = RECORD.unpack_from(
            table, header[10] + k * RECORD.size
        )
        types = _TYPES.get(code, _DOUBLES)
        arrays = [
            np.frombuffer(table, dtype=of, count=count, offset=at)
            for of, at, count in zip(types, found[::2], found[1::2], strict=False)
            if at
        ]
        read = np.frombuffer(table, dtype=_U4, count=inputs, offset=inputs_at)
        records.append(Record(code, kind, flags, read, first, outputs, width, tuple(arrays)))
    answers = np.frombuffer(table, dtype=_U4, count=header[9], offset=header[11])
    metadata = table[header[12] : header[12] + header[13]]
    return Sections(header[4], header[5], header[6], header[7], tuple(records), answers, metadata)


def _write_array(group: Any, name: str, array: NDArray[Any]) -> None:
    """Records become a group with a dataset for each field: not every language reads compound types."""
    if array.dtype.names is None:
        store(group, name, array)
        return
    inner = group.create_group(name)
    for field in array.dtype.names:
        store(inner, field, np.ascontiguousarray(array[field]))


def _read_array(item: Any, kind: np.dtype[Any]) -> NDArray[Any]:
    if kind.names is None:
        return _typed(item, kind)
    fields = {field: _typed(item[field], kind[field]) for field in kind.names}
    array = np.zeros(len(next(iter(fields.values()))), dtype=kind)
    for field, values in fields.items():
        array[field] = values
    return array


def _typed(dataset: Any, kind: np.dtype[Any]) -> NDArray[Any]:
    if dataset.dtype != kind or len(dataset.shape) != 1:
        raise ValueError(f"{dataset.name} must have one axis of {kind}")
    array: NDArray[Any] = dataset[()]
    return array
