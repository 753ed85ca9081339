"""What flows between the steps of a pipeline: columns, either raw or already one number per row."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

UNSET: Any = object()
EXTENSION_DTYPES = ("Int8", "Int16", "Int32", "Int64", "Float32", "Float64", "boolean", "string")


@dataclass(frozen=True)
class RawColumn:
    """A column of the request that no step has turned into a number yet.

    Attributes:
        index: position in the schema.
        null: what the estimator sees for JSON's null: NaN, or None in columns of dtype object.
        fill: what an imputer has put for missing values, or UNSET.
        flat: whether the step gets it as a sequence of values, as vectorizers need it, not as a table.
    """

    index: int
    name: str
    kind: str
    dtype: str
    null: Any
    fill: Any = UNSET
    flat: bool = False

    @classmethod
    def of(cls, index: int, column: dict[str, Any]) -> RawColumn:
        """From an entry of the manifest's `input.columns`."""
        null = None if column["dtype"] == "object" and column.get("missing") == "none" else math.nan
        return cls(index, column["name"], column["kind"], column["dtype"], null)

    @property
    def numeric(self) -> bool:
        """Whether the estimator sees a column of numbers, not of objects."""
        return self.kind in ("number", "integer", "boolean") and self.dtype != "object"


# A feature is a raw column or the slot of a number.
Frame = tuple[RawColumn | int, ...]
