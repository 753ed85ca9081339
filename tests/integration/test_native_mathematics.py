"""The kernel's elementary functions against arbitrary precision, in units of the last place."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Any

import mpmath  # type: ignore[import-untyped]
import numpy as np
import pytest
from scipy import special  # type: ignore[import-untyped]

from serving.engines.native import open_kernel, open_table
from skylayer.compiler import registry
from skylayer.compiler.assembler import assemble
from skylayer.compiler.builder import Builder
from skylayer.compiler.frame import RawColumn
from skylayer.compiler.kernel_build import host_kernel
from skylayer.compiler.prediction import Prediction
from skylayer.compiler.program import Arithmetic, Unary

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

SAMPLES = 500
RANDOM = np.random.default_rng(0)
BITS = 160


def between(low: float, high: float) -> NDArray[np.float64]:
    return RANDOM.uniform(low, high, SAMPLES)


def magnitudes(low: float, high: float) -> NDArray[np.float64]:
    """Both signs, exponents of ten spread evenly."""
    return RANDOM.choice([-1.0, 1.0], SAMPLES) * 10.0 ** between(low, high)


def normal(x: mpmath.mpf) -> mpmath.mpf:
    return mpmath.erfc(-x / mpmath.sqrt(2)) / 2


def probit(p: mpmath.mpf) -> mpmath.mpf:
    """Scipy's value made exact by Newton's method: mpmath's own inverse takes a thousand bits for small shares."""
    x = mpmath.mpf(float(special.ndtri(float(p))))
    for _ in range(2):
        x -= (normal(x) - p) * mpmath.sqrt(2 * mpmath.pi) * mpmath.exp(x * x / 2)
    return x


def logistic(x: mpmath.mpf) -> mpmath.mpf:
    return 1 / (1 + mpmath.exp(-x))


NEAR_ZERO = [magnitudes(-300, -1), magnitudes(-18, 0), between(-0.02, 0.02)]
ANGLES = [
    between(-10, 10),
    between(-1e6, 1e6),
    between(1.6e6, 1.7e6),
    magnitudes(6, 308),
    np.arange(SAMPLES) * np.pi / 2,
    *NEAR_ZERO,
]
SHARES = [
    between(0, 1),
    10.0 ** between(-300, -0.3),
    1 - 10.0 ** between(-12, -0.5),
    0.5 + magnitudes(-15, -1),
]
# function, exact function, arguments, largest error in units of the last place
CASES = [
    (Unary.EXP, mpmath.exp, [between(-745, 709.7), between(-745.1, -708), *NEAR_ZERO], 0.75),
    (Unary.LOG, mpmath.log, [abs(magnitudes(-320, 308)), between(0.5, 2), 1 + magnitudes(-15, -1)], 0.51),
    (Unary.EXPM1, mpmath.expm1, [between(-45, 709), between(-1, 1), *NEAR_ZERO], 0.51),
    (Unary.LOG1P, mpmath.log1p, [abs(magnitudes(-1, 300)), -1 + abs(magnitudes(-15, -1)), *NEAR_ZERO], 0.51),
    (Unary.TANH, mpmath.tanh, [between(-22, 22), between(-1, 1), *NEAR_ZERO], 0.51),
    (
        Unary.EXPIT,
        logistic,
        [between(-700, 40), between(-5, 5), *NEAR_ZERO],
        2.0,
    ),  # 1 / (1 + exp(-x)), as scipy
    (Unary.SIN, mpmath.sin, ANGLES, 1.0),
    (Unary.COS, mpmath.cos, ANGLES, 1.0),
    (Unary.ERF, mpmath.erf, [between(-7, 7), between(-1, 1), *NEAR_ZERO], 0.75),
    (Unary.NORMAL_CDF, normal, [between(-2, 9), between(-1, 1), *NEAR_ZERO], 6.0),  # x / sqrt(2) is rounded
    (Unary.NORMAL_CDF, normal, [between(-37, -2)], 2000.0),  # which counts x^2 times in a tail
    (Unary.PROBIT, probit, SHARES, 4.0),
    (Unary.LOG2, lambda x: mpmath.log(x, 2), [abs(magnitudes(-320, 308)), 1 + magnitudes(-15, -1)], 0.51),
    (Unary.LOG10, mpmath.log10, [abs(magnitudes(-320, 308)), 1 + magnitudes(-15, -1)], 0.51),
    (Unary.EXP2, lambda x: mpmath.power(2, x), [between(-1074, 1023.9), *NEAR_ZERO], 0.75),
    (Unary.CBRT, lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)), [magnitudes(-320, 308)], 0.51),
]


def error(got: float, exact: mpmath.mpf) -> float:
    """In units of the last place of the exact value."""
    return float(abs(mpmath.mpf(got) - exact) / mpmath.mpf(math.ulp(float(exact))))


def evaluate(build: Callable[[Builder, Any], Any], columns: list[list[float]], folder: Path) -> list[float]:
    builder = Builder(registry, ("test",))
    names = [f"x{k}" for k in range(len(columns))]
    frame = builder.numbers(
        tuple(RawColumn(k, n, "number", "float64", math.nan) for k, n in enumerate(names))
    )
    path = folder / "tables.bin"
    path.write_bytes(assemble(builder.finish(Prediction(build(builder, frame)))))
    engine = open_table(str(path), open_kernel(str(host_kernel())), names, ["predictions"])
    return engine.predict(columns, len(columns[0]))["predictions"]


