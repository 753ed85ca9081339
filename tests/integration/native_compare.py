"""Compile an estimator, answer rows with the kernel, and compare with scikit-learn."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import is_clusterer

from serving.engines.native import open_kernel, open_table
from skylayer.compiler import compile_estimator
from skylayer.compiler.kernel_build import host_kernel
from skylayer.compiler.reference import reference

if TYPE_CHECKING:
    from pathlib import Path

    from serving.engines.native import NativeEngine


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
    if is_clusterer(estimator) and hasattr(estimator, "transform"):
        fields.append("distances")
    return tuple(fields)


def opened(estimator: Any, schema: dict[str, Any], folder: Path) -> NativeEngine:
    """The native engine of an estimator, its table in a folder."""
    path = folder / "tables.bin"
    path.write_bytes(compile_estimator(estimator, schema))
    names = [column["name"] for column in schema["columns"]]
    return open_table(str(path), open_kernel(str(host_kernel())), names, list(fields_of(estimator)))


def native_and_reference(
    estimator: Any, schema: dict[str, Any], columns: list[list[Any]], folder: Path
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both answers to the same rows, per field as arrays."""
    rows, fields = len(columns[0]), fields_of(estimator)
    engine = opened(estimator, schema, folder)
    native = {field: _native(answer) for field, answer in engine.predict(columns, rows).items()}
    return native, {f: _expected(a) for f, a in reference(estimator, schema, columns, rows, fields).items()}


def _native(answer: list[Any]) -> np.ndarray[Any, Any]:
    """An array; the probabilities of several outputs stand side by side."""
    nested = isinstance(answer[0], list) and isinstance(answer[0][0], list)
    return np.asarray([list(chain.from_iterable(row)) for row in answer] if nested else answer)


def _expected(answer: Any) -> np.ndarray[Any, Any]:
    if isinstance(answer, list):
        return np.hstack(answer)
    return np.asarray(answer.toarray() if hasattr(answer, "toarray") else answer)


def compare(
    estimator: Any, schema: dict[str, Any], columns: list[list[Any]], folder: Path, bound: float
) -> None:
    """Fail unless both answer the same fields, numbers within a relative bound, all else equal."""
    native, expected = native_and_reference(estimator, schema, columns, folder)
    assert native.keys() == expected.keys()
    for field, answer in expected.items():
        assert native[field].shape == answer.shape
        if answer.dtype.kind == "f" and bound:
            np.testing.assert_allclose(native[field], answer, rtol=bound, atol=bound, err_msg=field)
        else:
            np.testing.assert_array_equal(native[field], answer, err_msg=field)
