/* A double as the shortest decimal that reads back as the same double, written as Python's repr writes it.
 * The digits: R. Giulietti, "The Schubfach way to render doubles" (2020).
 *
 * Relies on: a finite number, powers_of_ten.h.
 * Guarantees: repr's text in every byte, and not more than LONGEST_NUMBER of them. */
#include "decimal.h"
#include "wide.h"
#include "powers_of_ten.h"

/* `exponent` * log10(2), or log10(3/4 * 2^exponent), rounded down; and that of log2(10). */
static int log10_of_power_of_2(int exponent) { return (exponent * 1262611) >> 22; }
static int log10_of_three_quarters(int exponent) { return (exponent * 1262611 - 524031) >> 22; }
static int log2_of_power_of_10(int exponent) { return (exponent * 1741647) >> 19; }

/* The upper 64 of the product's 192 bits; the last is set if anything below it is. */
static uint64_t multiply(struct wide power, uint64_t factor) {
    const struct wide high = wide_sum(wide_product(power.high, factor), wide_product(power.low, factor).high);
    return high.high | (high.low > 1);
}

/* The digits of c * 2^q as a whole number, and the power of ten to multiply it with. */
static uint64_t shortest(uint64_t c, int q, int *power) {
    const int lopsided = c == 0x10000000000000u && q > -1074; /* the next double below is nearer than that above */
    const int k = lopsided ? log10_of_three_quarters(q) : log10_of_power_of_2(q);
    const int shift = q + log2_of_power_of_10(-k) + 1;
    const struct wide g = POWERS[-k - LEAST_POWER];
    const uint64_t value = multiply(g, (4 * c) << shift), odd = c & 1;
    /* What lies between rounds to this double, the ends included if its last bit is 0. */
    const uint64_t least = multiply(g, (4 * c - (lopsided ? 1 : 2)) << shift) + odd;
    const uint64_t most = multiply(g, (4 * c + 2) << shift) - odd;
    const uint64_t s = value / 4, tenth = s / 10;
    *power = k + 1;
    const int below = least <= 40 * tenth, above = 40 * tenth + 40 <= most;
    if (s >= 10 && below != above) return tenth + (uint64_t)above;
    *power = k;
    const int down = least <= 4 * s, up = 4 * s + 4 <= most;
    if (down != up) return s + (uint64_t)up;
    const uint64_t middle = 4 * s + 2;
    return s + (value > middle || (value == middle && (s & 1)));
}

size_t write_whole(uint8_t *text, uint64_t number) {
    uint8_t digits[20];
    size_t n = 0, count;
    do digits[n++] = (uint8_t)('0' + number % 10);
    while (number /= 10);
    for (count = 0; count < n; count++) text[count] = digits[n - 1 - count];
    return n;
}

static size_t put(uint8_t *text, const uint8_t *from, size_t count) {
    for (size_t i = 0; i < count; i++) text[i] = from[i];
    return count;
}

static size_t zeros(uint8_t *text, int count) {
    for (int i = 0; i < count; i++) text[i] = '0';
    return (size_t)(count > 0 ? count : 0);
}

/* `count` digits whose decimal point stands after the first `point` of them, which may be none or beyond the last. */
static size_t lay_out(uint8_t *text, const uint8_t *digits, int count, int point) {
    uint8_t *p = text;
    if (point > 16 || point < -3) { /* d.ddde+XX */
        *p++ = digits[0];
        if (count > 1) *p++ = '.';
        p += put(p, digits + 1, (size_t)(count - 1));
        const int exponent = point > 0 ? point - 1 : 1 - point;
        *p++ = 'e';
        *p++ = point > 0 ? '+' : '-';
        if (exponent < 10) *p++ = '0';
        return (size_t)(p - text) + write_whole(p, (uint64_t)exponent);
    }
    if (point <= 0) {
        p += put(p, (const uint8_t *)"0.", 2);
        p += zeros(p, -point);
        return (size_t)(p - text) + put(p, digits, (size_t)count);
    }
    const int before = point < count ? point : count;
    p += put(p, digits, (size_t)before);
    p += zeros(p, point - count);
    *p++ = '.';
    if (point >= count) *p++ = '0';
    return (size_t)(p - text) + put(p, digits + before, (size_t)(count - before));
}

size_t write_double(uint8_t *text, double number) {
    union { double d; uint64_t u; } bits = {number};
    const int biased = (int)(bits.u >> 52 & 0x7ff);
    const uint64_t fraction = bits.u & 0xfffffffffffffu;
    uint8_t digits[20];
    uint8_t *p = text;
    if (bits.u >> 63) *p++ = '-';
    if (!biased && !fraction) return (size_t)(p - text) + put(p, (const uint8_t *)"0.0", 3);
    int power;
    uint64_t whole = shortest(biased ? fraction | 0x10000000000000u : fraction, biased ? biased - 1075 : -1074, &power);
    while (whole % 10 == 0) whole /= 10, power++;
    const int count = (int)write_whole(digits, whole);
    return (size_t)(p - text) + lay_out(p, digits, count, count + power);
}
