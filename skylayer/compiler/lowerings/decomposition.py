"""Projections onto components."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.decomposition import PCA, FastICA, IncrementalPCA, TruncatedSVD
from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection

from skylayer.compiler.compositions import dense
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


def transform_projection(builder: Builder, projection: Any, frame: Frame) -> Frame:
    """The product with its components, whether they were learned or drawn."""
    return builder.matrix(builder.check(frame), dense(projection.components_))


def transform_independent(builder: Builder, ica: Any, frame: Frame) -> Frame:
    """The projection of the centred row."""
    x = builder.check(frame)
    if ica.whiten:
        x = builder.arithmetic(Arithmetic.SUBTRACT, x, ica.mean_)
    return builder.matrix(x, ica.components_)


TRANSFORMERS = {
    PCA: transform_principal,
    IncrementalPCA: transform_principal,
    TruncatedSVD: transform_projection,
    GaussianRandomProjection: transform_projection,
    SparseRandomProjection: transform_projection,
    FastICA: transform_independent,
}
