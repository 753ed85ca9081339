"""numpy's functions that the kernel knows too; docs/compiled-steps.md lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer.compiler.program import Arithmetic, Unary

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.prediction import Slots

UNARY = {
    np.isnan: Unary.IS_NAN,
    np.negative: Unary.NEGATE,
    np.absolute: Unary.ABSOLUTE,
    np.fabs: Unary.ABSOLUTE,
    np.sign: Unary.SIGN,
    np.square: Unary.SQUARE,
    np.sqrt: Unary.SQUARE_ROOT,
    np.reciprocal: Unary.RECIPROCAL,
    np.floor: Unary.FLOOR,
    np.ceil: Unary.CEIL,
    np.trunc: Unary.TRUNCATE,
    np.exp: Unary.EXP,
    np.log: Unary.LOG,
    np.expm1: Unary.EXPM1,
    np.log1p: Unary.LOG1P,
    np.tanh: Unary.TANH,
    np.sin: Unary.SIN,
    np.cos: Unary.COS,
    np.log2: Unary.LOG2,
    np.log10: Unary.LOG10,
    np.exp2: Unary.EXP2,
    np.cbrt: Unary.CBRT,
    np.rint: Unary.ROUND,
}
# The size of a value against a constant.
COMPARED = {
    np.logical_not: (Arithmetic.EQUAL, 0.0),
    np.isinf: (Arithmetic.EQUAL, np.inf),
    np.isfinite: (Arithmetic.LESS, np.inf),
}
SCALED = {np.deg2rad: np.pi / 180, np.radians: np.pi / 180, np.rad2deg: 180 / np.pi, np.degrees: 180 / np.pi}


def is_known(function: Any) -> bool:
    """Whether the kernel has a function."""
    if not isinstance(function, np.ufunc):
        return function is None
    return function in {*UNARY, *SCALED, *COMPARED, np.positive}


def apply_function(builder: Builder, function: Any, arguments: Any, slots: Slots, parameter: str) -> Slots:
    """The function of each slot; refuses what isn't in the table."""
    if function is None:
        return slots
    name = getattr(function, "__name__", type(function).__name__)
    if arguments:
        builder.cannot("arguments of a function can't be compiled", f"{parameter}=<{name}>")
    if isinstance(function, np.ufunc) and function in UNARY:
        return builder.unary(UNARY[function], slots)
    if isinstance(function, np.ufunc) and function in SCALED:
        return builder.arithmetic(Arithmetic.MULTIPLY, slots, SCALED[function])
    if isinstance(function, np.ufunc) and function in COMPARED:
        kind, constant = COMPARED[function]
        sizes = builder.unary(Unary.ABSOLUTE, slots)
        return builder.arithmetic(kind, sizes, constant)
    if function is np.positive:
        return slots
    return builder.cannot("a callable can't be compiled", f"{parameter}=<{name}>")
