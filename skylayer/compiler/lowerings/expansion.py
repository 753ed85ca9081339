"""KBinsDiscretizer and PolynomialFeatures: one feature becomes several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.preprocessing import KBinsDiscretizer, PolynomialFeatures

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame


def transform_bins(builder: Builder, discretizer: Any, frame: Frame) -> Frame:
    """The number of each value's bin, or an indicator per bin."""
    if discretizer.dtype is not None and np.dtype(discretizer.dtype) == np.float32:
        builder.cannot("computes in float64 only", "dtype=float32")
    edges = [np.asarray(e, dtype=np.float64)[1:-1].tolist() for e in discretizer.bin_edges_]
    bins = builder.bins(builder.check(frame), edges)
    if discretizer.encode == "ordinal":
        return bins
    return tuple(
        slot
        for code, count in zip(bins, discretizer.n_bins_, strict=True)
        for slot in builder.one_hot(code, int(count))
    )


def transform_polynomial(builder: Builder, polynomial: Any, frame: Frame) -> Frame:
    """Products of features, each multiplied in scikit-learn's order: the last factor first."""
    x = builder.check(frame)
    combinations = polynomial._combinations(  # noqa: SLF001
        n_features=len(x),
        min_degree=polynomial._min_degree,  # noqa: SLF001
        max_degree=polynomial._max_degree,  # noqa: SLF001
        interaction_only=polynomial.interaction_only,
        include_bias=polynomial.include_bias,
    )
    return builder.products(x, [tuple(reversed(c)) for c in combinations])


TRANSFORMERS = {KBinsDiscretizer: transform_bins, PolynomialFeatures: transform_polynomial}
