/* Numbers of twice the precision, as unevaluated sums of two doubles: T. J. Dekker, "A floating-point technique for
 * extending the available precision", Numerische Mathematik 18 (1971); two_sum is D. E. Knuth's (TAOCP 2, 4.2.2).
 *
 * Relies on: round-to-nearest, -ffp-contract=off, and that nothing over- or underflows.
 * Guarantees: two_sum and two_product are exact; multiply is within about 2^-102 of its result. */
#ifndef SKYLAYER_PAIRS_H
#define SKYLAYER_PAIRS_H
#include "mathematics.h"
#include <stdint.h>

static const double infinity = __builtin_inf();

static inline uint64_t to_bits(double x) {
    union { double d; uint64_t u; } both = {x};
    return both.u;
}
static inline double from_bits(uint64_t u) {
    union { uint64_t u; double d; } both = {u};
    return both.d;
}
/* x * 2^n, rounded once, for any n that an exponential asks for */
static inline double scale(double x, int n) {
    if (n > 1000) return x * from_bits((uint64_t)(1023 + 1000) << 52) * from_bits((uint64_t)(23 + n) << 52);
    if (n < -1000) return x * from_bits((uint64_t)(n + 1023 + 600) << 52) * from_bits((uint64_t)(1023 - 600) << 52);
    return x * from_bits((uint64_t)(1023 + n) << 52);
}

struct pair {
    double high, low;
};
static inline struct pair quick_sum(double a, double b) { /* |a| >= |b| */
    double s = a + b;
    return (struct pair){s, b - (s - a)};
}
static inline struct pair two_sum(double a, double b) {
    double s = a + b, bb = s - a;
    return (struct pair){s, (a - (s - bb)) + (b - bb)};
}
static inline struct pair two_product(double a, double b) { /* Dekker's splitting: no fused multiply-add */
    double ca = 134217729.0 * a, cb = 134217729.0 * b;
    double ah = ca - (ca - a), al = a - ah, bh = cb - (cb - b), bl = b - bh;
    double p = a * b;
    return (struct pair){p, ((ah * bh - p) + ah * bl + al * bh) + al * bl};
}
static inline struct pair multiply(struct pair a, struct pair b) {
    struct pair p = two_product(a.high, b.high);
    p.low += a.high * b.low + a.low * b.high;
    return quick_sum(p.high, p.low);
}

/* e^(x + tail) = pair * 2^n for |x| < 746 */
struct pair sky_exponential(double x, double tail, int *n);
/* log(x) of a positive finite x */
struct pair sky_logarithm(double x);
#endif
