/* Values to codes, codes to values, and piecewise linear interpolation.
 *
 * Relies on: keys, edges and knots that ascend and hold no NaN (check.c).
 * Guarantees: the results of numpy.searchsorted and numpy.interp in every bit. A row whose value has no code is
 * refused if the operation's flags say so. */
#include "table.h"
#include "mathematics.h"

/* How many of `n` ascending edges are <= x (or < x): numpy.searchsorted, side right (left). */
static size_t count_below(const double *edges, size_t n, double x, int strict) {
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strict ? edges[middle] < x : edges[middle] <= x) low = middle + 1;
        else high = middle;
    }
    return low;
}

static int lookup(struct tile *t, const struct operation *o) {
    const double *keys = doubles(t, o, 0), *results = doubles(t, o, 1), *other = doubles(t, o, 2);
    const double *x = slot(t, inputs_of(t, o)[0]);
    double *out = slot(t, o->output);
    const size_t n = o->arrays[0].count;
    for (size_t r = 0; r < t->rows; r++) {
        if (is_nan(x[r])) {
            if (o->flags & REFUSE_NAN) return refuse(t, r, 0);
            out[r] = other[0];
            continue;
        }
        size_t at = count_below(keys, n, x[r], 1);
        if (at < n && keys[at] == x[r]) out[r] = results[at];
        else if (o->flags & REFUSE_OTHERS) return refuse(t, r, 0);
        else out[r] = other[1];
    }
    return SKYLAYER_OK;
}

static int gather(struct tile *t, const struct operation *o) {
    const double *rows = doubles(t, o, 0), *other = doubles(t, o, 1);
    const double *x = slot(t, inputs_of(t, o)[0]);
    const double n = (double)(o->arrays[0].count / o->outputs);
    for (size_t r = 0; r < t->rows; r++) {
        const double *from = other;
        if (x[r] >= 0.0 && x[r] < n) from = rows + (size_t)x[r] * o->outputs;
        else if (o->arrays[1].count == 0) return refuse(t, r, 0);
        for (uint32_t k = 0; k < o->outputs; k++) slot(t, o->output + k)[r] = from[k];
    }
    return SKYLAYER_OK;
}

static int one_hot(struct tile *t, const struct operation *o) {
    const double *x = slot(t, inputs_of(t, o)[0]);
    for (uint32_t k = 0; k < o->outputs; k++)
        for (size_t r = 0; r < t->rows; r++) slot(t, o->output + k)[r] = x[r] == (double)k ? 1.0 : 0.0;
    return SKYLAYER_OK;
}

/* numpy.interp, its rounding and its NaN handling included. */
static double interpolate(const double *xs, const double *ys, size_t n, double x) {
    if (is_nan(x)) return x;
    size_t above = count_below(xs, n, x, 0);
    if (above == 0) return ys[0];
    size_t j = above - 1;
    if (j == n - 1 || xs[j] == x) return ys[j];
    double slope = (ys[j + 1] - ys[j]) / (xs[j + 1] - xs[j]);
    double y = slope * (x - xs[j]) + ys[j];
    if (is_nan(y)) {
        y = slope * (x - xs[j + 1]) + ys[j + 1];
        if (is_nan(y) && ys[j] == ys[j + 1]) y = ys[j];
    }
    return y;
}

int run_encode(struct tile *t, const struct operation *o) {
    if (o->code == LOOKUP) return lookup(t, o);
    if (o->code == GATHER) return gather(t, o);
    if (o->code == ONE_HOT) return one_hot(t, o);
    const uint32_t *in = inputs_of(t, o), *starts = words(t, o, 0);
    const double *xs = doubles(t, o, 1), *ys = o->code == PIECEWISE ? doubles(t, o, 2) : xs;
    for (uint32_t i = 0; i < o->inputs; i++) {
        const double *x = slot(t, in[i]);
        double *out = slot(t, o->output + i);
        const size_t n = starts[i + 1] - starts[i];
        for (size_t r = 0; r < t->rows; r++) {
            if (o->code == PIECEWISE) out[r] = interpolate(xs + starts[i], ys + starts[i], n, x[r]);
            else out[r] = (double)count_below(xs + starts[i], n, x[r], o->kind == 1);
        }
    }
    return SKYLAYER_OK;
}
