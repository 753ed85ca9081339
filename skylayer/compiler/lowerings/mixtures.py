"""Gaussian mixtures: weighted log densities of the components."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import digamma  # type: ignore[import-untyped]
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture

from skylayer.compiler.compositions import from_log_likelihoods
from skylayer.compiler.prediction import Prediction
from skylayer.compiler.program import Arithmetic, Reduce, Unary

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Slots


def _distances(builder: Builder, mixture: Any, x: Slots) -> Slots:
    """Each component's squared Mahalanobis distance, expanded where scikit-learn expands it."""
    means, cholesky = mixture.means_, mixture.precisions_cholesky_
    if mixture.covariance_type in {"full", "tied"}:
        roots = cholesky if mixture.covariance_type == "full" else [cholesky] * len(means)
        result = []
        for mean, root in zip(means, roots, strict=True):
            whitened = builder.matrix(x, root.T, -(mean @ root))
            result.append(builder.reduce(Reduce.PAIRWISE_SUM, builder.unary(Unary.SQUARE, whitened)))
        return tuple(result)
    precisions, squares = cholesky**2, builder.unary(Unary.SQUARE, x)
    if mixture.covariance_type == "diag":
        constant = np.sum(means**2 * precisions, axis=1)
        cross = builder.matrix(x, means * precisions)
        own = builder.matrix(squares, precisions)
    else:
        constant = np.sum(means**2, axis=1) * precisions
        cross = builder.arithmetic(Arithmetic.MULTIPLY, builder.matrix(x, means), precisions)
        norm = builder.sum_in_some_order(squares, by_einsum=True)
        own = builder.arithmetic(Arithmetic.MULTIPLY, (norm,) * len(means), precisions)
    twice = builder.arithmetic(Arithmetic.MULTIPLY, cross, 2.0)
    return builder.combine(
        Arithmetic.ADD, builder.arithmetic(Arithmetic.REVERSE_SUBTRACT, twice, constant), own
    )


def _log_determinants(mixture: Any, features: int) -> Any:
    cholesky = mixture.precisions_cholesky_
    if mixture.covariance_type == "full":
        return np.sum(np.log(np.diagonal(cholesky, axis1=1, axis2=2)), axis=1)
    if mixture.covariance_type == "tied":
        return np.sum(np.log(np.diagonal(cholesky)))
    return np.sum(np.log(cholesky), axis=1) if cholesky.ndim == 2 else features * np.log(cholesky)  # noqa: PLR2004


def predict_mixture(builder: Builder, mixture: Any, frame: Frame) -> Prediction:
    """The component with the largest weighted density."""
    x = builder.check(frame)
    features = len(x)
    scaled = builder.arithmetic(Arithmetic.ADD, _distances(builder, mixture, x), features * np.log(2 * np.pi))
    scaled = builder.arithmetic(Arithmetic.MULTIPLY, scaled, -0.5)
    densities = builder.arithmetic(Arithmetic.ADD, scaled, _log_determinants(mixture, features))
    if isinstance(mixture, BayesianGaussianMixture):
        densities = _expected(builder, mixture, densities, features)
    weighted = builder.arithmetic(Arithmetic.ADD, densities, mixture._estimate_log_weights())  # noqa: SLF001
    best = builder.reduce(Reduce.ARGMAX, weighted)
    return Prediction((best,), probabilities=(from_log_likelihoods(builder, weighted),), integer=True)


def _expected(builder: Builder, mixture: Any, densities: Slots, features: int) -> Slots:
    """Expectations over the posterior of means and precisions (Bishop 2006, 10.64 and 10.65)."""
    freedom = mixture.degrees_of_freedom_
    spread = features * np.log(2.0) + np.sum(
        digamma(0.5 * (freedom - np.arange(features)[:, np.newaxis])), axis=0
    )
    reduced = builder.arithmetic(Arithmetic.SUBTRACT, densities, 0.5 * features * np.log(freedom))
    return builder.arithmetic(Arithmetic.ADD, reduced, 0.5 * (spread - features / mixture.mean_precision_))


PREDICTORS = {GaussianMixture: predict_mixture, BayesianGaussianMixture: predict_mixture}
