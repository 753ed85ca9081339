"""Requests that nothing is wrong with, in every format that some client writes, of a model's own examples."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from serving import golden

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from serving.model import Model

JSON, CSV, LINES, NPY = "application/json", "text/csv", "application/jsonlines", "application/x-npy"


@dataclass(frozen=True)
class Sent:
    """A request: a body of text is sent as it is, one of bytes in base64, as API Gateway does.

    `document` is what the text was made of, where that is JSON.
    """

    path: str
    kind: str = JSON
    body: str | bytes = ""
    document: Any = None
    method: str = "POST"
    headers: dict[str, Any] = field(default_factory=dict)
    query: dict[str, str] | None = None


class Maker:
    """Writes a model's golden rows as clients do."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.name = model.reference["name"]
        self.columns = [column.name for column in model.schema]
        self.rows = golden.read(model.folder)[0][:20]

    def formats(self) -> dict[str, Callable[[list[dict[str, Any]]], Sent]]:
        """Every format by its name: what makes a request of rows."""
        return {
            "objects": lambda rows: self._json("/predict", {"instances": rows}),
            "arrays": lambda rows: self._json("/predict", {"instances": self._cells(rows)}),
            "warnings": lambda rows: self._json("/predict", {"instances": rows, "warnings": True}),
            "csv": lambda rows: Sent("/predict", CSV, self._csv(rows)),
            "v1": lambda rows: self._json(f"/v1/models/{self.name}:predict", {"instances": rows}),
            "tensors": lambda rows: self._json(f"/v2/models/{self.name}/infer", self._tensors(rows)),
            "matrix": lambda rows: self._json(f"/v2/models/{self.name}/infer", self._matrix(rows)),
            "split": lambda rows: self._scored({"dataframe_split": self._split(rows)}),
            "records": lambda rows: self._scored({"dataframe_records": rows}),
            "instances": lambda rows: self._scored(
                {"instances": rows, "params": {"predict_method": "predict"}}
            ),
            "inputs": lambda rows: self._scored({"inputs": self._lists(rows)}),
            "bare": lambda rows: self._scored(self._cells(rows)),
            "scored csv": lambda rows: Sent("/invocations", CSV, self._csv(rows)),
            "lines": lambda rows: Sent("/invocations", LINES, "\n".join(map(json.dumps, self._cells(rows)))),
            "array": lambda rows: Sent("/invocations", NPY, array_of(self._cells(rows))),
        }

    def request(self, chance: random.Random, count: int) -> Sent:
        """A request of so many rows in any format."""
        rows = [dict(chance.choice(self.rows)) for _ in range(count)]
        make = chance.choice([*self.formats().values()])
        return make(rows)

    def _json(self, path: str, document: Any) -> Sent:
        return Sent(path, JSON, json.dumps(document, ensure_ascii=False), document)

    def _scored(self, document: Any) -> Sent:
        return self._json("/invocations", document)

    def _cells(self, rows: list[dict[str, Any]]) -> list[list[Any]]:
        return [[row[name] for name in self.columns] for row in rows]

    def _lists(self, rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
        return {name: [row[name] for row in rows] for name in self.columns}

    def _split(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        return {"columns": self.columns, "index": [*range(len(rows))], "data": self._cells(rows)}

    def _csv(self, rows: list[dict[str, Any]]) -> str:
        file = io.StringIO()
        writer = csv.writer(file)
        writer.writerow(self.columns)
        words = {True: "true", False: "false"}
        for row in self._cells(rows):
            writer.writerow([words[cell] if isinstance(cell, bool) else cell for cell in row])
        return file.getvalue()

    def _tensors(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        tensors = []
        for name, values in self._lists(rows).items():
            kinds = {type(value) for value in values} - {type(None)}
            datatype = "BYTES" if str in kinds else "BOOL" if bool in kinds else "FP64"
            tensors.append({"name": name, "datatype": datatype, "shape": [len(rows)], "data": values})
        return {"id": "7", "inputs": tensors, "outputs": [{"name": "predictions"}]}

    def _matrix(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        cells = self._cells(rows)
        texts = any(isinstance(cell, str) for row in cells for cell in row)
        shape = [len(rows), len(self.columns)]
        data = [cell if not texts or cell is None else str(cell) for row in cells for cell in row]
        tensor = {"name": "x", "datatype": "BYTES" if texts else "FP64", "shape": shape, "data": data}
        return {"inputs": [tensor]}


def array_of(cells: list[list[Any]]) -> bytes:
    """A file of NumPy's: of numbers, or of texts where there is one."""
    texts = any(isinstance(cell, str) for row in cells for cell in row)
    blank = "" if texts else np.nan
    values = [[blank if cell is None else str(cell) if texts else cell for cell in row] for row in cells]
    file = io.BytesIO()
    np.save(file, np.array(values))
    return file.getvalue()
