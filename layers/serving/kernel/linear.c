/* The product of a matrix and a row, and a row compared with stored rows.
 *
 * Relies on: inputs and outputs that are different slots (check.c).
 * Guarantees: each sum runs from the first input to the last, in double, without fused multiply-add. So the bits are
 * the same on every machine. BLAS may give others; skylayer/proof bounds the difference. */
#include "table.h"

static void add_product(double *restrict sum, const double *restrict x, double w, size_t rows) {
    for (size_t r = 0; r < rows; r++) sum[r] += w * x[r];
}

static void add_distance(double *restrict sum, const double *restrict x, double p, int kind, size_t rows) {
    for (size_t r = 0; r < rows; r++) {
        double d = x[r] - p;
        if (kind == SQUARED_EUCLIDEAN) sum[r] += d * d;
        else if (kind == MANHATTAN) sum[r] += __builtin_fabs(d);
        else if (__builtin_fabs(d) > sum[r] || d != d) sum[r] = __builtin_fabs(d);
    }
}

int run_linear(struct tile *t, const struct operation *o) {
    const uint32_t *in = inputs_of(t, o);
    const double *matrix = doubles(t, o, 0), *bias = doubles(t, o, 1);
    const int biased = o->code == MATRIX && o->arrays[1].count != 0;
    for (uint32_t j = 0; j < o->outputs; j++) {
        double *out = slot(t, o->output + j);
        const double *row = matrix + (size_t)j * o->inputs;
        for (size_t r = 0; r < t->rows; r++) out[r] = 0.0;
        for (uint32_t k = 0; k < picks(t, o->inputs); k++) {
            const uint32_t i = pick(t, k);
            if (o->code == MATRIX || o->kind == DOT) add_product(out, slot(t, in[i]), row[i], t->rows);
            else add_distance(out, slot(t, in[i]), row[i], o->kind, t->rows);
        }
        if (biased)
            for (size_t r = 0; r < t->rows; r++) out[r] += bias[j];
    }
    return SKYLAYER_OK;
}
