"""FunctionTransformer, where what it does is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.preprocessing import FunctionTransformer

from skylayer.compiler.universal_functions import apply_function

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame


def transform_function(builder: Builder, transformer: Any, frame: Frame) -> Frame:
    """The identity, or one of the functions that the kernel knows, value by value."""
    if transformer.validate:
        frame = builder.check(frame)
    if transformer.func is None:
        return frame
    return apply_function(builder, transformer.func, transformer.kw_args, builder.numbers(frame), "func")


TRANSFORMERS = {FunctionTransformer: transform_function}
