# ruff: noqa: INP001, D103
"""Write mathematics_tables.h: the constants of mathematics.c, from 60-digit decimal arithmetic.

Run it in this folder: `python mathematics_tables.py > mathematics_tables.h`.
"""

import math
from decimal import Decimal, getcontext

getcontext().prec = 60
LN2 = Decimal(2).ln()


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
        while abs(power) > Decimal(10) ** -65:
            total += power / (2 * k + 1)
            power, k = -power / inverse**2, k + 1
        return total

    return 4 * (4 * arctangent(5) - arctangent(239))


def main() -> None:
    powers = [pair(p, float(p)) for p in ((Decimal(i) / 64 * LN2).exp() for i in range(64))]
    inverses = [inverse(i) for i in range(92)]
    logarithms = [pair(v, float(v)) for v in (-Decimal(c).ln() for c in inverses)]
    step = LN2 / 64
    scalars = dict(zip(("LN2_64_HIGH", "LN2_64_LOW"), pair(step, leading(step, 34)), strict=True))
    scalars |= dict(zip(("LN2_HIGH", "LN2_LOW"), pair(LN2, leading(LN2, 40)), strict=True))
    scalars["INVERSE_LN2_64"] = float(1 / step)
    print("/* Written by mathematics_tables.py; don't edit. */")
    for name, value in scalars.items():
        print(f"static const double {name} = {value.hex()};")
    half, parts = pi() / 2, []
    scalars_of_pi = float(1 / half)
    for _ in range(3):
        parts.append(leading(half, 33))
        half -= Decimal(parts[-1])
    print(f"static const double HALF_PI_INVERSE = {scalars_of_pi.hex()};")
    print(array("HALF_PI", [*parts, float(half)]))
    factor = 2 / pi().sqrt()
    print(array("TWO_BY_ROOT_PI", list(pair(factor, float(factor)))))
    print(array("EXP_HIGH", [high for high, _ in powers]))
    print(array("EXP_LOW", [low for _, low in powers]))
    print(array("LOG_INVERSE", inverses))
    print(array("LOG_HIGH", [high for high, _ in logarithms]))
    print(array("LOG_LOW", [low for _, low in logarithms]))


main()
