"""Projections onto components."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.decomposition import PCA, FastICA, IncrementalPCA, TruncatedSVD

from skylayer.compiler.program import Arithmetic

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame


def transform_principal(builder: Builder, pca: Any, frame: Frame) -> Frame:
    """The projection less that of the mean, whitened if asked."""
    projected = builder.matrix(builder.check(frame), pca.components_, -(pca.mean_ @ pca.components_.T))
    if not pca.whiten:
        return projected
    scale = np.sqrt(pca.explained_variance_)
    return builder.arithmetic(Arithmetic.DIVIDE, projected, np.maximum(scale, np.finfo(scale.dtype).eps))


def transform_truncated(builder: Builder, svd: Any, frame: Frame) -> Frame:
    """The projection."""
    return builder.matrix(builder.check(frame), svd.components_)


def transform_independent(builder: Builder, ica: Any, frame: Frame) -> Frame:
    """The projection of the centred row."""
    x = builder.check(frame)
    if ica.whiten:
        x = builder.arithmetic(Arithmetic.SUBTRACT, x, ica.mean_)
    return builder.matrix(x, ica.components_)


TRANSFORMERS = {
    PCA: transform_principal,
    IncrementalPCA: transform_principal,
    TruncatedSVD: transform_truncated,
    FastICA: transform_independent,
}
