"""HDF5 files that come from elsewhere, looked through before anything in them is read.

HDF5 can point out of the file (external and soft links, virtual datasets, raw data in other files), load libraries
to undo a filter, hold pickles, and promise terabytes in a few bytes. None of that is in a file of weights.
"""

from __future__ import annotations

import io
import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from skylayer.errors import UserError
from skylayer.formats.budget import DEFAULT, Budget
from skylayer.train.tasks import first_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FILTERS = {1: "gzip", 2: "shuffle", 3: "fletcher32"}  # what the library undoes by itself, without a plug-in
_MAXIMUM_ATTRIBUTE = 64 * 1024**2
_MAXIMUM_OBJECTS = 100_000
_MAXIMUM_DEPTH = 32


@contextmanager
def open_hdf5(path: Path, content: bytes, budget: Budget = DEFAULT) -> Iterator[Any]:
    """The root group of a file, open until the block ends, once everything in it has been looked at.

    Args:
        path: What the file is called, for messages.
        content: Its bytes.
        budget: What its values may take.

    Yields:
        h5py.File: Read-only.

    Raises:
        UserError: It is cut off or damaged, or holds what can't be read safely; names the place.
    """
    try:
        import h5py  # noqa: PLC0415 - an optional package
    except ImportError:
        raise UserError("h5py is not installed: make develop installs it.") from None
    try:
        with h5py.File(io.BytesIO(content), "r") as file:
            _Inspection(path, budget).group(file, "", 0)
            yield file
    except UserError:
        raise
    except Exception as error:  # a damaged file raises what its bytes lead to
        raise UserError(f"{path} is cut off or damaged: {first_line(error)}.") from error


class _Inspection:
    """What has been seen so far, by address: hard links may lead in circles."""

    def __init__(self, path: Path, budget: Budget) -> None:
        self._path, self._most = path, budget.expansion
        self._seen: set[int] = set()
        self._bytes = 0

    def group(self, group: Any, place: str, depth: int) -> None:
        import h5py  # noqa: PLC0415

        if depth > _MAXIMUM_DEPTH or len(self._seen) > _MAXIMUM_OBJECTS:
            self._refuse(place, "lies too deep, or there are too many")
        self._attributes(group, place)
        for name in group:
            inner = f"{place}/{name}"
            link = group.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                self._refuse(inner, "is a link to another file")
            if not isinstance(link, h5py.HardLink):
                self._refuse(inner, "is a soft link")
            item = group[name]
            address = h5py.h5o.get_info(item.id).addr
            if address in self._seen:
                continue
            self._seen.add(address)
            if isinstance(item, h5py.Group):
                self.group(item, inner, depth + 1)
            elif isinstance(item, h5py.Dataset):
                self._dataset(item, inner)
            else:
                self._refuse(inner, "is neither a group nor a dataset")

    def _dataset(self, dataset: Any, place: str) -> None:
        import h5py  # noqa: PLC0415

        stored = dataset.id.get_create_plist()
        if stored.get_layout() == h5py.h5d.VIRTUAL:
            self._refuse(place, "is a virtual dataset: its values lie in other files")
        if stored.get_external_count():
            self._refuse(place, "keeps its values in another file")
        for k in range(stored.get_nfilters()):
            number = stored.get_filter(k)[0]
            if number not in _FILTERS:
                allowed = ", ".join(_FILTERS.values())
                self._refuse(place, f"is stored through filter {number}; {allowed} are read")
        self._type(dataset.id.get_type(), place)
        self._attributes(dataset, place)
        self._bytes += math.prod(dataset.shape or ()) * dataset.dtype.itemsize
        if self._bytes > self._most:
            self._refuse(
                place, f"brings the file to more than {self._most / 1e9:.1f} GB of values (EXPANSION=)"
            )

    def _attributes(self, item: Any, place: str) -> None:
        import h5py  # noqa: PLC0415

        for name in item.attrs:
            attribute = h5py.h5a.open(item.id, name.encode())
            self._type(attribute.get_type(), f"{place}@{name}")
            if math.prod(attribute.shape) * attribute.get_type().get_size() > _MAXIMUM_ATTRIBUTE:
                self._refuse(f"{place}@{name}", "is too large for an attribute")

    def _type(self, kind: Any, place: str) -> None:
        import h5py  # noqa: PLC0415

        plain = kind.get_class() in {h5py.h5t.INTEGER, h5py.h5t.FLOAT, h5py.h5t.STRING, h5py.h5t.ENUM}
        if not plain:
            self._refuse(place, "holds neither numbers nor texts but objects, references or records")

    def _refuse(self, place: str, why: str) -> None:
        raise UserError(f"{self._path} was not opened: {place or '/'} {why}.")
