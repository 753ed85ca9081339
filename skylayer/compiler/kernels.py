"""Kernel functions of a row with stored rows, by scikit-learn's names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skylayer.compiler.compositions import dense
from skylayer.compiler.program import Arithmetic, Pairwise, Unary

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from skylayer.compiler.builder import Builder
    from skylayer.compiler.prediction import Slots


def kernel_values(
    builder: Builder,
    name: str,
    slots: Slots,
    rows: ArrayLike,
    *,
    gamma: float | None = None,
    degree: float = 3,
    coef0: float = 1.0,
) -> Slots:
    """K(row, each stored row); `gamma` None is 1 / features."""
    if not isinstance(name, str):
        builder.cannot("a callable can't be compiled", "kernel=<function>")
    stored = dense(rows)
    factor = 1.0 / stored.shape[1] if gamma is None else float(gamma)
    if name in {"rbf", "laplacian"}:
        metric = Pairwise.SQUARED_EUCLIDEAN if name == "rbf" else Pairwise.MANHATTAN
        distances = builder.pairwise(metric, slots, stored)
        return builder.unary(Unary.EXP, builder.arithmetic(Arithmetic.MULTIPLY, distances, -factor))
    products = builder.pairwise(Pairwise.DOT, slots, stored)
    if name == "linear":
        return products
    if name not in {"poly", "polynomial", "sigmoid"}:
        builder.cannot("the kernel has no native equivalent", f"kernel={name!r}")
    inner = builder.arithmetic(Arithmetic.MULTIPLY, products, factor)
    inner = builder.arithmetic(Arithmetic.ADD, inner, float(coef0))
    if name == "sigmoid":
        return builder.unary(Unary.TANH, inner)
    return builder.arithmetic(Arithmetic.POWER, inner, float(degree))
