"""A table's metadata, checked against its header and the schema before it is believed."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SCALARS = (str, int, float, bool)


def fits(metadata: Any, columns: int, dense: int, sparse: int, outputs: int) -> bool:
    """Whether the metadata is whole, of the right types, and names only what there is.

    Args:
        metadata: The parsed JSON.
        columns: How many columns the schema has.
        dense: Inputs of one value each, as the header says.
        sparse: Slots of texts, as the header says.
        outputs: Values in a row of the answer, as the header says.
    """
    try:
        return (
            len(metadata["dense"]) == dense
            and all(_input(entry, columns, len(metadata["encodings"])) for entry in metadata["dense"])
            and all(map(_encoding, metadata["encodings"]))
            and all(_index(c, columns) and _index(width, sparse + 1) and _text(description, width)
                    for c, width, description in metadata["sparse"])
            and sum(width for _, width, _ in metadata["sparse"]) == sparse
            and all(map(_output, metadata["outputs"]))
            and sum(output["count"] for output in metadata["outputs"]) == outputs
            and all(isinstance(detail, str) and all(c is None or _index(c, columns) for c in sources)
                    for detail, sources in metadata["refusals"].values())
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError):
        return False


def _text(description: Any, width: int) -> bool:
    lowest, highest = description["ngram_range"]
    word = description["analyzer"] == "word"
    if "features" in description:
        fits_slots = description["features"] == width and type(description["alternate_sign"]) is bool
    else:
        fits_slots = len(description["vocabulary"]) == width and _texts(description["vocabulary"])
    return (
        fits_slots
        and description["analyzer"] in {"word", "char", "char_wb"}
        and description["strip_accents"] in {None, "unicode", "ascii"}
        and (type(description["token_pattern"]) is str or not word)
        and type(description["stop_words"]) is list
        and _texts(description["stop_words"])
        and all(type(description[name]) is bool for name in ("lowercase", "binary"))
        and type(lowest) is type(highest) is int
        and 1 <= lowest <= highest
    )


def _texts(values: Any) -> bool:
    return set(map(type, values)) <= {str}


def _index(value: Any, end: int) -> bool:
    return type(value) is int and 0 <= value < end


def _input(entry: Any, columns: int, encodings: int) -> bool:
    column, encoding = entry
    if type(encoding) is str:
        from serving.dates import PARTS  # not above: few models have dates

        return _index(column, columns) and encoding in PARTS
    return _index(column, columns) and (encoding is None or _index(encoding, encodings))


def _code(value: Any) -> bool:
    return value is None or type(value) is float or type(value) is int


def _encoding(encoding: Any) -> bool:
    return (
        all(isinstance(key, _SCALARS) and _code(code) for key, code in encoding["entries"])
        and _code(encoding["missing"])
        and _code(encoding["unknown"])
        and type(encoding["rounded"]) is bool
        and type(encoding["detail"]) is str
    )


def _output(output: Any) -> bool:
    count, classes, shape = output["count"], output["classes"], output["shape"]
    return (
        type(output["field"]) is str
        and type(count) is int
        and count > 0
        and shape in {"scalar", "vector", "nested"}
        and (shape != "scalar" or count == 1)
        and (
            shape != "nested"
            or (all(_index(s, count + 1) for s in output["sizes"]) and sum(output["sizes"]) == count)
        )
        and type(output["integer"]) is bool
        and (classes is None or (len(classes) == count and all(map(_classes, classes))))
    )


def _classes(labels: Any) -> bool:
    return type(labels) is list and len(labels) > 0 and all(isinstance(label, _SCALARS) for label in labels)
