"""FunctionTransformer, where what it does is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.preprocessing import FunctionTransformer

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame


def transform_function(builder: Builder, transformer: Any, frame: Frame) -> Frame:
    """The identity, which ColumnTransformer uses for "passthrough"."""
    if transformer.func is not None:
        name = getattr(transformer.func, "__name__", "function")
        builder.cannot("a callable can't be compiled", f"func=<{name}>")
    return frame


TRANSFORMERS = {FunctionTransformer: transform_function}