@pytest.mark.parametrize(("kind", "exact", "arguments", "bound"), CASES, ids=lambda v: getattr(v, "name", ""))
def test_error(kind: Unary, exact: Any, arguments: Any, bound: float, tmp_path: Path) -> None:
    x = np.concatenate(arguments).tolist()
    found = evaluate(lambda builder, frame: builder.unary(kind, frame), [x], tmp_path)
    with mpmath.workprec(BITS):
        worst = max((error(got, exact(mpmath.mpf(v))), v) for got, v in zip(found, x, strict=True))
    assert worst[0] <= bound, worst


def test_error_of_powers(tmp_path: Path) -> None:
    x = np.concatenate([abs(magnitudes(-100, 100)), between(0.5, 2), between(0, 50), between(-9, 0)])
    y = np.concatenate(
        [
            between(-3, 3),
            between(-900, 900),
            RANDOM.choice([0.5, 2, 1 / 3], SAMPLES),
            RANDOM.integers(-9, 9, SAMPLES),
        ]
    )
    columns = [x.tolist(), y.tolist()]
    found = evaluate(lambda b, f: b.combine(Arithmetic.POWER, f[:1], f[1:]), columns, tmp_path)
    with mpmath.workprec(BITS):
        worst = max(
            (error(got, mpmath.power(mpmath.mpf(a), mpmath.mpf(b))), a, b)
            for got, a, b in zip(found, *columns, strict=True)
        )
    assert worst[0] <= 0.51, worst


@pytest.mark.parametrize(("kind", "exact"), [(Unary.SIN, mpmath.sin), (Unary.COS, mpmath.cos)])
def test_error_at_the_doubles_nearest_to_quarter_turns(kind: Unary, exact: Any, tmp_path: Path) -> None:
    """There a reduction loses most: 6381956970095103 * 2**797 is nearer to one than any other double."""
    with mpmath.workprec(1400):
        turns = [mpmath.mpf(int(n)) * mpmath.mpf(2) ** int(e) for n, e in
                 zip(RANDOM.integers(1, 2**40, SAMPLES), RANDOM.integers(0, 980, SAMPLES), strict=True)]  # fmt: skip
        x = [6381956970095103.0 * 2.0**797, *(float(t * mpmath.pi / 2) for t in turns)]
        found = evaluate(lambda builder, frame: builder.unary(kind, frame), [x], tmp_path)
        worst = max((error(got, exact(mpmath.mpf(v))), v) for got, v in zip(found, x, strict=True))
    assert worst[0] <= 1.0, worst


@pytest.mark.parametrize(
    ("kind", "x", "y"),
    [
        (Unary.EXP, -746.0, 0.0),
        (Unary.EXP, 0.0, 1.0),
        (Unary.EXPM1, -800.0, -1.0),
        (Unary.TANH, 800.0, 1.0),
        (Unary.TANH, -0.0, -0.0),
        (Unary.LOG1P, -0.0, -0.0),
        (Unary.EXPIT, -800.0, 0.0),
        (Unary.ERF, -7.0, -1.0),
        (Unary.NORMAL_CDF, -39.0, 0.0),
        (Unary.NORMAL_CDF, 9.0, 1.0),
        (Unary.PROBIT, 0.5, 0.0),
        (Unary.PROBIT, 0.0, None),
        (Unary.PROBIT, 1.5, None),
        (Unary.LOG2, 2.0**-1074, -1074.0),
        (Unary.LOG10, 1e22, 22.0),
        (Unary.EXP2, 1024.0, None),
        (Unary.EXP2, -1074.0, 5e-324),
        (Unary.CBRT, -27.0, -3.0),
        (Unary.ROUND, 2.5, 2.0),
        (Unary.COS, math.inf, None),
        (Unary.SIN, -0.0, -0.0),
        (Unary.EXP, 710.0, None),  # infinity and NaN are null in an answer
        (Unary.LOG, 0.0, None),
        (Unary.LOG, -1.0, None),
        (Unary.LOG1P, -1.5, None),
    ],
)
def test_the_ends(kind: Unary, x: float, y: float | None, tmp_path: Path) -> None:
    (found,) = evaluate(lambda builder, frame: builder.unary(kind, frame), [[x]], tmp_path)
    assert (found is None and y is None) or struct.pack("d", found) == struct.pack("d", y)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (0.0, -1.0),
        (-0.0, -3.0),
        (-2.0, 0.5),
        (-2.0, 3.0),
        (0.0, 0.0),
        (1.0, 1e300),
        (-1.0, 1e300),
        (2.0, -1080.0),
    ],
)
def test_powers_at_the_ends(x: float, y: float, tmp_path: Path) -> None:
    (found,) = evaluate(lambda b, f: b.combine(Arithmetic.POWER, f[:1], f[1:]), [[x], [y]], tmp_path)
    with np.errstate(all="ignore"):
        wanted = float(np.power(np.float64(x), y))
    assert found == (wanted if math.isfinite(wanted) else None)
