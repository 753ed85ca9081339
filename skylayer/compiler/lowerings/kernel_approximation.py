"""Nystroem, RBFSampler and PolynomialCountSketch: features whose products approximate a kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.kernel_approximation import Nystroem, PolynomialCountSketch, RBFSampler

from skylayer.compiler.compositions import dense
from skylayer.compiler.kernels import kernel_values
from skylayer.compiler.program import Arithmetic, Pairwise, Reduce, Unary

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Slots

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


def transform_sketch(builder: Builder, sketch: Any, frame: Frame) -> Frame:
    """The circular convolution of count sketches (Pham and Pagh 2013), by their Fourier transforms as products."""
    x = builder.arithmetic(Arithmetic.MULTIPLY, builder.check(frame), float(np.sqrt(sketch.gamma)))
    if sketch.coef0:
        x = (*x, *builder.constant([float(np.sqrt(sketch.coef0))]))
    count = sketch.n_components
    angles = 2 * np.pi * (np.outer(np.arange(count), np.arange(count)) % count) / count
    cosines, sines = np.cos(angles), np.sin(angles)
    real: Slots = ()
    imaginary: Slots = ()
    for places, signs in zip(sketch.indexHash_, sketch.bitHash_, strict=True):
        own = (
            builder.matrix(x, cosines[:, places] * signs),
            builder.matrix(x, -sines[:, places] * signs),
        )
        real, imaginary = _times(builder, (real, imaginary), own) if real else own
    inverse = np.hstack([cosines, -sines]) / count
    return builder.matrix((*real, *imaginary), inverse)


def _times(builder: Builder, left: tuple[Slots, Slots], right: tuple[Slots, Slots]) -> tuple[Slots, Slots]:
    """The product of complex numbers, each as its real and imaginary parts."""

    def product(a: Slots, b: Slots) -> Slots:
        return builder.combine(Arithmetic.MULTIPLY, a, b)

    (a, b), (c, d) = left, right
    return (
        builder.combine(Arithmetic.SUBTRACT, product(a, c), product(b, d)),
        builder.combine(Arithmetic.ADD, product(a, d), product(b, c)),
    )


TRANSFORMERS = {
    Nystroem: transform_nystroem,
    PolynomialCountSketch: transform_sketch,
    RBFSampler: transform_sampler,
}
