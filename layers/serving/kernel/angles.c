/* Sine and cosine: whole quarter turns are taken off in two doubles, then a short series.
 * W. J. Cody and W. Waite, "Software manual for the elementary functions" (1980), for usual angles; M. H. Payne and
 * R. N. Hanek, "Radian reduction for trigonometric functions", ACM SIGNUM Newsletter 18 (1983), for large ones.
 *
 * Relies on: round-to-nearest, no fused multiply-add, tables made by mathematics_tables.py.
 * Guarantees: a result for every finite angle, the same bits on every machine; NaN of infinity and NaN.
 * tests/integration/test_native_mathematics.py measures the errors. */
#include "pairs.h"
#include "mathematics_tables.h"

/* x = n * pi/2 + pair, |pair| <= pi/4; pi/2 in three parts of 33 bits and a rest (Cody and Waite 1980). Good to
 * the last place up to REDUCIBLE, where n still has 20 bits. */
static const double REDUCIBLE = 1647099.0;
static struct pair reduce_angle(double x, int *quadrant) {
    double n = __builtin_rint(x * HALF_PI_INVERSE);
    *quadrant = (int)n & 3;
    double first = x - n * HALF_PI[0];
    struct pair s = two_sum(first, -(n * HALF_PI[1]));
    struct pair t = two_sum(s.high, -(n * HALF_PI[2]));
    t.low += s.low - n * HALF_PI[3];
    return quick_sum(t.high, t.low);
}

/* The same for x >= REDUCIBLE (Payne and Hanek 1983): x is an integer times 2^e, so that the bits of 2/pi before
 * e - 2 only add whole turns; the integer times the 192 bits after them leaves two bits of the quadrant before the
 * point and more than 120 after it, where no double comes nearer to a multiple of pi/2 than 2^-62. */
static struct pair reduce_large_angle(double x, int *quadrant) {
    const uint64_t u = to_bits(x), m = (u & 0xfffffffffffffu) | 0x10000000000000u;
    const uint32_t from = (uint32_t)(u >> 52) - 1075 + 62, bit = from % 32, *t = TWO_BY_PI + from / 32;
    uint32_t w[6], p[6];
    uint64_t carry = 0;
    for (int i = 0; i < 6; i++) w[i] = (uint32_t)((((uint64_t)t[i] << 32 | t[i + 1]) << bit) >> 32);
    for (int i = 5; i >= 0; i--, carry >>= 32) p[i] = (uint32_t)(carry += (uint32_t)m * (uint64_t)w[i]);
    carry = 0;
    for (int i = 4; i >= 0; i--, carry >>= 32) p[i] = (uint32_t)(carry += (m >> 32) * w[i + 1] + p[i]);
    const uint32_t above = (p[0] >> 29) & 1, flip = 0u - above; /* a half or more: from the next quadrant down */
    *quadrant = (int)((p[0] >> 30) + above) & 3;
    p[0] = (p[0] ^ flip) & 0x3fffffffu;
    struct pair sum = {0.0, 0.0};
    double weight = above ? -9.313225746154785e-10 : 9.313225746154785e-10; /* 2^-30 */
    for (int i = 0; i < 5; i++, weight *= 2.3283064365386963e-10) { /* 2^-32 */
        struct pair s = two_sum(sum.high, weight * (i ? p[i] ^ flip : p[i]));
        sum = quick_sum(s.high, s.low + sum.low);
    }
    return multiply(sum, (struct pair){HALF_PI_PAIR[0], HALF_PI_PAIR[1]});
}

static double sine(struct pair r) {
    double z = r.high * r.high;
    double p = z * (-1.0 / 6 + z * (1.0 / 120 + z * (-1.0 / 5040 + z * (1.0 / 362880 + z * (-1.0 / 39916800
               + z * (1.0 / 6227020800.0 + z * (-1.0 / 1307674368000.0)))))));
    return r.high + (r.low * (1.0 - 0.5 * z) + r.high * p);
}

static double cosine(struct pair r) {
    struct pair square = two_product(r.high, r.high);
    double z = square.high;
    double p = z * z * (1.0 / 24 + z * (-1.0 / 720 + z * (1.0 / 40320 + z * (-1.0 / 3628800 + z * (1.0 / 479001600
               + z * (-1.0 / 87178291200.0 + z * (1.0 / 20922789888000.0)))))));
    struct pair s = quick_sum(1.0, -0.5 * z);
    return s.high + (s.low - 0.5 * square.low - r.high * r.low + p);
}

static double turn(double x, int quarter) {
    const double size = __builtin_fabs(x);
    if (!(size < infinity)) return __builtin_nan("");
    int quadrant;
    struct pair r = size < REDUCIBLE ? reduce_angle(size, &quadrant) : reduce_large_angle(size, &quadrant);
    if (x < 0.0) quadrant = -quadrant, r = (struct pair){-r.high, -r.low};
    quadrant = (quadrant + quarter) & 3;
    double y = quadrant & 1 ? cosine(r) : sine(r);
    return quadrant & 2 ? -y : y;
}

double sky_sin(double x) { return x == 0.0 ? x : turn(x, 0); }
double sky_cos(double x) { return turn(x, 1); }
