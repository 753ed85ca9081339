/* Most terms of a vectorizer occur in no row of a tile. Their slots are marked as zero and not written. Operations
 * whose output is 0 for an input of 0 skip them.
 *
 * Relies on: keeps_zeros names only operations for which an input of 0 gives 0, or adds 0 to a sum.
 * Guarantees: every answer is the same in every bit as without marks. */
#include "table.h"

#define TOGETHER 8 /* consecutive slots that are looked at in one step */

static int zeros_in_a_row(const struct tile *t, const uint32_t *in) {
    const unsigned char *live = t->live + in[0];
    uint32_t apart = 0;
    unsigned char any = 0;
    for (uint32_t k = 0; k < TOGETHER; k++) apart |= in[k] ^ (in[0] + k);
    if (apart) return 0;
    for (uint32_t k = 0; k < TOGETHER; k++) any |= live[k];
    return !any;
}

static uint32_t pick_live(const struct tile *t, const uint32_t *in, uint32_t n, uint32_t *picked) {
    uint32_t found = 0;
    for (uint32_t i = 0; i < n; i += TOGETHER) {
        const uint32_t most = n - i < TOGETHER ? n - i : TOGETHER;
        if (most == TOGETHER && zeros_in_a_row(t, in + i)) continue;
        for (uint32_t k = 0; k < most; k++) {
            picked[found] = i + k;
            found += t->live[in[i + k]];
        }
    }
    return found;
}

static void fill(double *x, size_t n) {
    for (size_t i = 0; i < n; i++) x[i] = 0.0;
}

static void mark(unsigned char *live, size_t n, unsigned char as) {
    for (size_t i = 0; i < n; i++) live[i] = as;
}

void write_zeros(struct tile *t, const uint32_t *in, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        if (t->live[in[i]]) continue;
        fill(slot(t, in[i]), t->stride);
        t->live[in[i]] = 1;
    }
}

int load_sparse(struct tile *t, const struct header *h, const uint64_t *starts, const uint32_t *slots,
                const double *values) {
    mark(t->live, h->dense, 1);
    mark(t->live + h->dense, h->sparse, 0);
    mark(t->live + h->dense + h->sparse, h->slots - h->dense - h->sparse, 1);
    for (size_t r = 0; r < t->rows; r++) {
        for (uint64_t k = starts[r]; k < starts[r + 1]; k++) {
            if (slots[k] >= h->sparse) return SKYLAYER_BAD_INPUT;
            const uint32_t s = h->dense + slots[k];
            write_zeros(t, &s, 1);
            slot(t, s)[r] += values[k];
        }
    }
    return SKYLAYER_OK;
}

/* Whether 0 times, or 0 divided by, each of them is 0 and not -0 or NaN. */
static int are_factors(const double *factors, uint64_t n) {
    int odd = 0;
    for (uint64_t i = 0; i < n; i++) odd |= !(factors[i] >= 0.0) | !(factors[i] <= 1.7976931348623157e308);
    return !odd;
}

static int are_divisors(const double *divisors, uint64_t n) {
    int odd = 0;
    for (uint64_t i = 0; i < n; i++) odd |= !(divisors[i] > 0.0);
    return !odd;
}

/* Of either sign: a sum that starts from 0 doesn't know -0 from 0. */
static int are_weights(const double *weights, uint64_t n) {
    int odd = 0;
    for (uint64_t i = 0; i < n; i++) odd |= !(__builtin_fabs(weights[i]) <= 1.7976931348623157e308);
    return !odd;
}

static int keeps_zeros(const struct tile *t, const struct operation *o) {
    const uint32_t *in = inputs_of(t, o);
    switch (o->code) {
    case CHECK: return 1;
    case ARITHMETIC:
        return (o->kind == MULTIPLY && are_factors(doubles(t, o, 0), o->outputs)) ||
               (o->kind == DIVIDE && are_divisors(doubles(t, o, 0), o->outputs));
    case COMBINE: /* by one slot for all */
        return o->kind == DIVIDE && o->inputs == o->outputs + 1 && t->live[in[o->outputs]] &&
               are_divisors(slot(t, in[o->outputs]), t->rows);
    case UNARY: return o->kind == SQUARE || o->kind == SQUARE_ROOT || o->kind == ABSOLUTE;
    case REDUCE: return o->kind == SUM;
    case MATRIX: return are_weights(doubles(t, o, 0), o->arrays[0].count);
    default: return 0;
    }
}

void before_operation(struct tile *t, const struct operation *o, uint32_t *picked) {
    const uint32_t *in = inputs_of(t, o), n = o->code == COMBINE ? o->outputs : o->inputs;
    const int skips = n < ((const struct header *)(const void *)t->table)->slots && keeps_zeros(t, o);
    t->picked = skips ? picked : 0;
    if (skips) t->picks = pick_live(t, in, n, picked);
    else write_zeros(t, in, o->inputs);
}

void after_operation(struct tile *t, const struct operation *o) {
    const int each = t->picked && (o->code == ARITHMETIC || o->code == COMBINE || o->code == UNARY);
    mark(t->live + o->output, o->outputs, !each);
    for (uint32_t k = 0; each && k < t->picks; k++) t->live[o->output + t->picked[k]] = 1;
}
