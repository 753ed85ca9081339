"""Compile an estimator, answer rows with the kernel, and compare with scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from serving.engines.native import open_kernel, open_table
from skylayer.compiler import compile_estimator
from skylayer.compiler.reference import METHODS, reference
from skylayer.kernel_build import host_kernel

if TYPE_CHECKING:
    from pathlib import Path


def numeric_schema(count: int) -> dict[str, Any]:
    """A frame of float64 columns x0, x1, …; null is a missing value."""
    columns = [
        {"name": f"x{i}", "kind": "number", "dtype": "float64", "nullable": True} for i in range(count)
    ]
    return {"container": "frame", "columns": columns}


def fields_of(estimator: Any) -> tuple[str, ...]:
    """The fields that an artifact of this estimator answers."""
    fields = ["predictions"]
    if hasattr(estimator, "predict_proba"):
        fields.append("probabilities")
    elif hasattr(estimator, "decision_function"):
        fields.append("scores")
    if hasattr(estimator, "transform") and hasattr(estimator, "predict") and "distances" in METHODS:
        fields.append("distances")
    return tuple(fields)


def native_and_reference(
    estimator: Any, schema: dict[str, Any], columns: list[list[Any]], folder: Path
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both answers to the same rows, per field as arrays."""
    rows, fields = len(columns[0]), fields_of(estimator)
    path = folder / "tables.bin"
    path.write_bytes(compile_estimator(estimator, schema))
    names = [column["name"] for column in schema["columns"]]
    engine = open_table(str(path), open_kernel(str(host_kernel())), names, list(fields))
    native = {field: np.asarray(answer) for field, answer in engine.predict(columns, rows).items()}
    return native, {f: np.asarray(a) for f, a in reference(estimator, schema, columns, rows, fields).items()}
