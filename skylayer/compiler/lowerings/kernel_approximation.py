"""Nystroem and RBFSampler: features whose products approximate a kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.kernel_approximation import Nystroem, RBFSampler

from skylayer.compiler.compositions import dense
from skylayer.compiler.kernels import kernel_values
from skylayer.compiler.program import Arithmetic, Pairwise, Reduce, Unary

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame

PARAMETERS = {"gamma", "degree", "coef0"}


def transform_nystroem(builder: Builder, nystroem: Any, frame: Frame) -> Frame:
    """The kernel with the stored rows, projected."""
    if callable(nystroem.kernel):
        builder.cannot("a callable can't be compiled", "kernel=<function>")
    parameters = nystroem._get_kernel_params()  # noqa: SLF001
    if parameters.keys() - PARAMETERS:
        builder.cannot("has kernel parameters of its own", "kernel_params={…}")
    x = builder.check(frame)
    values = kernel_values(builder, nystroem.kernel, x, nystroem.components_, **parameters)
    if nystroem.kernel == "rbf":
        # Where both a square and a product overflow, scikit-learn's distance is infinity less infinity.
        square = (builder.reduce(Reduce.SUM, builder.unary(Unary.SQUARE, x)),)
        products = builder.pairwise(Pairwise.DOT, x, dense(nystroem.components_))
        doubled = builder.arithmetic(Arithmetic.MULTIPLY, products, -2.0)
        distances = builder.combine(Arithmetic.ADD, doubled, square)
        values = builder.select(builder.unary(Unary.IS_NAN, distances), distances, values)
    return builder.matrix(values, nystroem.normalization_)


def transform_sampler(builder: Builder, sampler: Any, frame: Frame) -> Frame:
    """Cosines of random projections."""
    projected = builder.matrix(builder.check(frame), sampler.random_weights_.T, sampler.random_offset_)
    scale = (2.0 / sampler.n_components) ** 0.5
    return builder.arithmetic(Arithmetic.MULTIPLY, builder.unary(Unary.COS, projected), scale)


TRANSFORMERS = {Nystroem: transform_nystroem, RBFSampler: transform_sampler}
