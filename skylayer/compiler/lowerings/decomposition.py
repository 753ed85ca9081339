"""Projections onto components."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.decomposition import PCA, FastICA, IncrementalPCA, KernelPCA, TruncatedSVD
from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection

from skylayer.compiler.compositions import dense
from skylayer.compiler.kernels import kernel_values
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


def transform_kernel(builder: Builder, pca: Any, frame: Frame) -> Frame:
    """The kernel with the stored rows, centred, and its products with the eigenvectors (Schölkopf et al. 1998)."""
    parameters = {"gamma": pca.gamma_, "degree": pca.degree, "coef0": pca.coef0}
    values = kernel_values(builder, pca.kernel, builder.check(frame), pca.X_fit_, **parameters)
    centerer = pca._centerer  # noqa: SLF001
    total = (builder.sum_in_some_order(values),)
    mean = builder.arithmetic(Arithmetic.DIVIDE, total, float(len(values)))
    centred = builder.arithmetic(Arithmetic.SUBTRACT, values, centerer.K_fit_rows_)
    centred = builder.combine(Arithmetic.SUBTRACT, centred, mean)
    centred = builder.arithmetic(Arithmetic.ADD, centred, float(centerer.K_fit_all_))
    kept = pca.eigenvalues_ != 0
    scaled = np.zeros_like(pca.eigenvectors_)
    scaled[:, kept] = pca.eigenvectors_[:, kept] / np.sqrt(pca.eigenvalues_[kept])
    return builder.matrix(centred, scaled.T)


TRANSFORMERS = {
    PCA: transform_principal,
    IncrementalPCA: transform_principal,
    TruncatedSVD: transform_projection,
    GaussianRandomProjection: transform_projection,
    SparseRandomProjection: transform_projection,
    FastICA: transform_independent,
    KernelPCA: transform_kernel,
}
