"""From a table's answers to JSON: as values or, the short cut, as the text that the kernel's writer makes of them.

The text is that of `serving.json_body.encode`, byte by byte; what the kernel can't write is left to it.
"""

from __future__ import annotations

import ctypes
import struct

from serving.artifact import ArtifactError
from serving.engines.json_reader import pointer_to
from serving.json_body import encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_LAYOUT = struct.Struct("<6I")
_FIELD = struct.Struct("<9I")
_PAIR = struct.Struct("<2I")
_SIZE = struct.Struct("<I")
_SHAPES = {"scalar": 0, "vector": 1, "nested": 2}
_NUMBER, _INTEGER, _LABEL = 0, 1, 2
_LONGEST_NUMBER = 24


class JsonWriter:
    """Writes answers as the members of a JSON object, or says that it can't."""

    def __init__(self, kernel: Any, layout: bytes, once: int, per_row: int) -> None:
        self._write = kernel.skylayer_write_json
        self.layout = ctypes.create_string_buffer(layout, len(layout))
        self.once, self.per_row = once, per_row

    def write(self, answers: bytearray, rows: int) -> str | None:
        """The members, without braces, of an object with the answers of rows.

        Args:
            answers: The doubles that the kernel gave, row by row.
            rows: Number of rows, at least 1.
        """
        size = self.once + rows * self.per_row
        text = bytearray(size)
        length = self._write(self.layout, pointer_to(answers), rows, pointer_to(text), size)
        return None if length < 0 else text[:length].decode("ascii")


def writer_of(kernel: Any, outputs: list[dict[str, Any]], fields: list[str]) -> JsonWriter | None:
    """A writer for some of a table's outputs; None where a label isn't a JSON value.

    Args:
        kernel: The opened library.
        outputs: The table's own description of its outputs.
        fields: Those to write, in their order.
    """
    first, found = 0, {}
    for output in outputs:
        found[output["field"]] = first, output
        first += output["count"]
    records, sizes, ranges, labels, texts = bytearray(), bytearray(), bytearray(), bytearray(), bytearray()
    once, per_row = _LONGEST_NUMBER, 0
    for name in fields:
        first, output = found[name]
        inner = output["sizes"] if output["shape"] == "nested" else []
        kind = _INTEGER if output["integer"] else _NUMBER
        longest = _LONGEST_NUMBER
        first_range = len(ranges) // _PAIR.size
        if output["classes"] is not None:
            kind = _LABEL
            for classes in output["classes"]:
                ranges += _PAIR.pack(len(labels) // _PAIR.size, len(classes))
                try:
                    written = [encode(label).encode("ascii") for label in classes]
                except ValueError:
                    return None
                for text in written:
                    labels += _PAIR.pack(len(texts), len(text))
                    texts += text
                    longest = max(longest, len(text))
        before = f"{'],' if records else ''}{encode(name)}:[".encode("ascii")
        records += _FIELD.pack(len(texts), len(before), first, output["count"], _SHAPES[output["shape"]], kind,
                               len(sizes) // _SIZE.size, len(inner), first_range)  # fmt: skip
        texts += before
        sizes += b"".join(map(_SIZE.pack, inner))
        once += len(before) + 1
        per_row += output["count"] * (longest + 1) + 3 * len(inner) + 3  # commas and brackets
    width = sum(output["count"] for output in outputs)
    at = _LAYOUT.size + len(records)
    offsets = []
    for section in (sizes, ranges, labels, texts):
        offsets.append(at)
        at += len(section)
    layout = _LAYOUT.pack(len(fields), width, *offsets)
    return JsonWriter(kernel, layout + records + sizes + ranges + labels + texts, once, per_row)


def decoders_of(
    outputs: list[Any], fields: list[str]
) -> list[tuple[str, Callable[[list[float], int], list[Any]]]]:
    """Per field: what makes lists of JSON values of the kernel's answers and their number in a row."""
    result, first = [], 0
    for output in outputs:
        if output["field"] in fields:
            result.append((output["field"], _decoder(output, first)))
        first += output["count"]
    return result


def _decoder(output: dict[str, Any], first: int) -> Callable[[list[float], int], list[Any]]:
    classes, count, integer = output["classes"], output["count"], output["integer"]

    def column(values: list[float], width: int, k: int) -> list[Any]:
        found = values[first + k :: width]
        if classes is not None:
            labels = classes[k]
            try:
                return [labels[int(value)] for value in found]
            except (IndexError, ValueError):
                raise ArtifactError("The table is damaged: it answers a class that there isn't.") from None
        if integer:
            return [int(value) for value in found]
        # x - x is 0 for every finite number and for nothing else
        return [value if value - value == 0.0 else None for value in found]

    def scalars(values: list[float], width: int) -> list[Any]:
        return column(values, width, 0)

    def vectors(values: list[float], width: int) -> list[Any]:
        return list(map(list, zip(*(column(values, width, k) for k in range(count)))))  # noqa: B905

    def nested(values: list[float], width: int) -> list[Any]:
        rows, start = vectors(values, width), 0
        cuts = []
        for size in output["sizes"]:
            cuts.append((start, start + size))
            start += size
        return [[row[a:b] for a, b in cuts] for row in rows]

    return {"scalar": scalars, "vector": vectors, "nested": nested}[output["shape"]]
