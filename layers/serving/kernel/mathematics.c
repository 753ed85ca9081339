/* Elementary functions: argument reduction in two doubles, then a short series; about half a unit in the
 * last place. After P. T. P. Tang, "Table-driven implementation of the exponential function in IEEE
 * floating-point arithmetic", ACM TOMS 15 (1989), and the same author's logarithm, TOMS 16 (1990). */
#include "mathematics.h"
#include "mathematics_tables.h"
#include <stdint.h>

static const double infinity = __builtin_inf();

static uint64_t to_bits(double x) {
    union { double d; uint64_t u; } both = {x};
    return both.u;
}
static double from_bits(uint64_t u) {
    union { uint64_t u; double d; } both = {u};
    return both.d;
}
/* x * 2^n, rounded once, for any n that an exponential asks for */
static double scale(double x, int n) {
    if (n > 1000) return x * from_bits((uint64_t)(1023 + 1000) << 52) * from_bits((uint64_t)(23 + n) << 52);
    if (n < -1000) return x * from_bits((uint64_t)(n + 1023 + 600) << 52) * from_bits((uint64_t)(1023 - 600) << 52);
    return x * from_bits((uint64_t)(1023 + n) << 52);
}

struct pair {
    double high, low;
};
static struct pair quick_sum(double a, double b) { /* |a| >= |b| */
    double s = a + b;
    return (struct pair){s, b - (s - a)};
}
static struct pair two_sum(double a, double b) {
    double s = a + b, bb = s - a;
    return (struct pair){s, (a - (s - bb)) + (b - bb)};
}
static struct pair two_product(double a, double b) { /* Dekker's splitting: no fused multiply-add */
    double ca = 134217729.0 * a, cb = 134217729.0 * b;
    double ah = ca - (ca - a), al = a - ah, bh = cb - (cb - b), bl = b - bh;
    double p = a * b;
    return (struct pair){p, ((ah * bh - p) + ah * bl + al * bh) + al * bl};
}

/* e^(x + tail) = pair * 2^n for |x| < 746 */
static struct pair exponential(double x, double tail, int *n) {
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
    struct pair e = exponential(x, 0.0, &n);
    return scale(e.high + e.low, n);
}

/* log(x) of a positive finite x as two doubles */
static struct pair logarithm(double x) {
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
    struct pair l = logarithm(x);
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
    struct pair e = exponential(x, 0.0, &n);
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
    struct pair l = logarithm(s.high);
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
    struct pair l = logarithm(size);
    double sign = x < 0.0 && odd ? -1.0 : 1.0;
    double estimate = l.high * y;
    if (estimate > 709.8) return sign * infinity;
    if (estimate < -745.2) return sign * 0.0;
    struct pair p = two_product(l.high, y);
    int n;
    struct pair e = exponential(p.high, p.low + l.low * y, &n);
    return sign * scale(e.high + e.low, n);
}

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
    if (!(__builtin_fabs(x) < REDUCIBLE)) return __builtin_nan("");
    int quadrant;
    struct pair r = reduce_angle(x, &quadrant);
    quadrant = (quadrant + quarter) & 3;
    double y = quadrant & 1 ? cosine(r) : sine(r);
    return quadrant & 2 ? -y : y;
}

/* NaN from 1.6 million radians on, where a reduction of this kind loses places */
double sky_sin(double x) { return x == 0.0 ? x : turn(x, 0); }
double sky_cos(double x) { return turn(x, 1); }

static struct pair multiply(struct pair a, struct pair b) {
    struct pair p = two_product(a.high, b.high);
    p.low += a.high * b.low + a.low * b.high;
    return quick_sum(p.high, p.low);
}

/* 2/sqrt(pi) e^(-x^2) (x + 2x^3/3 + 4x^5/15 + ...): no term is negative (Abramowitz and Stegun 7.1.6) */
double sky_erf(double x) {
    double a = __builtin_fabs(x);
    if (is_nan(x) || x == 0.0) return x;
    if (a > 6.0) return x > 0.0 ? 1.0 : -1.0;
    if (a < 1e-9) return x * TWO_BY_ROOT_PI[0];
    struct pair square = two_product(a, a), twice = {2.0 * square.high, 2.0 * square.low};
    struct pair term = {1.0, 0.0}, sum = term;
    for (double odd = 3.0; term.high > 1e-18 * sum.high; odd += 2.0) {
        struct pair p = multiply(term, twice);
        double q = p.high / odd;
        struct pair back = two_product(q, odd);
        term = quick_sum(q, ((p.high - back.high) - back.low + p.low) / odd);
        struct pair s = two_sum(sum.high, term.high);
        sum = quick_sum(s.high, s.low + sum.low + term.low);
    }
    int n;
    struct pair e = exponential(-square.high, -square.low, &n);
    struct pair constant = {TWO_BY_ROOT_PI[0], TWO_BY_ROOT_PI[1]};
    struct pair y = multiply(multiply(multiply(sum, e), constant), (struct pair){a, 0.0});
    double result = scale(y.high + y.low, n);
    return x > 0.0 ? result : -result;
}
