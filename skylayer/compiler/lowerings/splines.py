"""SplineTransformer: the B-splines of a feature, evaluated as scipy does (C. de Boor, A practical guide to splines)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.preprocessing import SplineTransformer

from skylayer.compiler.program import Arithmetic, Unary

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Slots

BOUNDED = {"constant", "linear"}  # how splines go on beyond the knots: not by their own polynomials


def transform_splines(builder: Builder, transformer: Any, frame: Frame) -> Frame:
    """Every basis function of every feature, continued beyond the knots as the transformer was told to."""
    if transformer.extrapolation == "periodic":
        builder.cannot("a remainder has no native equivalent", "extrapolation='periodic'")
    if not transformer.degree:
        builder.cannot("steps have no native equivalent", "degree=0")
    zeros = transformer.handle_missing == "zeros"
    if zeros and transformer.sparse_output and transformer.extrapolation not in BOUNDED:
        builder.cannot("puts the batch's smallest value for a missing one", "sparse_output=True")
    x = builder.check(frame, allow_nan=zeros)
    present = builder.replace(x, [spline.t[spline.k] for spline in transformer.bsplines_])
    degree: int = transformer.degree
    result: list[int] = []
    for slot, number, spline in zip(x, present, transformer.bsplines_, strict=True):
        if transformer.extrapolation in BOUNDED:
            low, high = float(spline.t[degree]), float(spline.t[-degree - 1])
            if transformer.extrapolation == "linear" and degree == 1:
                degree += 1  # and stays so for the features behind it, as in scikit-learn's loop
            clipped = builder.arithmetic(Arithmetic.MINIMUM, (number,), high)
            basis = _basis(builder, builder.arithmetic(Arithmetic.MAXIMUM, clipped, low)[0], spline)
            below, above = (
                _beyond(builder, number, spline, end, outermost, linear=transformer.extrapolation == "linear")
                for end, outermost in ((low, slice(degree)), (high, slice(-degree, None)))
            )
            is_below = builder.arithmetic(Arithmetic.LESS, (number,), low) * len(basis)
            is_above = builder.arithmetic(Arithmetic.GREATER, (number,), high) * len(basis)
            basis = builder.select(is_below, below, builder.select(is_above, above, basis))
        else:
            if transformer.extrapolation == "error":
                _refuse_outside(builder, number, spline)
            basis = _basis(builder, number, spline)
        missing = builder.unary(Unary.IS_NAN, (slot,)) * len(basis)
        basis = builder.select(missing, builder.constant([0.0]) * len(basis), basis)
        result += basis if transformer.include_bias else basis[:-1]
    return tuple(result)


def _refuse_outside(builder: Builder, slot: int, spline: Any) -> None:
    knots = spline.t[spline.k : len(spline.t) - spline.k]
    detail = "the value lies beyond the limits of the knots"
    builder.refuse(builder.arithmetic(Arithmetic.LESS, (slot,), float(knots[0])), detail)
    builder.refuse(builder.arithmetic(Arithmetic.GREATER, (slot,), float(knots[-1])), detail)


def _beyond(builder: Builder, slot: int, spline: Any, end: float, outermost: slice, *, linear: bool) -> Slots:
    """Each basis function beyond one end of the knots: its value there, or its tangent; 0 of all but the outermost."""
    values, slopes = np.zeros((2, spline.c.shape[1]))
    values[outermost], slopes[outermost] = spline(end)[outermost], spline(end, nu=1)[outermost]
    heights = builder.constant(values)
    if not linear:
        return heights
    distance = builder.arithmetic(Arithmetic.SUBTRACT, (slot,), end)
    rises = builder.arithmetic(Arithmetic.MULTIPLY, distance * len(slopes), slopes)
    return builder.combine(Arithmetic.ADD, heights, rises)


def _basis(builder: Builder, slot: int, spline: Any) -> Slots:
    """A finite number as scipy's BSpline does: polynomials by de Boor's recursion, each with its coefficients."""
    knots, degree = spline.t, spline.k
    count = len(knots) - degree - 1
    interval = builder.bins((slot,), [knots[degree + 1 : count].tolist()])[0]
    of_intervals = range(degree, count)
    powers = builder.constant([1.0])
    for j in range(1, degree + 1):
        ends = [[(knots[i + n - j], knots[i + n]) for n in range(1, j + 1)] for i in of_intervals]
        powers = _raised(builder, slot, interval, powers, np.asarray(ends))
    total: Slots = builder.constant([0.0]) * spline.c.shape[1]
    for a, power in enumerate(powers):
        coefficients = builder.gather(interval, [spline.c[i + a - degree] for i in of_intervals], None)
        total = builder.combine(
            Arithmetic.ADD, total, builder.combine(Arithmetic.MULTIPLY, coefficients, (power,))
        )
    return total


def _raised(builder: Builder, slot: int, interval: int, lower: Slots, ends: Any) -> Slots:
    """The polynomials of one degree more; `ends`: by interval and polynomial the knots between which it isn't 0."""
    steps = ends.shape[1]
    low, high = (builder.gather(interval, ends[:, :, k], None) for k in (0, 1))
    width = builder.combine(Arithmetic.SUBTRACT, high, low)
    weights = builder.combine(Arithmetic.DIVIDE, lower, width)
    if (ends[:, :, 0] == ends[:, :, 1]).any():
        weights = builder.select(width, weights, builder.constant([0.0]) * steps)
    falling = builder.combine(
        Arithmetic.MULTIPLY, weights, builder.combine(Arithmetic.SUBTRACT, high, (slot,))
    )
    distance = builder.combine(Arithmetic.SUBTRACT, (slot,) * steps, low)
    rising = builder.combine(Arithmetic.MULTIPLY, weights, distance)
    inner = builder.combine(Arithmetic.ADD, rising[:-1], falling[1:]) if steps > 1 else ()
    return (falling[0], *inner, rising[-1])


TRANSFORMERS = {SplineTransformer: transform_splines}
