"""FunctionTransformer, where what it does is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.preprocessing import FunctionTransformer

from skylayer.compiler.frame import RawColumn
from skylayer.compiler.universal_functions import apply_function

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame

NARROW = ("bool", "int8", "uint8", "int16", "uint16")
WHOLE = (np.negative, np.absolute, np.square, np.reciprocal)


def transform_function(builder: Builder, transformer: Any, frame: Frame) -> Frame:
    """The identity, or one of the functions that the kernel knows, value by value."""
    if transformer.func is None:
        return builder.check(frame) if transformer.validate else frame
    _refuse_integers(builder, transformer.func, frame)
    if transformer.validate:
        frame = builder.check(frame)
    return apply_function(builder, transformer.func, transformer.kw_args, builder.numbers(frame), "func")


def _refuse_integers(builder: Builder, function: Any, frame: Frame) -> None:
    """Of integers numpy makes integers that may overflow, and floats that are narrow where they are."""
    name = getattr(function, "__name__", type(function).__name__)
    for feature in frame:
        if not isinstance(feature, RawColumn) or feature.dtype.startswith("float"):
            continue
        if feature.dtype in NARROW or function in WHOLE:
            builder.cannot(
                f"numpy computes it in the dtype of column {feature.name!r}, {feature.dtype}",
                f"func=<{name}>",
            )


TRANSFORMERS = {FunctionTransformer: transform_function}
