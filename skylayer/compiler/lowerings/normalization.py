"""Normalizer and Binarizer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.preprocessing import Binarizer, Normalizer

from skylayer.compiler.program import Arithmetic, Reduce, Unary

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Slots

ALMOST_ZERO = 10 * float(np.finfo(np.float64).eps)  # scikit-learn divides by 1 below it


def transform_normalizer(builder: Builder, normalizer: Any, frame: Frame) -> Frame:
    """Each row over its norm."""
    x = builder.check(frame)
    if normalizer.norm == "max":
        norm: Slots = (builder.reduce(Reduce.MAXIMUM, builder.unary(Unary.ABSOLUTE, x)),)
    else:
        euclidean = normalizer.norm == "l2"
        terms = builder.unary(Unary.SQUARE if euclidean else Unary.ABSOLUTE, x)
        norm = (builder.sum_in_some_order(terms, by_einsum=euclidean),)
        norm = builder.unary(Unary.SQUARE_ROOT, norm) if normalizer.norm == "l2" else norm
    empty = builder.arithmetic(Arithmetic.LESS, norm, ALMOST_ZERO)
    return builder.combine(Arithmetic.DIVIDE, x, builder.select(empty, builder.constant([1.0]), norm))


def transform_binarizer(builder: Builder, binarizer: Any, frame: Frame) -> Frame:
    """1 above the threshold, else 0."""
    return builder.arithmetic(Arithmetic.GREATER, builder.check(frame), float(binarizer.threshold))


TRANSFORMERS = {Normalizer: transform_normalizer, Binarizer: transform_binarizer}
