"""Convert a fitted pipeline to ONNX, the way skl2onnx documents it for a frame of mixed columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sklearn.feature_extraction.text import TfidfVectorizer

if TYPE_CHECKING:
    from benchmarks.models import Model


def to_onnx(model: Model) -> bytes:
    """Convert with one float32 or string input a column and probabilities as one tensor.

    Raises whatever skl2onnx raises for a step that it can't convert.
    """
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    numeric = set(model.table.numeric)
    inputs = [
        (name, FloatTensorType([None, 1]) if name in numeric else StringTensorType([None, 1]))
        for name in model.table.train
    ]
    options: dict[object, dict[str, object]] = {type(model.on_frame[-1]): {"zipmap": False}}
    if model.name == "text":
        # The default, en_US.UTF-8, is on neither Lambda's image nor every Linux machine.
        options[TfidfVectorizer] = {"locale": "C.UTF-8"}
    converted = convert_sklearn(model.on_frame, initial_types=inputs, options=options)
    serialized: bytes = converted.SerializeToString()
    return serialized
