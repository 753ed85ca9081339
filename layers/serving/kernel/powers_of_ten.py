# ruff: noqa: INP001, D103
"""Write powers_of_ten.h: the first 128 bits of every power of ten that a double's digits need, rounded up.

Run it in this folder: `python powers_of_ten.py > powers_of_ten.h`.
"""

LEAST, MOST = -292, 324


def leading_bits(exponent: int) -> int:
    """10^exponent * 2^n, rounded up, with n such that 128 bits hold it and the first is set."""
    numerator, denominator = (10**exponent, 1) if exponent >= 0 else (1, 10**-exponent)
    shift = 128 - numerator.bit_length() + denominator.bit_length()
    for n in (shift, shift - 1):
        above, below = (numerator << n, denominator) if n >= 0 else (numerator, denominator << -n)
        value = -(-above // below)
        if value < 2**128:
            return value
    raise AssertionError(exponent)


def main() -> None:
    print("/* Written by powers_of_ten.py; don't edit. */")
    print(f"#define LEAST_POWER ({LEAST})")
    print(f"static const struct wide POWERS[{MOST - LEAST + 1}] = {{")
    for exponent in range(LEAST, MOST + 1):
        value = leading_bits(exponent)
        print(f"    {{0x{value >> 64:016x}u, 0x{value % 2**64:016x}u}},")
    print("};")


if __name__ == "__main__":
    main()
