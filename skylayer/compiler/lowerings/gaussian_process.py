"""Gaussian processes with the common kernels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process import kernels as k
from sklearn.gaussian_process._gpc import COEFS, LAMBDAS, _BinaryGaussianProcessClassifierLaplace

from skylayer.compiler.classes import plain_classes
from skylayer.compiler.kernels import kernel_values
from skylayer.compiler.prediction import Prediction
from skylayer.compiler.program import Arithmetic, Pairwise, Reduce, Unary

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Slots


def _squares(builder: Builder, x: Slots, rows: Any, scale: Any) -> Slots:
    """Squared distances in units of the length scale."""
    scaled = builder.arithmetic(Arithmetic.DIVIDE, x, scale)
    return builder.pairwise(Pairwise.SQUARED_EUCLIDEAN, scaled, rows / scale)


def _exp(builder: Builder, slots: Slots, factor: float) -> Slots:
    return builder.unary(Unary.EXP, builder.arithmetic(Arithmetic.MULTIPLY, slots, factor))


def _rbf(builder: Builder, kernel: Any, x: Slots, rows: Any) -> Slots:
    return _exp(builder, _squares(builder, x, rows, kernel.length_scale), -0.5)


def _matern(builder: Builder, kernel: Any, x: Slots, rows: Any) -> Slots:
    squares = _squares(builder, x, rows, kernel.length_scale)
    if kernel.nu == math.inf:
        return _exp(builder, squares, -0.5)
    distances = builder.unary(Unary.SQUARE_ROOT, squares)
    if kernel.nu == 0.5:  # noqa: PLR2004
        return _exp(builder, distances, -1.0)
    if kernel.nu not in {1.5, 2.5}:
        builder.cannot("needs a Bessel function", f"nu={kernel.nu}")
    scaled = builder.arithmetic(Arithmetic.MULTIPLY, distances, math.sqrt(2 * kernel.nu))
    factor = builder.arithmetic(Arithmetic.ADD, scaled, 1.0)
    if kernel.nu == 2.5:  # noqa: PLR2004
        third = builder.arithmetic(Arithmetic.DIVIDE, builder.unary(Unary.SQUARE, scaled), 3.0)
        factor = builder.combine(Arithmetic.ADD, factor, third)
    return builder.combine(Arithmetic.MULTIPLY, factor, _exp(builder, scaled, -1.0))


def _rational(builder: Builder, kernel: Any, x: Slots, rows: Any) -> Slots:
    squares = builder.pairwise(Pairwise.SQUARED_EUCLIDEAN, x, rows)
    scaled = builder.arithmetic(Arithmetic.DIVIDE, squares, 2 * kernel.alpha * kernel.length_scale**2)
    return builder.arithmetic(
        Arithmetic.POWER, builder.arithmetic(Arithmetic.ADD, scaled, 1.0), -kernel.alpha
    )


def _periodic(builder: Builder, kernel: Any, x: Slots, rows: Any) -> Slots:
    squares = builder.pairwise(Pairwise.SQUARED_EUCLIDEAN, x, rows)
    distances = builder.unary(Unary.SQUARE_ROOT, squares)
    angles = builder.arithmetic(Arithmetic.MULTIPLY, distances, np.pi / kernel.periodicity)
    sines = builder.arithmetic(Arithmetic.DIVIDE, builder.unary(Unary.SIN, angles), kernel.length_scale)
    return _exp(builder, builder.unary(Unary.SQUARE, sines), -2.0)


def _dot(builder: Builder, kernel: Any, x: Slots, rows: Any) -> Slots:
    return builder.arithmetic(Arithmetic.ADD, builder.pairwise(Pairwise.DOT, x, rows), kernel.sigma_0**2)


def _constant(builder: Builder, kernel: Any, x: Slots, rows: Any) -> Slots:  # noqa: ARG001
    return builder.constant(np.full(len(rows), kernel.constant_value))


def _white(builder: Builder, kernel: Any, x: Slots, rows: Any) -> Slots:  # noqa: ARG001
    return builder.constant(np.zeros(len(rows)))


def _pairwise(builder: Builder, kernel: Any, x: Slots, rows: Any) -> Slots:
    if kernel.pairwise_kernels_kwargs:
        builder.cannot("further parameters of a kernel are not compiled", "pairwise_kernels_kwargs=…")
    return kernel_values(builder, kernel.metric, x, rows, gamma=kernel.gamma)


def _sum(builder: Builder, kernel: Any, x: Slots, rows: Any) -> Slots:
    return builder.combine(
        Arithmetic.ADD, covariance(builder, kernel.k1, x, rows), covariance(builder, kernel.k2, x, rows)
    )


def _product(builder: Builder, kernel: Any, x: Slots, rows: Any) -> Slots:
    return builder.combine(
        Arithmetic.MULTIPLY, covariance(builder, kernel.k1, x, rows), covariance(builder, kernel.k2, x, rows)
    )


def _power(builder: Builder, kernel: Any, x: Slots, rows: Any) -> Slots:
    return builder.arithmetic(
        Arithmetic.POWER, covariance(builder, kernel.kernel, x, rows), float(kernel.exponent)
    )


KERNELS = {
    k.RBF: _rbf,
    k.Matern: _matern,
    k.RationalQuadratic: _rational,
    k.ExpSineSquared: _periodic,
    k.DotProduct: _dot,
    k.ConstantKernel: _constant,
    k.WhiteKernel: _white,
    k.PairwiseKernel: _pairwise,
    k.Sum: _sum,
    k.Product: _product,
    k.Exponentiation: _power,
}


def covariance(builder: Builder, kernel: Any, x: Slots, rows: Any) -> Slots:
    """The kernel of the row with each stored row."""
    if (lowering := KERNELS.get(type(kernel))) is None:
        builder.cannot("the kernel has no native equivalent", f"kernel={type(kernel).__name__}")
    return lowering(builder, kernel, x, rows)


def predict_regressor(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """The posterior mean (Rasmussen and Williams 2006, algorithm 2.1)."""
    if not hasattr(estimator, "X_train_"):
        builder.cannot("isn't fitted")
    values = covariance(builder, estimator.kernel_, builder.check(frame), estimator.X_train_)
    mean = builder.matrix(values, np.atleast_2d(estimator.alpha_.T))
    scaled = builder.arithmetic(Arithmetic.MULTIPLY, mean, estimator._y_train_std)  # noqa: SLF001
    return Prediction(builder.arithmetic(Arithmetic.ADD, scaled, estimator._y_train_mean))  # noqa: SLF001


def _prior_variance(builder: Builder, kernel: Any, x: Slots) -> Slots:
    """The kernel of the row with itself, a single slot."""
    if isinstance(kernel, k.ConstantKernel):
        return builder.constant([kernel.constant_value])
    if isinstance(kernel, k.WhiteKernel):
        return builder.constant([kernel.noise_level])
    if isinstance(kernel, k.DotProduct):
        norm = builder.sum_in_some_order(builder.unary(Unary.SQUARE, x), by_einsum=True)
        return builder.arithmetic(Arithmetic.ADD, (norm,), kernel.sigma_0**2)
    if isinstance(kernel, k.Sum | k.Product):
        kind = Arithmetic.ADD if isinstance(kernel, k.Sum) else Arithmetic.MULTIPLY
        first = _prior_variance(builder, kernel.k1, x)
        return builder.combine(kind, first, _prior_variance(builder, kernel.k2, x))
    if isinstance(kernel, k.Exponentiation):
        inner = _prior_variance(builder, kernel.kernel, x)
        return builder.arithmetic(Arithmetic.POWER, inner, float(kernel.exponent))
    if not isinstance(kernel, k.NormalizedKernelMixin):
        builder.cannot("the kernel's variance has no native equivalent", f"kernel={type(kernel).__name__}")
    return builder.constant([1.0])


def predict_binary(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """Laplace's approximation (Rasmussen and Williams 2006, algorithm 3.2); the averaged logistic function as
    five error functions (Williams and Barber 1998)."""  # noqa: D205, D209
    x = builder.check(frame)
    values = covariance(builder, estimator.kernel_, x, estimator.X_train_)
    values = builder.check(values)  # scipy's solver does
    mean = builder.matrix(values, estimator.y_train_ - estimator.pi_)
    solved = builder.matrix(values, np.linalg.inv(estimator.L_) * estimator.W_sr_)
    reduction = builder.reduce(Reduce.SUM, builder.unary(Unary.SQUARE, solved))
    variance = builder.combine(
        Arithmetic.SUBTRACT, _prior_variance(builder, estimator.kernel_, x), (reduction,)
    )
    lambdas, coefficients = LAMBDAS.ravel(), COEFS.ravel()
    twice = builder.arithmetic(Arithmetic.MULTIPLY, variance, 2.0)
    alpha = builder.unary(Unary.RECIPROCAL, twice)
    ratio = builder.combine(
        Arithmetic.DIVIDE,
        alpha * len(lambdas),
        builder.arithmetic(Arithmetic.ADD, alpha * len(lambdas), lambdas**2),
    )
    arguments = builder.combine(
        Arithmetic.MULTIPLY,
        builder.arithmetic(Arithmetic.MULTIPLY, mean * len(lambdas), lambdas),
        builder.unary(Unary.SQUARE_ROOT, ratio),
    )
    width = builder.unary(Unary.SQUARE_ROOT, builder.arithmetic(Arithmetic.REVERSE_DIVIDE, alpha, np.pi))
    norm = builder.unary(Unary.SQUARE_ROOT, builder.arithmetic(Arithmetic.MULTIPLY, twice, np.pi))
    integrals = builder.combine(Arithmetic.MULTIPLY, builder.unary(Unary.ERF, arguments), width)
    integrals = builder.combine(
        Arithmetic.DIVIDE, integrals, builder.arithmetic(Arithmetic.MULTIPLY, norm, 2.0)
    )
    total = builder.reduce(Reduce.SUM, builder.arithmetic(Arithmetic.MULTIPLY, integrals, coefficients))
    second = builder.arithmetic(Arithmetic.ADD, (total,), 0.5 * COEFS.sum())
    return Prediction(
        builder.arithmetic(Arithmetic.GREATER, mean, 0.0),
        plain_classes(builder, [estimator.classes_]),
        (builder.complement(second[0]),),
    )


def predict_classifier(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """One binary process, or several by one-vs-rest or one-vs-one."""
    answer = builder.predict(estimator.base_estimator_, frame, "base_estimator_")
    if estimator.n_classes_ > 2 and estimator.multi_class == "one_vs_one":  # noqa: PLR2004
        builder.cannot("has no probabilities", "multi_class='one_vs_one'")
    return Prediction(answer.values, plain_classes(builder, [estimator.classes_]), answer.probabilities)


PREDICTORS = {
    GaussianProcessRegressor: predict_regressor,
    GaussianProcessClassifier: predict_classifier,
    _BinaryGaussianProcessClassifierLaplace: predict_binary,
}
