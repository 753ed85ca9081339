/* Elementary functions: argument reduction in two doubles, then a short series. After P. T. P. Tang,
 * "Table-driven implementation of the exponential function in IEEE floating-point arithmetic", ACM TOMS 15 (1989), and
 * the same author's logarithm, TOMS 16 (1990).
 *
 * Relies on: round-to-nearest, no fused multiply-add, tables made by mathematics_tables.py.
 * Guarantees: about half a unit in the last place, which tests/integration/test_native_mathematics.py measures; C's
 * special values; the same bits on every machine. */
#include "pairs.h"
#include "mathematics_tables.h"

struct pair sky_exponential(double x, double tail, int *n) {
    double turns = __builtin_rint(x * INVERSE_LN2_64);
    int k = (int)turns, i = k & 63;
    *n = (k - i) / 64;
    struct pair r = two_sum(x - turns * LN2_64_HIGH, -(turns * LN2_64_LOW));
    r.low += tail;
    double h = r.high;
    double p = h * h * (0.5 + h * (1.0 / 6 + h * (1.0 / 24 + h * (1.0 / 120 + h * (1.0 / 720)))));
    struct pair q = two_sum(h, p + r.low + h * r.low);
    struct pair m = two_product(EXP_HIGH[i], q.high);
    struct pair s = quick_sum(EXP_HIGH[i], m.high);
    s.low += m.low + EXP_LOW[i] + EXP_HIGH[i] * q.low + EXP_LOW[i] * q.high;
    return quick_sum(s.high, s.low);
}

double sky_exp(double x) {
    if (is_nan(x)) return x;
    if (x > 709.8) return infinity;
    if (x < -745.2) return 0.0;
    int n;
    struct pair e = sky_exponential(x, 0.0, &n);
    return scale(e.high + e.low, n);
}

struct pair sky_logarithm(double x) {
    int k = 0;
    if (x < 2.2250738585072014e-308) x *= 18014398509481984.0, k = -54;
    uint64_t u = to_bits(x);
    k += (int)(u >> 52) - 1023;
    double m = from_bits((u & 0xfffffffffffffu) | 0x3ff0000000000000u);
    if (m > 1.4142135623730951) m *= 0.5, k++;
    /* c is 1/m to eight bits, so that both halves of m * c - 1 are exact */
    int i = (int)((m - 0.703125) * 128.0);
    double c = LOG_INVERSE[i];
    double high = from_bits(to_bits(m) & 0xfffffffff8000000u);
    struct pair r = two_sum(high * c - 1.0, (m - high) * c);
    struct pair square = two_product(r.high, r.high);
    double h = r.high;
    double rest = h * h * h * (1.0 / 3 - h * (1.0 / 4 - h * (1.0 / 5 - h * (1.0 / 6 - h * (1.0 / 7
                  - h * (1.0 / 8 - h * (1.0 / 9)))))));
    double kk = (double)k;
    struct pair s = two_sum(kk * LN2_HIGH, LOG_HIGH[i]);
    struct pair t = two_sum(s.high, r.high);
    struct pair v = two_sum(t.high, -0.5 * square.high);
    v.low += t.low + s.low + kk * LN2_LOW + LOG_LOW[i] + r.low - r.high * r.low - 0.5 * square.low + rest;
    return quick_sum(v.high, v.low);
}

double sky_log(double x) {
    if (is_nan(x) || x == infinity) return x;
    if (x == 0.0) return -infinity;
    if (x < 0.0) return __builtin_nan("");
    struct pair l = sky_logarithm(x);
    return l.high + l.low;
}

/* e^x - 1 as two doubles, |x| < 709 */
static struct pair exponential_less_one(double x) {
    if (__builtin_fabs(x) < 0.01) {
        struct pair square = two_product(x, x);
        double rest = x * x * x * (1.0 / 6 + x * (1.0 / 24 + x * (1.0 / 120 + x * (1.0 / 720 + x * (1.0 / 5040
                      + x * (1.0 / 40320))))));
        struct pair s = quick_sum(x, 0.5 * square.high);
        s.low += 0.5 * square.low + rest;
        return quick_sum(s.high, s.low);
    }
    int n;
    struct pair e = sky_exponential(x, 0.0, &n);
    struct pair s = two_sum(scale(e.high, n), -1.0);
    s.low += scale(e.low, n);
    return quick_sum(s.high, s.low);
}

