/* The error function, the normal distribution and its quantiles. Series and continued fraction: M. Abramowitz and
 * I. A. Stegun, "Handbook of mathematical functions" (1964), chapter 7.
 *
 * Relies on: mathematics.c's exponential and logarithm in two doubles; quotients fitted by mathematics_tables.py.
 * Guarantees: the same bits on every machine; tests/integration/test_native_mathematics.py measures the errors. */
#include "pairs.h"
#include "mathematics_tables.h"

/* erf(a) of 0 <= a <= 6: 2/sqrt(pi) e^(-a^2) (a + 2a^3/3 + 4a^5/15 + ...); no term is negative (Abramowitz and
 * Stegun 7.1.6) */
static struct pair error_function(double a) {
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
    struct pair e = sky_exponential(-square.high, -square.low, &n);
    struct pair constant = {TWO_BY_ROOT_PI[0], TWO_BY_ROOT_PI[1]};
    struct pair y = multiply(multiply(multiply(sum, e), constant), (struct pair){a, 0.0});
    return (struct pair){scale(y.high, n), scale(y.low, n)};
}

double sky_erf(double x) {
    double a = __builtin_fabs(x);
    if (is_nan(x) || x == 0.0) return x;
    if (a > 6.0) return x > 0.0 ? 1.0 : -1.0;
    if (a < 1e-9) return x * TWO_BY_ROOT_PI[0];
    struct pair y = error_function(a);
    double result = y.high + y.low;
    return x > 0.0 ? result : -result;
}

/* erfc(a) / 2 of a >= 0: far out e^(-a^2) / sqrt(pi) / (a + 1/2/(a + 1/(a + 3/2/(a + ...)))), Abramowitz and Stegun
 * 7.1.14, which has converged after 60 steps from 3 on */
static double half_complement(double a) {
    if (a < 1e-9) return 0.5 - 0.5 * TWO_BY_ROOT_PI[0] * a;
    if (a < 3.0) {
        struct pair e = error_function(a), rest = two_sum(1.0, -e.high);
        return 0.5 * (rest.high + (rest.low - e.low));
    }
    if (a > 27.3) return 0.0;
    double fraction = a;
    for (int k = 60; k > 0; k--) fraction = a + 0.5 * k / fraction;
    struct pair square = two_product(a, a);
    int n;
    struct pair e = sky_exponential(-square.high, -square.low, &n);
    return scale(0.25 * TWO_BY_ROOT_PI[0] * (e.high + e.low) / fraction, n);
}

/* The standard normal distribution, by way of x / sqrt(2) rounded, as scipy.special.ndtr goes. */
double sky_normal_cdf(double x) {
    if (is_nan(x)) return x;
    double a = __builtin_fabs(x) * 0.70710678118654752440;
    return x < 0.0 ? half_complement(a) : 1.0 - half_complement(a);
}

static double polynomial(const double *c, int n, double x) { /* falling powers */
    double y = c[0];
    for (int i = 1; i < n; i++) y = y * x + c[i];
    return y;
}

/* The standard normal quantile: a series around 1/2; in a tail of weight t, r = sqrt(-2 log t) less what a quotient
 * of polynomials says (mathematics_tables.py fits it). */
double sky_probit(double p) {
    if (is_nan(p) || p < 0.0 || p > 1.0) return __builtin_nan("");
    if (p == 0.0 || p == 1.0) return p == 0.0 ? -infinity : infinity;
    struct pair from_middle = two_sum(p, -0.5);
    double q = from_middle.high;
    if (__builtin_fabs(q) <= 0.375) {
        double square = q * q, y = PROBIT_SERIES[71];
        for (int i = 70; i > 0; i--) y = y * square + PROBIT_SERIES[i];
        struct pair ratio = quick_sum(PROBIT_SERIES[0], y * square);
        /* what the difference lost counts with the slope, which (ratio / the first)^3 times the first nearly is */
        double slope = ratio.high * ratio.high * ratio.high / (PROBIT_SERIES[0] * PROBIT_SERIES[0]);
        return q * ratio.high + (q * ratio.low + from_middle.low * slope);
    }
    struct pair l = sky_logarithm(q < 0.0 ? p : 1.0 - p);
    l = (struct pair){-2.0 * l.high, -2.0 * l.low};
    double r = __builtin_sqrt(l.high);
    struct pair square = two_product(r, r);
    double rest = ((l.high - square.high) - square.low + l.low) / (2.0 * r);
    const double *c = r < 5.0 ? PROBIT_NEAR : r < 12.0 ? PROBIT_FAR : PROBIT_FARTHEST;
    double x = r - (polynomial(c, 9, r) / polynomial(c + 9, 9, r) - rest);
    return q < 0.0 ? -x : x;
}
