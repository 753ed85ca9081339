/* The weighted median of a few values, as AdaBoostRegressor takes it.
 *
 * Relies on: few inputs, since it takes n^2 steps and no memory.
 * Guarantees: scikit-learn's choice among ties, and its running sum of weights. */
#include "table.h"

/* The input that follows (value, input number) `last`, number `at`, in ascending order. */
static uint32_t next(const struct tile *t, const uint32_t *in, uint32_t n, size_t r, double last, uint32_t at) {
    uint32_t best = n;
    for (uint32_t i = 0; i < n; i++) {
        const double x = slot(t, in[i])[r];
        if (at < n && (x < last || (x == last && i <= at))) continue;
        if (best == n || x < slot(t, in[best])[r]) best = i;
    }
    return best;
}

/* Where the running sum of weights first reaches `half`; the sum itself when half is NaN. */
static double walk(const struct tile *t, const uint32_t *in, const double *weights, uint32_t n, size_t r,
                   double half) {
    double sum = 0.0, value = 0.0;
    for (uint32_t k = 0, at = n; k < n; k++) {
        uint32_t i = next(t, in, n, r, value, at);
        if (i == n) break;
        at = i;
        value = slot(t, in[i])[r];
        sum += weights[i];
        if (sum >= half) return value;
    }
    return sum;
}

int run_weighted_median(struct tile *t, const struct operation *o) {
    const uint32_t *in = inputs_of(t, o);
    const double *weights = doubles(t, o, 0);
    for (size_t r = 0; r < t->rows; r++) {
        const double total = walk(t, in, weights, o->inputs, r, __builtin_nan(""));
        slot(t, o->output)[r] = walk(t, in, weights, o->inputs, r, 0.5 * total);
    }
    return SKYLAYER_OK;
}