double sky_expm1(double x) {
    if (is_nan(x) || x == 0.0) return x;
    if (x > 709.0) return sky_exp(x);
    if (x < -40.0) return -1.0;
    struct pair e = exponential_less_one(x);
    return e.high + e.low;
}

double sky_log1p(double x) {
    if (is_nan(x) || x == infinity || x == 0.0) return x;
    if (x == -1.0) return -infinity;
    if (x < -1.0) return __builtin_nan("");
    if (__builtin_fabs(x) < 1e-5) { /* three terms are exact to the last place */
        struct pair square = two_product(x, x);
        struct pair s = quick_sum(x, -0.5 * square.high);
        return s.high + (s.low - 0.5 * square.low + x * x * x * (1.0 / 3 - x * 0.25));
    }
    struct pair s = two_sum(1.0, x);
    struct pair l = sky_logarithm(s.high);
    return l.high + (l.low + s.low / s.high);
}

double sky_tanh(double x) {
    double a = __builtin_fabs(x);
    if (is_nan(x) || x == 0.0) return x;
    if (a > 20.0) return x > 0.0 ? 1.0 : -1.0;
    if (a < 1e-8) return x;
    struct pair e = exponential_less_one(2.0 * a);
    struct pair d = two_sum(e.high, 2.0);
    d.low += e.low;
    double q = e.high / d.high;
    struct pair back = two_product(q, d.high);
    q += ((e.high - back.high) - back.low + e.low - q * d.low) / d.high;
    return x > 0.0 ? q : -q;
}

/* 1 / (1 + e^-x), the logistic function */
double sky_expit(double x) {
    return 1.0 / (1.0 + sky_exp(-x));
}

double sky_pow(double x, double y) {
    if (y == 0.0 || x == 1.0) return 1.0;
    if (is_nan(x) || is_nan(y)) return x + y;
    const double size = __builtin_fabs(x), half = __builtin_trunc(0.5 * y);
    const int whole = __builtin_trunc(y) == y, odd = whole && half * 2.0 != y && __builtin_fabs(y) < 9007199254740992.0;
    if (__builtin_fabs(y) == infinity) {
        if (size == 1.0) return 1.0;
        return (size > 1.0) == (y > 0.0) ? infinity : 0.0;
    }
    if (size == 0.0 || size == infinity) {
        double result = (size == 0.0) == (y > 0.0) ? 0.0 : infinity;
        return odd ? __builtin_copysign(result, x) : result;
    }
    if (x < 0.0 && !whole) return __builtin_nan("");
    struct pair l = sky_logarithm(size);
    double sign = x < 0.0 && odd ? -1.0 : 1.0;
    double estimate = l.high * y;
    if (estimate > 709.8) return sign * infinity;
    if (estimate < -745.2) return sign * 0.0;
    struct pair p = two_product(l.high, y);
    int n;
    struct pair e = sky_exponential(p.high, p.low + l.low * y, &n);
    return sign * scale(e.high + e.low, n);
}

static double scaled_logarithm(double x, const double inverse[2]) {
    if (!(x > 0.0) || x == infinity) return sky_log(x);
    struct pair l = multiply(sky_logarithm(x), (struct pair){inverse[0], inverse[1]});
    return l.high + l.low;
}

double sky_log2(double x) { return scaled_logarithm(x, INVERSE_LN2); }
double sky_log10(double x) { return scaled_logarithm(x, INVERSE_LN10); }

double sky_exp2(double x) {
    if (is_nan(x)) return x;
    if (x >= 1024.0) return infinity;
    if (x < -1075.0) return 0.0;
    struct pair p = two_product(x, LN2_PAIR[0]);
    int n;
    struct pair e = sky_exponential(p.high, p.low + x * LN2_PAIR[1], &n);
    return scale(e.high + e.low, n);
}

double sky_cbrt(double x) {
    double a = __builtin_fabs(x);
    if (is_nan(x) || x == 0.0 || a == infinity) return x;
    struct pair l = sky_logarithm(a);
    double third = l.high / 3.0;
    struct pair back = two_product(third, 3.0);
    int n;
    struct pair e = sky_exponential(third, ((l.high - back.high) - back.low + l.low) / 3.0, &n);
    return __builtin_copysign(scale(e.high + e.low, n), x);
}
