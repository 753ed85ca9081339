"""What a response predicts, read back from the form that its client asked for."""

from __future__ import annotations

import json

from serving.http import CSV, JSON

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from serving.http import Response

PREDICTIONS = "predictions"


def fields_of(response: Response) -> dict[str, list[Any]]:
    """The fields of an answer by name, each with one entry per row.

    Whatever comes first is called `predictions`: a client may have asked for probabilities in their place.

    Raises:
        ValueError: The response is none that holds predictions.
    """
    kind = response.headers["content-type"].partition(";")[0]
    fields = _READERS[kind](response) if kind in _READERS else {}
    if PREDICTIONS not in fields:
        raise ValueError(f"no predictions in a response of the type {kind}")
    return fields


def _json(response: Response) -> dict[str, list[Any]]:
    document = json.loads(response.body)
    if isinstance(document, list):
        return {PREDICTIONS: document}
    if "outputs" in document:
        tensors = [(each["name"], _rows(each)) for each in document["outputs"]]
        return {PREDICTIONS: tensors[0][1], **dict(tensors[1:])}
    return {
        name: values for name, values in document.items() if name != "classes" and isinstance(values, list)
    }


def _rows(tensor: dict[str, Any]) -> list[Any]:
    data: list[Any] = tensor["data"]
    if len(tensor["shape"]) == 1:
        return data
    width = tensor["shape"][1]
    return [data[start : start + width] for start in range(0, len(data), width)]


def _csv(response: Response) -> dict[str, list[Any]]:
    import csv  # not above: few clients ask for a table
    import io

    text = response.body if isinstance(response.body, str) else response.body.decode()
    table = [[_cell(cell) for cell in row] for row in csv.reader(io.StringIO(text, newline=""))]
    if "header=absent" in response.headers["content-type"]:
        return {PREDICTIONS: table}
    names = [str(name) for name in table[0]]
    first = names[0].partition("_")[0]
    width = sum(name.partition("_")[0] == first for name in names)
    return {
        PREDICTIONS: [row[:width] for row in table[1:]],
        **{name: [row[place] for row in table[1:]] for place, name in enumerate(names) if place >= width},
    }


def _cell(text: str) -> Any:
    try:
        return float(text) if text else None
    except ValueError:
        return text


def _lines(response: Response) -> dict[str, list[Any]]:
    return {PREDICTIONS: [json.loads(line) for line in response.body.splitlines()]}


def _array(response: Response) -> dict[str, list[Any]]:
    from serving import npy  # not above: few clients ask for an array

    return {PREDICTIONS: npy.rows_of(response.content)}


_READERS: dict[str, Callable[[Response], dict[str, list[Any]]]] = {
    JSON: _json,
    CSV: _csv,
    "application/jsonlines": _lines,
    "application/x-npy": _array,
}
