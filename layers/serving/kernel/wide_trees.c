/* Trees of 16-byte nodes: double thresholds, missing values and categories at each split, as
 * HistGradientBoosting (and LightGBM) decide. */
#include "table.h"

static uint64_t bits_of(double d) {
    union { double d; uint64_t u; } both = {d};
    return both.u;
}

static int in_bitset(const uint32_t *set, uint32_t length, uint32_t code) {
    return code / 32 < length && ((set[code / 32] >> (code % 32)) & 1);
}

static int goes_left(const struct wide_node *n, double x, const uint32_t *bitsets) {
    const int missing_left = (n->word & MISSING_LEFT) != 0;
    if (x != x) {
        if (!(n->word & NAN_IS_ZERO)) return missing_left;
        x = 0.0;
    }
    if ((n->word & ZERO_IS_MISSING) && __builtin_fabs(x) <= 1.0000000180025095e-35) return missing_left;
    if (!(n->word & CATEGORICAL)) return x <= n->threshold;
    if (x < 0.0 || x >= 4294967295.0) return missing_left;
    const uint64_t set = bits_of(n->threshold);
    const uint32_t *left = bitsets + (uint32_t)set, length = (uint32_t)(set >> 32), code = (uint32_t)x;
    if (in_bitset(left, length, code)) return 1;
    return in_bitset(left + length, length, code) ? 0 : missing_left;
}

static const struct wide_node *walk(const struct wide_node *n, const double *x, size_t stride,
                                    const uint32_t *bitsets) {
    while (n->right) n += goes_left(n, x[(size_t)(n->word & FEATURE) * stride], bitsets) ? 1 : n->right;
    return n;
}

static void walk_rows(const struct wide_node *root, const double *x, size_t stride,
                      const struct wide_node *at[LANES]) {
    for (int r = 0; r < LANES; r++) at[r] = root;
    for (uint32_t inside = 1; inside;) {
        inside = 0;
        for (int r = 0; r < LANES; r++) {
            const struct wide_node *n = at[r];
            inside |= n->right;
            double value = x[(size_t)(n->word & FEATURE) * stride + (size_t)r];
            at[r] = n + step_of(value <= n->threshold, n->right);
        }
    }
}

static void add_leaf(struct tile *t, const struct operation *o, const struct tree *tree, const double *from,
                     size_t r) {
    for (uint32_t j = 0; j < o->width; j++) {
        double *out = slot(t, o->output + tree->output + j) + r;
        /* flag 4: sums in float32, as XGBoost adds */
        *out = o->flags & 4 ? (double)((float)*out + (float)from[j]) : *out + from[j];
    }
}

int run_wide_trees(struct tile *t, const struct operation *o) {
    const uint32_t *in = inputs_of(t, o), *bitsets = words(t, o, 3);
    const uint32_t features = o->inputs - (o->flags & 1 ? o->outputs : 0);
    const struct wide_node *nodes = (const void *)(t->table + o->arrays[0].at);
    const struct tree *trees = (const void *)(t->table + o->arrays[1].at);
    const double *values = doubles(t, o, 2);
    const uint64_t leaves = o->arrays[2].count / o->width;
    double *x = t->workspace;
    int simple = !(o->flags & 2) && t->rows >= 4;
    for (uint32_t i = 0; i < features; i++) {
        const double *from = slot(t, in[i]);
        double *to = x + (size_t)i * t->stride;
        for (size_t r = 0; r < t->stride; r++) {
            to[r] = from[r < t->rows ? r : 0];
            simple &= to[r] == to[r];
        }
    }
    for (uint32_t k = 0; k < o->outputs; k++)
        for (size_t r = 0; r < t->rows; r++)
            slot(t, o->output + k)[r] = o->flags & 1 ? slot(t, in[features + k])[r] : 0.0;
    for (uint64_t k = 0; k < o->arrays[1].count; k++) {
        for (size_t first = 0; first < t->rows; first += LANES) {
            const struct wide_node *at[LANES], *root = nodes + trees[k].root;
            const size_t group = t->rows - first < LANES ? t->rows - first : LANES;
            if (simple) walk_rows(root, x + first, t->stride, at);
            else for (size_t r = 0; r < group; r++) at[r] = walk(root, x + first + r, t->stride, bitsets);
            for (size_t r = 0; r < group; r++) {
                uint32_t leaf = (uint32_t)bits_of(at[r]->threshold);
                add_leaf(t, o, trees + k, values + (size_t)(leaf < leaves ? leaf : 0) * o->width, first + r);
            }
        }
    }
    return OK;
}

static int bad_node(const struct wide_node *n, uint64_t left_over, uint32_t features, uint64_t leaves,
                    const struct operation *o) {
    const uint64_t bits = bits_of(n->threshold);
    if (n->right == 0) return n->threshold == n->threshold || n->word != 0 || (uint32_t)bits >= leaves;
    if (n->right < 2 || n->right >= left_over || (n->word & FEATURE) >= features) return 1;
    /* flag 2 says that some split is categorical or has rules of its own; the fast walk relies on it */
    if ((n->word & (CATEGORICAL | NAN_IS_ZERO | ZERO_IS_MISSING)) && !(o->flags & 2)) return 1;
    return (n->word & CATEGORICAL) && (uint32_t)bits + 2 * (bits >> 32) > o->arrays[3].count;
}

int check_wide_trees(const char *table, const struct operation *o) {
    const uint32_t features = o->inputs - (o->flags & 1 ? o->outputs : 0);
    if (!o->width || o->arrays[2].count % o->width || !o->arrays[2].count) return BAD_TABLE;
    if (o->inputs <= (o->flags & 1 ? o->outputs : 0)) return BAD_TABLE;
    const struct wide_node *nodes = (const void *)(table + o->arrays[0].at);
    const struct tree *trees = (const void *)(table + o->arrays[1].at);
    const uint64_t leaves = o->arrays[2].count / o->width;
    for (uint64_t k = 0; k < o->arrays[1].count; k++) {
        const struct tree *tree = trees + k;
        if (!tree->nodes || tree->depth >= tree->nodes) return BAD_TABLE;
        if ((uint64_t)tree->root + tree->nodes > o->arrays[0].count) return BAD_TABLE;
        if ((uint64_t)tree->output + o->width > o->outputs) return BAD_TABLE;
        for (uint32_t i = 0; i < tree->nodes; i++)
            if (bad_node(nodes + tree->root + i, tree->nodes - i, features, leaves, o)) return BAD_TABLE;
    }
    return OK;
}
