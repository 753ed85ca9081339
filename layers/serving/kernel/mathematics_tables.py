# ruff: noqa: INP001, D103
"""Write mathematics_tables.h: the constants of mathematics.c, from decimal arithmetic and mpmath.

Run it in this folder: `python mathematics_tables.py > mathematics_tables.h`.
"""

import math
from decimal import Decimal, getcontext

import mpmath

getcontext().prec = 420
mpmath.mp.dps = 80
LN2 = Decimal(2).ln()
SERIES = 72  # terms for |q| <= 3/8
TAIL_DEGREE = 8
TAILS = ((2.03, 5), (5, 12), (12, 39))
TWO_BY_PI_WORDS = 37  # as far as the largest double needs them


def leading(value: Decimal, bits: int) -> float:
    """The first `bits` bits of a positive value, so that its product with a small integer is exact."""
    mantissa, exponent = math.frexp(float(value))
    return math.ldexp(math.floor(mantissa * 2**bits), exponent - bits)


def pair(value: Decimal, high: float) -> tuple[float, float]:
    return high, float(value - Decimal(high))


def array(name: str, values: list[float]) -> str:
    lines = [f"    {', '.join(v.hex() for v in values[i : i + 4])}," for i in range(0, len(values), 4)]
    return "\n".join([f"static const double {name}[{len(values)}] = {{", *lines, "};"])


def inverse(index: int) -> float:
    """An eight-bit reciprocal of the middle of the index-th interval of 1/128 from 0.703125; 1 around 1."""
    return 1.0 if index in (37, 38) else round(256 / (0.703125 + (index + 0.5) / 128)) / 256


def pi() -> Decimal:
    """Machin's formula."""

    def arctangent(inverse: int) -> Decimal:
        power, total, k = Decimal(1) / inverse, Decimal(0), 0
        while abs(power) > Decimal(10) ** -425:
            total += power / (2 * k + 1)
            power, k = -power / inverse**2, k + 1
        return total

    return 4 * (4 * arctangent(5) - arctangent(239))


def bits_of_two_by_pi(words: int) -> list[int]:
    """2/pi after the binary point, behind two words of zeros, 32 bits each."""
    whole = int(2 / pi() * Decimal(2) ** (32 * words))
    return [0, 0] + [whole >> (32 * (words - 1 - k)) & 0xFFFFFFFF for k in range(words)]


def word_array(name: str, values: list[int]) -> str:
    lines = [f"    {', '.join(f'0x{v:08x}u' for v in values[i : i + 6])}," for i in range(0, len(values), 6)]
    return "\n".join([f"static const uint32_t {name}[{len(values)}] = {{", *lines, "};"])


def probit_series(terms: int) -> list[float]:
    """Coefficients of the normal quantile of 1/2 + q over q, by powers of q^2; none is negative."""
    c = [mpmath.mpf(1)]
    for k in range(1, terms):
        c.append(mpmath.fsum(c[m] * c[k - 1 - m] / ((m + 1) * (2 * m + 1)) for m in range(k)))
    root = mpmath.sqrt(2 * mpmath.pi)
    return [float(root * v * mpmath.pi**k / (2 * k + 1)) for k, v in enumerate(c)]


def probit_shortfall(r: mpmath.mpf) -> mpmath.mpf:
    """R - x, where x is the normal quantile of 1 - exp(-r^2 / 2), by Newton's method."""
    x = mpmath.sqrt(r * r - mpmath.log(r * r) - 1)
    for _ in range(40):
        tail = mpmath.erfc(x / mpmath.sqrt(2)) / 2
        slope = -mpmath.exp(-x * x / 2) / mpmath.sqrt(2 * mpmath.pi)
        x -= (mpmath.log(tail) + r * r / 2) * tail / slope
    return r - x


def probit_tail(low: float, high: float) -> list[float]:
    """Numerator and denominator, by falling powers, of a quotient that is `probit_shortfall` at Chebyshev's nodes."""
    a, b, n = mpmath.mpf(low), mpmath.mpf(high), TAIL_DEGREE
    nodes = [
        (a + b + (b - a) * mpmath.cos(mpmath.pi * (k + 0.5) / (2 * n + 1))) / 2 for k in range(2 * n + 1)
    ]
    values = [probit_shortfall(r) for r in nodes]
    rows = [
        [r**j for j in range(n + 1)] + [-v * r**j for j in range(1, n + 1)]
        for r, v in zip(nodes, values, strict=True)
    ]
    found = list(mpmath.lu_solve(mpmath.matrix(rows), mpmath.matrix(values)))
    numerator, denominator = found[: n + 1], [mpmath.mpf(1), *found[n + 1 :]]
    return [float(v) for v in (*numerator[::-1], *denominator[::-1])]


def main() -> None:
    powers = [pair(p, float(p)) for p in ((Decimal(i) / 64 * LN2).exp() for i in range(64))]
    inverses = [inverse(i) for i in range(92)]
    logarithms = [pair(v, float(v)) for v in (-Decimal(c).ln() for c in inverses)]
    step = LN2 / 64
    scalars = dict(zip(("LN2_64_HIGH", "LN2_64_LOW"), pair(step, leading(step, 34)), strict=True))
    scalars |= dict(zip(("LN2_HIGH", "LN2_LOW"), pair(LN2, leading(LN2, 40)), strict=True))
    scalars["INVERSE_LN2_64"] = float(1 / step)
    print("/* Written by mathematics_tables.py; don't edit. */\n#include <stdint.h>")
    for name, value in scalars.items():
        print(f"static const double {name} = {value.hex()};")
    half, parts = pi() / 2, []
    whole_half = half
    scalars_of_pi = float(1 / half)
    for _ in range(3):
        parts.append(leading(half, 33))
        half -= Decimal(parts[-1])
    print(f"static const double HALF_PI_INVERSE = {scalars_of_pi.hex()};")
    print(array("HALF_PI", [*parts, float(half)]))
    print(array("HALF_PI_PAIR", list(pair(whole_half, float(whole_half)))))
    print(word_array("TWO_BY_PI", bits_of_two_by_pi(TWO_BY_PI_WORDS)))
    factor = 2 / pi().sqrt()
    print(array("TWO_BY_ROOT_PI", list(pair(factor, float(factor)))))
    for name, inverted in (("INVERSE_LN2", LN2), ("INVERSE_LN10", Decimal(10).ln())):
        print(array(name, list(pair(1 / inverted, float(1 / inverted)))))
    print(array("LN2_PAIR", list(pair(LN2, float(LN2)))))
    print(array("PROBIT_SERIES", probit_series(SERIES)))
    for name, (low, high) in zip(("NEAR", "FAR", "FARTHEST"), TAILS, strict=True):
        print(array(f"PROBIT_{name}", probit_tail(low, high)))
    print(array("EXP_HIGH", [high for high, _ in powers]))
    print(array("EXP_LOW", [low for _, low in powers]))
    print(array("LOG_INVERSE", inverses))
    print(array("LOG_HIGH", [high for high, _ in logarithms]))
    print(array("LOG_LOW", [low for _, low in logarithms]))


main()
